"""The tests of an exercise find nearly every small fault that its reference could have."""

import pytest

from learnflow.curriculum import Exercise, load_exercises
from learnflow.curriculum.exercises import PROGRAMS
from tests.content.mutants import mutants
from tests.content.replay import passing

TASKS = [task for task in load_exercises().values() if task.level.kind in PROGRAMS]
KILLED = 0.9
TIMEOUT_S = 0.5
"""A mutant that takes longer is in an endless loop: its reference needs some milliseconds."""


@pytest.mark.parametrize("task", TASKS, ids=[task.exercise for task in TASKS])
def test_nine_of_ten_mutants_of_the_reference_are_found(task: Exercise) -> None:
    made = mutants(task.reference)
    alive = passing(task, made, TIMEOUT_S)

    assert len(made) - len(alive) >= KILLED * len(made), f"{len(alive)} of {len(made)} live:\n\n" + "\n\n".join(alive)
