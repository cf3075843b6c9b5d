"""Smaller inputs for a failing test: made of the public test alone, never one that a hidden test has."""

import re
from typing import Any

import pytest

from learnflow.curriculum import Case, Task, load_exercises
from learnflow.curriculum.exercises import PROGRAMS
from learnflow.services.exercise.grading.shrinking import MOST, signature, size, smaller_cases

PUBLIC: dict[str, Any] = {"call": "total([12, 7, 30])", "expected": "49"}


def task(*tests: dict[str, Any], statement: str = "Add the numbers up.", reference: str = "pass") -> Task:
    cases = [Case.model_validate(test) for test in tests]
    level = {"kind": "write", "difficulty": "easy"}
    given = {"title": "Total", "statement": statement, "reference": reference, "tests": cases, "level": level}
    return Task.model_validate(given)


def calls(made: Task) -> list[str]:
    return [one.call or one.stdin or "" for one in smaller_cases(made, made.tests[0])]


def test_lists_get_shorter_and_numbers_smaller() -> None:
    found = calls(task(PUBLIC))
    assert {"total([1])", "total([12])", "total([12, 7])"} <= set(found)
    assert all(size(one) < size(PUBLIC["call"]) for one in found)
    assert len(found) <= MOST


def test_the_smallest_come_first() -> None:
    found = calls(task(PUBLIC))
    assert found == sorted(found, key=size)


@pytest.mark.parametrize("hidden", [True, False])
def test_only_where_a_public_test_is_so_an_input_is_made_empty_or_zero(hidden: bool) -> None:
    edges = [{"call": "total([0])", "expected": "0"}, {"call": "total([])", "expected": "0"}]
    found = calls(task(PUBLIC, *({**edge, "hidden": hidden} for edge in edges)))
    assert ("total([])" in found) is not hidden
    assert ("total([0])" in found) is not hidden


@pytest.mark.parametrize("hidden", ["total([12])", "total( [ 12 ] )", "total(numbers=[12])", "print(total([12]))"])
def test_what_a_hidden_test_puts_in_is_never_tried(hidden: str) -> None:
    found = calls(task(PUBLIC, {"call": hidden, "expected": "12", "hidden": True}))
    assert ("total([12])" in found) is hidden.startswith("print")
    assert "total([7])" in found


def test_a_hidden_input_is_never_typed_in_again() -> None:
    public: dict[str, Any] = {"stdin": "3\nAda\nBen\nIra\n", "stdout": "3"}
    assert "1\nAda\n" in calls(task(public))
    assert "1\nAda\n" not in calls(task(public, {"stdin": "1\nAda", "stdout": "1", "hidden": True}))


def test_a_count_stays_the_count_of_what_follows() -> None:
    found = [one.splitlines() for one in calls(task({"stdin": "4\n3\n8\n6\n9\n", "stdout": "5"}))]
    assert found
    assert all(len(rest) == int(count) > 0 for count, *rest in found)


@pytest.mark.parametrize(
    ("statement", "reference"),
    [("Each is `slow` or `fast`.", "pass"), ("Each is a beat.", "is_slow = kind() in {'slow', 'fast'}")],
)
def test_a_word_that_the_task_names_stays_whole(statement: str, reference: str) -> None:
    for public in ({"stdin": "2\nslow\nfast\n", "stdout": "5"}, {"call": "play(['slow', 'fast'])", "expected": "5"}):
        found = calls(task(public, statement=statement, reference=reference))
        words = {word for one in found for word in re.findall(r"[a-z]+", one)}
        assert words == {"slow", "fast"} | ({"play"} if "call" in public else set())


@pytest.mark.parametrize(
    ("call", "smaller"),
    [
        ("p = Pet('Ada'); p.feed(); p.hunger", "p = Pet('Ada'); p.hunger"),
        ("longest('moon', {'a': 12})", "longest('m', {'a': 1})"),
        ("area(width=3.5, depth=(4, 5))", "area(width=1.0, depth=(4,))"),
        ("lowest([-40, 3])", "lowest([-1])"),
        ("for n in [1, 2]:\n    add(n, 30)\ntotal()", "for n in [1, 2]:\n    add(n, 1)\ntotal()"),
    ],
)
def test_every_kind_of_value_shrinks_and_the_call_stays_python(call: str, smaller: str) -> None:
    found = calls(task({"call": call, "expected": "1"}))
    assert smaller in found
    for one in found:
        compile(one, "call", "exec")


@pytest.mark.parametrize("call", ["run()", "flag(True, None)", "names(x)"])
def test_where_nothing_can_shrink_there_is_nothing_to_try(call: str) -> None:
    assert calls(task({"call": call, "expected": "1"})) == []


def test_no_smaller_input_of_the_course_is_one_of_a_hidden_test() -> None:
    told = []
    for name, exercise in load_exercises().items():
        if exercise.level.kind in PROGRAMS and exercise.level.core:
            hidden = {signature(case) for case in exercise.tests if case.hidden}
            told += [(name, one) for one in smaller_cases(exercise, exercise.tests[0]) if signature(one) in hidden]
    assert told == []
