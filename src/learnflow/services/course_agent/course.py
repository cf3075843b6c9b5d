"""The course as lessons are made of it: each topic with the parts that it has, and the topics that it rests on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from learnflow.curriculum import Card, Curriculum, Exercise, Topic

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

    @property
    def can_be_finished(self) -> bool:
        """Whether exercises, quiz and reviews of this topic can add up to a finished one."""
        core = any(exercise.level.core for exercise in self.exercises)
        return 40 * core + 30 * self.has_quiz + 20 * bool(self.exercises) + 10 >= FINISHED


@dataclass(frozen=True)
class Course:
    """All topics by id and the titles of the modules, in the order of the course."""

    topics: Mapping[str, TopicParts]
    modules: Mapping[str, str]
    cards: Mapping[str, Card]

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


def course_of(curriculum: Curriculum, exercises: Iterable[Exercise], quizzes: Iterable[str]) -> Course:
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
        )
    return Course(topics, {module.id: module.title for module in curriculum.catalogue.modules}, curriculum.cards)


def _needs(topic: Topic, cards: list[Card], before: tuple[str, ...]) -> tuple[str, ...]:
    """What its cards need; a topic without cards rests on the one before it.

    Only topics before it in the course count, so that no two topics wait for each other.
    """
    if not cards:
        return before[-1:]
    named = {name.rpartition("/")[0] for card in cards for name in card.needed} - {topic.id}
    return tuple(name for name in before if name in named)
