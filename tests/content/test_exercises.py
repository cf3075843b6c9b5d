"""Every exercise is solved by its reference, by nobody's starter, and found out by its tests when it is wrong."""

import re

import pytest

from learnflow.curriculum import Exercise, load_exercises
from learnflow.curriculum.exercises import Wrong, lines_of
from tests.content.programs import run
from tests.content.reading import grade, longest_sentence, plain
from tests.content.replay import failing, outcomes


def forms(task: Exercise) -> list[Exercise]:
    """The exercise as it is written, and each of its variants, by which other students are judged."""
    varied = [(one.variant, task.as_variant(one.variant)) for one in task.variants]
    return [task, *(one.model_copy(update={"exercise": f"{one.exercise}@{name}"}) for name, one in varied)]


EXERCISES = [form for task in load_exercises().values() if task.level.kind != "project" for form in forms(task)]
BANNED = re.compile(r"\b(just|simply|easy|easily|obviously|foo|bar|baz)\b", re.IGNORECASE)
each = pytest.mark.parametrize("task", EXERCISES, ids=[task.exercise for task in EXERCISES])
PROGRAMS = [task for task in EXERCISES if task.level.kind in {"write", "fix"}]
each_program = pytest.mark.parametrize("task", PROGRAMS, ids=[task.exercise for task in PROGRAMS])
WRONG = [(task, wrong) for task in PROGRAMS for wrong in task.wrong]


@each
def test_the_reference_passes_every_test(task: Exercise) -> None:
    assert failing(task, task.reference) == set()


@each_program
def test_the_starter_passes_one_test_at_most(task: Exercise) -> None:
    failed = {number for number in failing(task, task.starter) if number <= len(task.tests)}

    assert len(failed) >= len(task.tests) - 1


@pytest.mark.parametrize(("task", "wrong"), WRONG, ids=[f"{t.exercise}-{w.misconception}" for t, w in WRONG])
def test_a_wrong_program_fails_two_tests_one_of_them_public(task: Exercise, wrong: Wrong) -> None:
    # a construct that is missing is no test
    failed = {number for number in failing(task, wrong.code) if number <= len(task.tests)}

    assert len(failed) >= 2
    assert any(not task.tests[number - 1].hidden for number in failed)


@each_program
def test_no_two_wrong_programs_fail_alike(task: Exercise) -> None:
    seen = [outcomes(task, wrong.code) for wrong in task.wrong]

    assert len(task.wrong) >= 2
    assert all(seen.count(one) == 1 for one in seen)


@each_program
def test_there_are_public_and_hidden_tests(task: Exercise) -> None:
    hidden = sum(case.hidden for case in task.tests)

    assert 3 <= hidden <= 6
    assert 3 <= len(task.tests) - hidden <= 4


@each
def test_the_wrong_answers_of_a_puzzle_are_wrong(task: Exercise) -> None:
    if task.level.kind in {"predict", "parsons"}:
        assert all(failing(task, wrong.code) for wrong in task.wrong)
    if task.level.kind == "predict":
        printed, errors = run(task.program)
        assert not errors
        assert lines_of(printed) == lines_of(task.reference)
    if task.level.kind == "parsons":
        assert 5 <= len(lines_of(task.reference)) <= 8


@each
def test_a_twelve_year_old_can_read_the_statement(task: Exercise) -> None:
    assert grade(task.statement) <= 8
    assert longest_sentence(task.statement) <= 20
    assert len(plain(task.statement).split()) <= 90
    for text in (task.title, task.statement, *task.hints):
        assert not BANNED.search(plain(text)), text
