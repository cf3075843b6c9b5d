"""The models of exercises refuse what could not be judged, and the loader names the line."""

import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from learnflow.curriculum import CurriculumError, load_exercises
from learnflow.curriculum.catalogue import ROOT
from learnflow.curriculum.literals import Record, read_literal

LISTS = "modules/03-data-structures/lists/exercises.yaml"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the course that a test may spoil."""
    root = tmp_path / "course"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return root


def spoilt(root: Path, old: str, new: str) -> tuple[int, str]:
    """Replace a text once; the line where it stood, and the first fault."""
    path = root / LISTS
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(CurriculumError) as raised:
        load_exercises(root)
    return text[: text.index(old)].count("\n") + 1, raised.value.faults[0]


def test_the_sample_exercises_are_loaded_by_their_ids() -> None:
    exercises = load_exercises()

    assert exercises["control-flow/for-loops/drums"].topic_id == "control-flow/for-loops"
    assert [case.hidden for case in exercises["data-structures/lists/dry-plants"].tests].count(True) == 3


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('expected: "[1, 3]"}', 'expected: "[1, 3"}', "no Python literal"),
        ('expected: "[1, 3]"}', 'expected: "open(1)"}', "no Python literal"),
        ('expected: "[1, 3]"}', "hidden: true}", "exactly one of expected"),
        ('call: "dry([40, 12, 55, 20], 25)", ', "", "give call or stdin"),
        ("require: [for]", "require: [four]", "is no construct"),
        ("difficulty: medium", "difficulty: middle", "Input should be 'easy'"),
        ("  starter: |", "  startre: |", "Extra inputs are not permitted"),
        ("exercise: data-structures/lists/dry-plants", "exercise: data-structures/sets/dry-plants", "must begin with"),
        ("misconception: index-is-value", "misconception: index-is-price", "there is no misconception"),
    ],
)
def test_what_could_not_be_judged_is_a_fault(course: Path, old: str, new: str, said: str) -> None:
    _, fault = spoilt(course, old, new)

    assert fault.startswith(f"{LISTS}:")
    assert said in fault


def test_a_fault_names_the_line_of_the_test_it_is_in(course: Path) -> None:
    line, fault = spoilt(course, '- {call: "dry([25, 24], 25)"', '- {cal: "dry([25, 24], 25)"')

    assert fault.startswith(f"{LISTS}:{line}: tests.2")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, 'a', (2.5,)]", [1, "a", (2.5,)]),
        ("set()", set()),
        ("{1: float('inf')}", {1: float("inf")}),
        ("-inf", float("-inf")),
        ("Decimal('1.50')", Decimal("1.50")),
        ("date(2026, 1, 2)", date(2026, 1, 2)),
        ("[Point(x=1, y=-2)]", [Record("Point", (("x", 1), ("y", -2)))]),
    ],
)
def test_a_literal_is_read_without_running_anything(text: str, value: object) -> None:
    assert read_literal(text) == value


@pytest.mark.parametrize(
    "text", ["", "a", "f(1)", "a.b()", "1 +", "{**{}}", "[" * 500, "{[]: 1}", "lambda: 1", "Decimal('x')"]
)
def test_what_is_no_literal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no Python literal"):
        read_literal(text)
