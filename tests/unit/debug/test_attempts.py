"""What counts as a new attempt, and what as another version of the same program."""

from uuid import UUID

import pytest

from learnflow.services.debug.attempts import SAME_LINE_OF_PROGRAMS, attempt_of, likeness, sketch_of

IDA, TOM = UUID(int=1), UUID(int=2)
CODE = "total = 0\nfor n in [1, 2]:\n    total += n\nprint(total)\n"


@pytest.mark.parametrize(
    "same",
    [
        CODE.replace("total += n", "total  +=  n  # add"),
        "# my program\n\n" + CODE,
        CODE.replace("total", "summe"),
        '"""What it does."""\n' + CODE,
        CODE.replace("[1, 2]", "[1,\n     2]"),
    ],
)
def test_looks_alone_are_no_new_attempt(same: str) -> None:
    assert attempt_of(IDA, same) == attempt_of(IDA, CODE)


@pytest.mark.parametrize(
    "changed",
    [
        CODE.replace("+=", "-="),
        CODE.replace("[1, 2]", "[1, 3]"),
        CODE.replace("print(total)", "print(n)"),
        CODE.replace("    total += n\n", "    total += n\n    print(n)\n"),
        CODE.replace("print(total)", "pritn(total)"),
    ],
)
def test_a_change_in_what_the_program_does_is_a_new_attempt(changed: str) -> None:
    assert attempt_of(IDA, changed) != attempt_of(IDA, CODE)


@pytest.mark.parametrize(
    "padded",
    [
        CODE + "pass\n",
        "x = 1\n" + CODE,
        CODE.replace("    total += n\n", "    pass\n    total += n\n    spare = 'x'\n"),
        CODE.replace("print(total)", "else:\n    pass\nprint(total)"),
        CODE + "...\n17\n",
    ],
)
def test_padding_that_does_nothing_is_no_new_attempt(padded: str) -> None:
    assert attempt_of(IDA, padded) == attempt_of(IDA, CODE)


def test_a_repaired_spelling_is_a_new_attempt() -> None:
    assert attempt_of(IDA, "total = 1\nprint(totl)\n") != attempt_of(IDA, "total = 1\nprint(total)\n")


def test_a_program_that_cannot_be_read_is_compared_by_its_text() -> None:
    assert attempt_of(IDA, "if x\n  y") == attempt_of(IDA, "if  x\n\n\ty")
    assert attempt_of(IDA, "if x\n  y") != attempt_of(IDA, "if x:\n  y")


def test_digests_of_two_students_cannot_be_compared() -> None:
    assert attempt_of(IDA, CODE) != attempt_of(TOM, CODE)
    assert not set(sketch_of(IDA, CODE)) & set(sketch_of(TOM, CODE))


def test_a_version_with_one_changed_line_is_the_same_line_of_programs_and_another_program_is_not() -> None:
    version, other = CODE.replace("[1, 2]", "[5]"), "print('hello')\n"
    assert likeness(sketch_of(IDA, CODE), sketch_of(IDA, version)) >= SAME_LINE_OF_PROGRAMS
    assert likeness(sketch_of(IDA, CODE), sketch_of(IDA, other)) == 0
    assert likeness([], []) == 0


SHORT = "numbers = [1, 2, 3]\nprint(numbers[3])\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SHORT, SHORT.replace("[3]", "[4]")),
        (SHORT, SHORT.replace("[3]", "[len(numbers)]")),
        ("score = 5\nprint(scor)\n", "score = 5\nprint(score[0])\n"),
        ("print('Hello' + 1)\n", "print('Hello' + 2)\n"),
        ("print(numbers[3])\n", "print(numbers[4])\n"),
        ("if x\n  print(x)\n", "if x = 1:\n  print(x)\n"),
    ],
)
def test_a_short_program_with_the_same_names_is_the_same_line_of_programs(before: str, after: str) -> None:
    assert likeness(sketch_of(IDA, before), sketch_of(IDA, after)) >= SAME_LINE_OF_PROGRAMS


@pytest.mark.parametrize("other", ["names = ['Ida']\nprint(names[3])\n", "age = input()\nprint(age)\n", "print(7)\n"])
def test_a_short_program_with_other_names_is_another_line_of_programs(other: str) -> None:
    assert likeness(sketch_of(IDA, SHORT), sketch_of(IDA, other)) < SAME_LINE_OF_PROGRAMS


def test_a_sketch_fits_into_the_integers_of_the_database() -> None:
    assert all(-(2**31) <= value < 2**31 for value in sketch_of(IDA, CODE))
