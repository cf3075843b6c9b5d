"""What the engine found out: one cause in pieces, so that each rung of the ladder can show its own piece only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause.

    `fact` is what happened at the failing line, in the student's own names and values: it stands on every rung.
    `question` is rung 1. `line` and `cause` belong to rung 3: where it comes from and what that line does.
    `region` (first and last line) belongs to rung 2; without it the ladder draws one around `line`.
    `misconception` names an entry of `learnflow.tutor.misconceptions`, which gives the idea and a worked example.
    `is_seen` is True when each statement in `fact` and `cause` was seen in a run of this program.
    `is_specific` is False for the honest general answer when no cause was recognised.
    """

    misconception: str
    line: int | None
    fact: str
    question: str
    cause: str
    confidence: float = 0.9
    region: tuple[int, int] | None = None
    is_seen: bool = False
    is_specific: bool = True


@dataclass(frozen=True, slots=True)
class Suspect:
    """A line worth looking at, for services and teachers."""

    line: int
    confidence: float
    misconception: str
