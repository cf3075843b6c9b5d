"""How far a student is, as far as progress said it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Difficulty = Literal["easy", "medium", "hard"]
_PARTS = ("exercises", "quiz")


@dataclass(frozen=True, slots=True)
class TopicStanding:
    """A topic as it is shown: `mastery` 0-100; `exercises` and `quiz` are its two largest components.

    `misconceptions` is what the student's wrong answers look like, `not_passed` the exercises they tried in vain.
    """

    mastery: int = 0
    started: bool = False
    exercises: float = 0.0
    quiz: float = 0.0
    misconceptions: tuple[str, ...] = ()
    not_passed: tuple[str, ...] = ()


NOTHING_YET = TopicStanding()


@dataclass(frozen=True, slots=True)
class Standing:
    """Topics by id; one that is missing is not begun, or nothing was said about it."""

    topics: Mapping[str, TopicStanding] = field(default_factory=dict)

    def of(self, topic_id: str) -> TopicStanding:
        return self.topics.get(topic_id, NOTHING_YET)

    def mastery(self, topic_id: str) -> int:
        return self.of(topic_id).mastery


def difficulty_of(mastery: int) -> Difficulty:
    """0-40 % easy, 41-70 medium, 71-100 hard: the three depths of a card."""
    if mastery <= 40:
        return "easy"
    return "medium" if mastery <= 70 else "hard"


def read_standing(answer: Any) -> Standing:
    """The standing of an answer of `GET /progress/{user_id}`; what another release leaves out is not known."""
    topics: dict[str, TopicStanding] = {}
    for module in _rows(answer, "modules"):
        for row in _rows(module, "topics"):
            if isinstance(row.get("id"), str):
                topics[row["id"]] = _topic(row)
    return Standing(topics)


def _topic(row: dict[str, Any]) -> TopicStanding:
    parts = row.get("components")
    known = parts if isinstance(parts, dict) else {}
    exercises, quiz = (_number(known.get(name)) for name in _PARTS)
    mastery = int(_number(row.get("mastery")))
    wrong, vain = (_texts(row.get(name)) for name in ("misconceptions", "not_passed"))
    return TopicStanding(mastery, bool(row.get("started", mastery > 0)), exercises, quiz, wrong, vain)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _rows(holder: Any, name: str) -> list[dict[str, Any]]:
    rows = holder.get(name) if isinstance(holder, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _number(value: object) -> float:
    return min(100.0, max(0.0, float(value))) if isinstance(value, int | float) else 0.0
