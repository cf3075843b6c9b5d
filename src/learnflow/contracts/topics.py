"""The nine topics, their partitions and how long they are kept (product.md 1)."""

from dataclasses import dataclass
from datetime import timedelta

DEAD_LETTER_SUFFIX = ".dead-letter"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic; `partitions` is a count, `kept_for` the retention time."""

    name: str
    partitions: int
    kept_for: timedelta

    @property
    def dead_letter(self) -> str:
        return self.name + DEAD_LETTER_SUFFIX


_WEEK = timedelta(days=7)
_MONTH = timedelta(days=30)

LEARNING_REQUESTS = Topic("learning.requests", 8, _WEEK)
CONCEPTS_REQUESTS = Topic("concepts.requests", 8, _WEEK)
CODE_SUBMISSIONS = Topic("code.submissions", 8, _WEEK)
DEBUG_REQUESTS = Topic("debug.requests", 4, _WEEK)
EXERCISE_REQUESTS = Topic("exercise.requests", 8, _WEEK)
EXERCISE_GENERATED = Topic("exercise.generated", 4, _WEEK)
LEARNING_RESPONSES = Topic("learning.responses", 8, _WEEK)
STRUGGLE_DETECTED = Topic("struggle.detected", 4, _MONTH)
PROGRESS_EVENTS = Topic("progress.events", 8, _MONTH)

TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        LEARNING_REQUESTS,
        CONCEPTS_REQUESTS,
        CODE_SUBMISSIONS,
        DEBUG_REQUESTS,
        EXERCISE_REQUESTS,
        EXERCISE_GENERATED,
        LEARNING_RESPONSES,
        STRUGGLE_DETECTED,
        PROGRESS_EVENTS,
    )
}


def wanted_partitions() -> dict[str, int]:
    """Every topic of the table and its dead letters, with the number of partitions."""
    partitions = {topic.name: topic.partitions for topic in TOPICS.values()}
    return partitions | {topic.dead_letter: 1 for topic in TOPICS.values()}
