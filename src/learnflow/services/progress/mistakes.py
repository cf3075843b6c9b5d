"""What a student got wrong and has not put right yet; pure."""

from collections.abc import Iterable
from dataclasses import dataclass

MOST = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """One graded attempt: at an exercise, or at a quiz (`exercise_id` is None)."""

    topic_id: str
    exercise_id: str | None
    passed: bool
    misconceptions: tuple[str, ...] = ()


def open_mistakes(latest_first: Iterable[Outcome]) -> dict[str, tuple[str, ...]]:
    """Topic -> misconceptions, the latest first.

    One of an exercise counts until the exercise is passed; of quizzes those of the topic's latest one count.
    """
    settled: set[tuple[str, str | None]] = set()
    found: dict[str, dict[str, None]] = {}
    for outcome in latest_first:
        key = (outcome.topic_id, outcome.exercise_id)
        if key in settled:
            continue
        if outcome.passed or outcome.exercise_id is None:
            settled.add(key)
        if not outcome.passed:
            found.setdefault(outcome.topic_id, {}).update(dict.fromkeys(outcome.misconceptions))
    return {topic_id: tuple(names)[:MOST] for topic_id, names in found.items() if names}
