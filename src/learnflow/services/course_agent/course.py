"""The course as lessons are made of it: each topic with the parts that it has, and the topics that it rests on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from learnflow.curriculum import (
    Card,
    Curriculum,
    Exercise,
    Lesson,
    Topic,
    load_curriculum,
    load_exercises,
    load_lessons,
    load_quizzes,
)
from learnflow.curriculum.phrases import LessonPhrases, load_phrases
from learnflow.curriculum.translations import SOURCE_LANGUAGE

FINISHED = 71
"""The shown mastery from which a topic is Proficient, and so finished."""


@dataclass(frozen=True, slots=True)
class TopicParts:
    """A topic; `needs` are topics before it in the course. A part that does not exist yet is left empty."""

    id: str
    module_id: str
    title: str
    summary: str
    needs: tuple[str, ...] = ()
    cards: tuple[Card, ...] = ()
    exercises: tuple[Exercise, ...] = ()
    has_quiz: bool = False
    lesson: Lesson | None = None
    says: LessonPhrases = field(default_factory=lambda: load_phrases().lesson)
    language: str = SOURCE_LANGUAGE

    @property
    def can_be_finished(self) -> bool:
        """Whether exercises, quiz and reviews of this topic can add up to a finished one."""
        core = any(exercise.level.core for exercise in self.exercises)
        return 40 * core + 30 * self.has_quiz + 20 * bool(self.exercises) + 10 >= FINISHED


@dataclass(frozen=True)
class Course:
    """Topics by id in order, titles of the modules, cards, and what each misconception believes."""

    topics: Mapping[str, TopicParts]
    modules: Mapping[str, str]
    cards: Mapping[str, Card]
    beliefs: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def by_module(self) -> Mapping[str, tuple[TopicParts, ...]]:
        return {
            module_id: tuple(topic for topic in self.topics.values() if topic.module_id == module_id)
            for module_id in self.modules
        }

    @cached_property
    def rests_on(self) -> Mapping[str, frozenset[str]]:
        """Topic -> everything below it: what it needs, what that needs, and so on."""
        below: dict[str, frozenset[str]] = {}
        for topic in self.topics.values():
            below[topic.id] = frozenset(topic.needs).union(*(below[name] for name in topic.needs))
        return below


def load_course(language: str) -> Course:
    """The course in this language; a topic that has no translation is English, as a whole."""
    return course_of(
        load_curriculum(language=language),
        load_exercises(language=language).values(),
        load_quizzes(),
        load_lessons(language=language),
    )


def course_of(
    curriculum: Curriculum, exercises: Iterable[Exercise], quizzes: Iterable[str], lessons: Mapping[str, Lesson]
) -> Course:
    """The course of its parts; `quizzes` are the topics that have one."""
    cards: dict[str, list[Card]] = {}
    for card in curriculum.cards.values():
        cards.setdefault(card.topic_id, []).append(card)
    tasks: dict[str, list[Exercise]] = {}
    for exercise in exercises:
        tasks.setdefault(exercise.topic_id, []).append(exercise)
    with_quiz = frozenset(quizzes)
    topics: dict[str, TopicParts] = {}
    for topic in curriculum.catalogue.topics.values():
        own = cards.get(topic.id, [])
        topics[topic.id] = TopicParts(
            id=topic.id,
            module_id=topic.module_id,
            title=topic.title,
            summary=topic.summary,
            needs=_needs(topic, own, tuple(topics)),
            cards=tuple(own),
            exercises=tuple(tasks.get(topic.id, ())),
            has_quiz=topic.id in with_quiz,
            lesson=lessons.get(topic.id),
            says=load_phrases(language=topic.language).lesson,
            language=topic.language,
        )
    return Course(
        topics,
        {module.id: module.title for module in curriculum.catalogue.modules},
        curriculum.cards,
        curriculum.beliefs,
    )


def _needs(topic: Topic, cards: list[Card], before: tuple[str, ...]) -> tuple[str, ...]:
    """What its cards need; a topic without cards rests on the one before it.

    Only topics before it in the course count, so that no two topics wait for each other.
    """
    if not cards:
        return before[-1:]
    named = {name.rpartition("/")[0] for card in cards for name in card.needed} - {topic.id}
    return tuple(name for name in before if name in named)
