"""Every program of the lessons runs as the lesson says, and every step can be read by a twelve-year-old."""

import re

import pytest

from learnflow.curriculum import Lesson, LessonStep, load_lessons
from learnflow.curriculum.exercises import lines_of
from tests.content.programs import run_all
from tests.content.reading import grade, longest_sentence, plain
from tests.content.replay import failing

LESSONS = list(load_lessons().values())
BANNED = re.compile(r"\b(just|simply|easy|easily|obviously|foo|bar|baz)\b", re.IGNORECASE)
MUSIC = {"control-flow/for-loops"}
each = pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.lesson for lesson in LESSONS])


def fed(code: str, stdin: str) -> str:
    """The program, with something to read."""
    return f"import io, sys\nsys.stdin = io.StringIO({stdin!r})\n{code}" if stdin else code


def shown(step: LessonStep) -> tuple[str, str, str] | None:
    """The program of a step, what it prints and the error that ends it."""
    if step.example is not None:
        return fed(step.example.code, step.example.stdin), step.example.output, ""
    if step.predict is not None:
        right = next(option for option in step.predict.options if option.right)
        return fed(step.predict.code, step.predict.stdin), right.output or "", ""
    if step.mistake is not None:
        said = step.mistake
        return fed(said.code, said.stdin), said.output or "", said.raises or ""
    return None


@each
def test_each_program_prints_what_the_lesson_says(lesson: Lesson) -> None:
    programs = [one for one in map(shown, lesson.steps) if one is not None]
    seen = run_all([code for code, _, _ in programs])

    for (code, output, error), (printed, raised) in zip(programs, seen, strict=True):
        assert (lines_of(printed), raised) == (lines_of(output), error), code


@each
def test_what_is_to_be_tried_can_be_done_and_is_not_done_yet(lesson: Lesson) -> None:
    for position, task in lesson.tries():
        assert failing(task, task.reference) == set(), position
        assert failing(task, task.starter), position


@each
def test_a_twelve_year_old_can_read_the_lesson(lesson: Lesson) -> None:
    assert grade(" ".join(text for step in lesson.steps for text in step.texts())) <= 8
    for step in lesson.steps:
        for text in step.texts():
            assert longest_sentence(text) <= 20, text
            # a bar of music is no name without a meaning
            words = set(BANNED.findall(plain(text))) - ({"bar"} if lesson.lesson in MUSIC else set())
            assert not words, text


@each
def test_the_explanations_of_a_guess_do_not_give_the_answer_away_by_their_length(lesson: Lesson) -> None:
    for step in lesson.steps:
        if step.predict is not None:
            lengths = [len(option.explanation) for option in step.predict.options]
            assert max(lengths) <= 3 * min(lengths), lengths


def test_no_two_lessons_show_the_same_program() -> None:
    programs = [one[0] for lesson in LESSONS for one in {shown(step) for step in lesson.steps} if one is not None]

    assert len(set(programs)) == len(programs)
