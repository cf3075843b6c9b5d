"""Lessons out of the parts that there are."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.curriculum import load_curriculum, load_exercises, load_quizzes
from learnflow.services.course_agent.composing import compose
from learnflow.services.course_agent.course import course_of
from learnflow.services.course_agent.lesson import Lesson, LessonHead, LessonType, Step
from learnflow.services.course_agent.standing import Difficulty

COURSE = course_of(load_curriculum(), load_exercises().values(), load_quizzes())
LOOPS = COURSE.topics["control-flow/for-loops"]
done_sets = st.sets(st.sampled_from(list(COURSE.topics)))


def kinds(steps: Sequence[Step]) -> list[str]:
    return [step.kind for step in steps]


def test_a_beginner_s_lesson_begins_with_what_it_needs_and_ends_in_short() -> None:
    steps = compose(COURSE, [LOOPS], "topic", "easy", frozenset())
    assert steps[0].kind == "before"
    assert steps[0].topic_id == "basics/variables"
    assert kinds(steps)[1:5] == ["idea", "example", "mistake", "check"]
    assert kinds(steps)[-2:] == ["quiz", "recap"]
    assert any(step.exercise_id and step.exercise_id.startswith(LOOPS.id) for step in steps)
    assert next(step for step in steps if step.kind == "quiz").quiz_id == LOOPS.id


def test_what_is_known_is_short() -> None:
    new = compose(COURSE, [LOOPS], "topic", "easy", frozenset())
    prepared = compose(COURSE, [LOOPS], "topic", "easy", {"basics/variables"})
    known = compose(COURSE, [LOOPS], "topic", "hard", {"basics/variables", LOOPS.id})
    assert (prepared[0].kind, prepared[0].title) == ("recall", "What you know")
    assert "example" not in kinds(known)
    assert sum(len(step.text) for step in known) < sum(len(step.text) for step in new)


def test_parts_that_do_not_exist_are_left_out() -> None:
    bare = replace(LOOPS, cards=(), exercises=(), has_quiz=False)
    steps = compose(COURSE, [bare], "topic", "easy", frozenset())
    assert [(step.kind, step.text) for step in steps] == [("idea", LOOPS.summary)]
    assert compose(COURSE, [bare], "review", "easy", frozenset())


@given(
    st.sampled_from(list(COURSE.topics)),
    st.sampled_from(["topic", "overview", "review"]),
    st.sampled_from(["easy", "medium", "hard"]),
    done_sets,
)
def test_every_lesson_has_steps_and_never_a_solution(
    topic_id: str, lesson_type: LessonType, difficulty: Difficulty, done: set[str]
) -> None:
    topic = COURSE.topics[topic_id]
    steps = compose(COURSE, [topic], lesson_type, difficulty, done)
    assert steps
    for exercise in topic.exercises:
        assert not any(step.exercise_id == exercise.exercise and exercise.reference in step.text for step in steps)
        calls = [case.call for case in exercise.tests if case.hidden and case.call]
        assert not any(call in step.text for call in calls if call not in exercise.statement for step in steps)


@pytest.mark.parametrize("module_id", list(COURSE.modules))
@pytest.mark.parametrize("lesson_type", ["overview", "review"])
def test_a_whole_module_fits_one_lesson(module_id: str, lesson_type: LessonType) -> None:
    topics = COURSE.by_module[module_id]
    steps = compose(COURSE, topics, lesson_type, "easy", frozenset())
    assert 1 <= len(steps) <= 15
    if lesson_type == "overview":
        assert [step.topic_id for step in steps] == [topic.id for topic in topics]


def test_the_depth_follows_the_difficulty() -> None:
    texts = {level: compose(COURSE, [LOOPS], "topic", level, LOOPS.needs) for level in ("easy", "medium", "hard")}
    card = LOOPS.cards[0]
    assert card.depths.low in texts["easy"][1].text
    assert card.depths.mid in texts["medium"][1].text
    assert card.depths.high in texts["hard"][1].text


def test_a_check_says_nowhere_in_its_text_which_answer_is_right() -> None:
    steps = compose(COURSE, [LOOPS], "topic", "easy", frozenset())
    checks = [step for step in steps if step.kind == "check"]
    assert all(sum(option.right for option in step.options) == 1 or step.eval for step in checks)
    assert not any("right" in step.text.lower() for step in checks)


def test_a_lesson_reads_as_one_text_with_numbered_steps() -> None:
    steps = compose(COURSE, [LOOPS], "topic", "easy", frozenset())
    head = LessonHead(
        lesson_id=UUID(int=1),
        title="For loops",
        course_id="control-flow",
        topic_id=LOOPS.id,
        lesson_type="topic",
        difficulty_level="easy",
        step_count=len(steps),
        created_at=datetime(2026, 11, 21, tzinfo=UTC),
    )
    content = Lesson(head=head, steps=steps).content
    assert content.startswith("# For loops\n\n## 1. First: Variables\n\n")
    assert f"## {len(steps)}. In short" in content
