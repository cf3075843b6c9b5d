"""A fact that a rule found, before anybody has judged it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a rule applies; `name` and `other` are pieces of the student's own program for the sentences."""

    rule: str
    line: int
    column: int = 1
    name: str = ""
    other: str = ""
