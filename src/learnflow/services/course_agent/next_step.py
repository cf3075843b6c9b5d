"""What to learn next, and why; pure."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from learnflow.services.course_agent.course import FINISHED, Course, TopicParts
from learnflow.services.course_agent.standing import Standing
from learnflow.services.course_agent.wording import listed

Action = Literal["lesson", "exercise", "quiz", "review"]
"""What to do in the topic: have it taught, solve its exercises, take its quiz, or go over it once more."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """The topic to go on with; `reason` is a sentence for the student."""

    topic: TopicParts
    action: Action
    reason: str
    mastery: int = 0


def done_topics(course: Course, standing: Standing, taught: Collection[str]) -> frozenset[str]:
    """The topics that a student need not learn any more.

    Finished by mastery; taught in a lesson, where the course has too few exercises and quizzes to show more; and all
    that those rest on: who is good at loops knows what a variable is.
    """
    finished = {topic.id for topic in course.topics.values() if _is_finished(topic, standing, taught)}
    return frozenset(finished).union(*(course.rests_on[name] for name in finished))


def next_step(
    course: Course, standing: Standing, taught: Collection[str] = (), *, module_id: str | None = None
) -> NextStep:
    """The first topic in the order of the course that is not done, while all that it needs is done.

    With `module_id` only topics of that module; what they need may lie before it, and comes first in the lesson.
    When everything is done: the topic with the lowest mastery, to be gone over once more.
    """
    done = done_topics(course, standing, taught)
    candidates = [topic for topic in course.topics.values() if module_id in {None, topic.module_id}]
    left = [topic for topic in candidates if topic.id not in done]
    if not left:
        return _once_more(course, candidates, standing)
    ready = [topic for topic in left if done.issuperset(topic.needs)]
    topic = (ready or left)[0]
    mastery = standing.mastery(topic.id)
    action = _action(course, topic, standing, taught)
    return NextStep(topic, action, _reason(course, topic, standing, done), mastery)


def _is_finished(topic: TopicParts, standing: Standing, taught: Collection[str]) -> bool:
    if standing.mastery(topic.id) >= FINISHED:
        return True
    return not topic.can_be_finished and topic.id in taught


def _once_more(course: Course, candidates: list[TopicParts], standing: Standing) -> NextStep:
    lowest = min(candidates, key=lambda topic: (not _wrong(course, topic, standing), standing.mastery(topic.id)))
    mastery = standing.mastery(lowest.id)
    why = _wrong(course, lowest, standing) or "This one has the lowest mastery."
    return NextStep(lowest, "review", f"You have finished every topic here. {why}", mastery)


def _wrong(course: Course, topic: TopicParts, standing: Standing) -> str:
    """What the student got wrong here, as a sentence; empty where nothing is known."""
    known = standing.of(topic.id)
    beliefs = [course.beliefs[name] for name in known.misconceptions if name in course.beliefs]
    if beliefs:
        return f"Your answers look as if you think that {beliefs[0]}, so begin with that."
    tried = [exercise.title for exercise in topic.exercises if exercise.exercise in known.not_passed]
    return f"You have tried {listed([f'“{title}”' for title in tried[:2]])} and not passed yet." if tried else ""


def _action(course: Course, topic: TopicParts, standing: Standing, taught: Collection[str]) -> Action:
    known = standing.of(topic.id)
    # a lesson puts the mistake right, then practice shows it
    is_mistaken = bool(set(known.misconceptions) & set(course.beliefs))
    if not known.started or (is_mistaken and topic.id not in taught):
        return "lesson"
    if known.exercises < 100 and any(exercise.level.core for exercise in topic.exercises):
        return "exercise"
    return "quiz" if known.quiz < 80 and topic.has_quiz else "lesson"


def _reason(course: Course, topic: TopicParts, standing: Standing, done: Collection[str]) -> str:
    known = standing.of(topic.id)
    if known.started:
        return f"You have begun it and are at {known.mastery} %. {_wrong(course, topic, standing)}".rstrip()
    missing = [course.topics[name].title for name in topic.needs if name not in done]
    if missing:
        return f"It is the next one here. It needs {listed(missing)}, so the lesson begins with that."
    if topic.needs:
        return f"You know what it needs: {listed([course.topics[name].title for name in topic.needs])}."
    if topic.id == next(iter(course.topics)):
        return "It is the first topic of the course."
    return "It needs nothing that you do not know yet."
