"""Mastery of a topic and of a module, and the level that is shown (product.md 5)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

LevelName = Literal["Beginner", "Learning", "Proficient", "Mastered"]
Color = Literal["red", "yellow", "green", "blue"]


@dataclass(frozen=True, slots=True)
class Components:
    """The four parts of a topic's mastery, each 0-100; nothing yet is 0."""

    exercises: float = 0.0
    quiz: float = 0.0
    quality: float = 0.0
    consistency: float = 0.0

    def __post_init__(self) -> None:
        for score in (self.exercises, self.quiz, self.quality, self.consistency):
            if not 0 <= score <= 100:
                raise ValueError("a component lies between 0 and 100")


@dataclass(frozen=True, slots=True)
class Level:
    """A band of whole percentages, `lowest` included."""

    name: LevelName
    color: Color
    lowest: int


LEVELS = (
    Level("Mastered", "blue", 91),
    Level("Proficient", "green", 71),
    Level("Learning", "yellow", 41),
    Level("Beginner", "red", 0),
)


def topic_mastery(parts: Components) -> float:
    """0.40 exercises + 0.30 quiz + 0.20 quality + 0.10 consistency."""
    # whole weights first: 0.1 + 0.2 in floats would show 69.5 as 69
    weighted = 40 * parts.exercises + 30 * parts.quiz + 20 * parts.quality + 10 * parts.consistency
    return weighted / 100


def module_mastery(topics: Sequence[float]) -> float:
    """The mean of all topics of the module, the untouched ones too; 0 for none."""
    return sum(topics) / len(topics) if topics else 0.0


def shown_percentage(mastery: float) -> int:
    """The whole percentage that is shown: half goes up."""
    return math.floor(round(mastery, 6) + 0.5)


def level_of(mastery: float) -> Level:
    """The level of the percentage that is shown."""
    shown = shown_percentage(mastery)
    return next(level for level in LEVELS if shown >= level.lowest)


def completion(passed: int, core: int) -> float:
    """Core exercises passed of those there are, as a percentage; 0 where a topic has none."""
    return min(100.0, 100 * passed / core) if core else 0.0


def consistency(active_days: int) -> float:
    """Days with activity among the last 30, as a percentage."""
    return min(100.0, 100 * active_days / 30)
