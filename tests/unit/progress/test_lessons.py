"""Steps of a lesson that are done."""

from hypothesis import given
from hypothesis import strategies as st

from learnflow.services.progress.lessons import Lesson, after_step


def test_each_step_counts_once() -> None:
    lesson = Lesson(steps=4)
    for step in (1, 0, 1, None):
        lesson = after_step(lesson, step)
    assert (lesson.progress_percentage, lesson.status) == (50, "in_progress")


def test_the_last_step_completes_the_lesson() -> None:
    assert after_step(Lesson(steps=1), 0).status == "completed"


def test_a_lesson_of_unknown_length_is_only_begun() -> None:
    lesson = after_step(Lesson(), 3)
    assert (lesson.progress_percentage, lesson.status, lesson.done) == (0, "in_progress", (3,))


@given(st.lists(st.integers(0, 9)), st.floats(0, 100))
def test_a_step_never_takes_progress_away(steps: list[int], before: float) -> None:
    lesson = Lesson(progress_percentage=before, steps=7)
    for step in steps:
        after = after_step(lesson, step)
        assert lesson.progress_percentage <= after.progress_percentage <= 100
        lesson = after
