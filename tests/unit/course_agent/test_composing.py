"""Lessons out of the parts that there are."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.curriculum import load_curriculum, load_exercises, load_lessons, load_quizzes
from learnflow.services.course_agent.composing import compose
from learnflow.services.course_agent.course import course_of
from learnflow.services.course_agent.lesson import Lesson, LessonHead, LessonType, Step
from learnflow.services.course_agent.standing import Difficulty, Standing, TopicStanding

COURSE = course_of(load_curriculum(), load_exercises().values(), load_quizzes(), load_lessons())
WRITTEN = COURSE.topics["control-flow/for-loops"]
LOOPS = replace(WRITTEN, lesson=None)
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


def test_a_lesson_that_was_written_comes_between_what_it_needs_and_practice() -> None:
    steps = compose(COURSE, [WRITTEN], "topic", "easy", frozenset())
    written = [step.kind for step in WRITTEN.lesson.steps] if WRITTEN.lesson else []

    assert written[-1] == "recap"
    assert kinds(steps) == ["before", *written[:-1], "exercise", "exercise", "quiz", "recap"]


def test_a_written_lesson_keeps_its_solutions_and_says_how_what_is_tried_is_checked() -> None:
    steps = compose(COURSE, [WRITTEN], "topic", "hard", frozenset())
    assert WRITTEN.lesson is not None
    solutions = [task.reference for _, task in WRITTEN.lesson.tries()]

    tries = [step for step in steps if step.kind == "try"]
    assert [step.output for step in tries] == [task.tests[0].stdout for _, task in WRITTEN.lesson.tries()]
    assert all(step.code and step.code in step.text for step in tries)
    assert not any(solution.strip() in step.model_dump_json() for solution in solutions for step in steps)


def test_each_guess_of_a_written_lesson_says_why() -> None:
    steps = compose(COURSE, [WRITTEN], "topic", "easy", frozenset())
    guesses = [step for step in steps if step.kind == "predict"]

    assert guesses
    for step in guesses:
        assert sum(option.right for option in step.options) == 1
        assert all(option.why for option in step.options)
        assert all(option.right or option.misconception for option in step.options)


def test_a_topic_that_is_known_is_gone_over_by_its_cards() -> None:
    assert "predict" not in kinds(compose(COURSE, [WRITTEN], "topic", "hard", {WRITTEN.id}))


def test_the_depth_of_a_written_lesson_follows_the_difficulty() -> None:
    texts = {level: compose(COURSE, [WRITTEN], "topic", level, WRITTEN.needs) for level in ("easy", "hard")}
    assert WRITTEN.lesson is not None
    idea = WRITTEN.lesson.steps[0].idea
    assert idea is not None

    assert texts["easy"][1].text == idea.low
    assert texts["hard"][1].text == f"{idea.low} {idea.mid} {idea.high}"


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


def mistaken(topic_id: str, *misconceptions: str) -> Standing:
    return Standing({topic_id: TopicStanding(30, started=True, misconceptions=misconceptions)})


def test_what_the_student_got_wrong_comes_before_the_topic_and_after_what_it_needs() -> None:
    own = next(step.mistake for step in (WRITTEN.lesson.steps if WRITTEN.lesson else ()) if step.mistake)
    plain = compose(COURSE, [WRITTEN], "topic", "easy", frozenset())
    steps = compose(COURSE, [WRITTEN], "topic", "easy", frozenset(), mistaken(WRITTEN.id, own.misconception))
    before = kinds(plain).index("idea")
    assert (steps[before].kind, steps[before].misconception) == ("mistake", own.misconception)
    assert COURSE.beliefs[own.misconception] in steps[before].text
    assert own.code in steps[before].text
    # it is moved, not told twice
    assert kinds(steps).count("mistake") == kinds(plain).count("mistake")
    assert len(steps) == len(plain)


def test_a_mistake_that_the_lesson_does_not_have_is_told_by_its_card() -> None:
    card = next(card for card in COURSE.cards.values() if card.topic_id == "data-structures/lists")
    steps = compose(COURSE, [WRITTEN], "topic", "easy", WRITTEN.needs, mistaken(WRITTEN.id, card.misconception.id))
    told = next(step for step in steps if step.misconception == card.misconception.id)
    assert COURSE.beliefs[card.misconception.id] in told.text
    assert kinds(steps).count("mistake") == 2


def test_a_review_begins_with_it_and_one_that_nobody_knows_is_left_out() -> None:
    steps = compose(COURSE, [LOOPS], "review", "easy", frozenset(), mistaken(LOOPS.id, "gone", "range-includes-end"))
    assert [step.misconception for step in steps if step.misconception] == ["range-includes-end"]
    assert steps[0].misconception == "range-includes-end"


@given(st.lists(st.sampled_from(sorted(COURSE.beliefs)), max_size=4), st.sampled_from(list(COURSE.topics)))
def test_whatever_went_wrong_a_lesson_names_two_at_most(misconceptions: list[str], topic_id: str) -> None:
    topic = COURSE.topics[topic_id]
    steps = compose(COURSE, [topic], "topic", "easy", frozenset(), mistaken(topic_id, *misconceptions))
    named = [step.misconception for step in steps if step.misconception]
    assert named == misconceptions[:2]
