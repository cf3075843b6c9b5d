"""The library of named misconceptions (course.md 3, and more): what they are and what helps, never a repair."""

from learnflow.tutor.misconceptions.entry import Misconception
from learnflow.tutor.misconceptions.names import NAMES
from learnflow.tutor.misconceptions.nothing import NOTHING
from learnflow.tutor.misconceptions.running import RUNNING
from learnflow.tutor.misconceptions.sequences import SEQUENCES
from learnflow.tutor.misconceptions.spelling import SPELLING
from learnflow.tutor.misconceptions.types import TYPES

MISCONCEPTIONS: dict[str, Misconception] = {
    entry.id: entry for entry in (*SEQUENCES, *NAMES, *NOTHING, *TYPES, *RUNNING, *SPELLING)
}
"""Every misconception by its id."""

__all__ = ["MISCONCEPTIONS", "Misconception"]
