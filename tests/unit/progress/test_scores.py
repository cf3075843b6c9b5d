"""What facts say of a topic is merged: order and repetition change nothing."""

from datetime import UTC, datetime, timedelta
from functools import reduce
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.contracts.events import CodeReviewed, ExerciseGraded
from learnflow.contracts.events.exercise import Origin
from learnflow.services.progress.course import Course, CourseModule, CourseTopic
from learnflow.services.progress.mastery import Components
from learnflow.services.progress.scores import ExerciseScore, Review, TopicScores, of_grade, of_review

NOW = datetime(2026, 11, 21, tzinfo=UTC)
LOOPS = CourseTopic("control-flow/for-loops", "For loops", frozenset({"a", "b", "c"}))
ALL = frozenset({"a", "b", "c", "d"})

reviews = st.builds(
    Review,
    st.integers(0, 5).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    st.integers(0, 5).map(lambda number: UUID(int=number)),
    st.sampled_from([0.0, 50.0, 100.0]),
)
exercise_scores = st.builds(
    ExerciseScore,
    st.integers(0, 9),
    st.floats(0, 100),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.none() | reviews,
)


def grade(*, passed: bool, origin: Origin = "course", rung: int = 0, aided: bool = False) -> ExerciseGraded:
    return ExerciseGraded(
        submission_id=uuid4(),
        exercise_id="a",
        topic_id=LOOPS.id,
        attempt_no=1,
        rung=rung,
        aided=aided,
        origin=origin,
        core=True,
        difficulty="easy",
        passed=passed,
        score=100 if passed else 0,
        tests_passed=1 if passed else 0,
        tests_total=1,
    )


def review(score: float) -> CodeReviewed:
    parts = {"correctness": 0, "style": 0, "efficiency": 0, "readability": 0}
    return CodeReviewed(review_id=uuid4(), exercise_id="a", topic_id=LOOPS.id, quality_score=score, **parts)


def parts_of(scores: TopicScores) -> Components:
    return scores.components(LOOPS, ALL, 0.0)


@given(st.lists(exercise_scores, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_changes_what_scores_say_together(
    scores: list[ExerciseScore], random: object
) -> None:
    together = reduce(ExerciseScore.merged, scores)
    shuffled = scores * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' own Random
    assert reduce(ExerciseScore.merged, shuffled) == together


def test_a_failed_attempt_after_a_passed_one_takes_nothing_away() -> None:
    score = of_grade(grade(passed=True)).merged(of_grade(grade(passed=False)))
    assert (score.passed, score.unaided, score.counted, score.best) == (True, True, True, 100)


@pytest.mark.parametrize(("rung", "aided", "unaided"), [(0, False, True), (1, False, False), (0, True, False)])
def test_success_with_help_is_not_unaided(rung: int, *, aided: bool, unaided: bool) -> None:
    score = of_grade(grade(passed=True, rung=rung, aided=aided))
    assert (score.passed, score.unaided) == (True, unaided)


@pytest.mark.plan("P-RULE-mastery")
@pytest.mark.parametrize(("origin", "completion"), [("course", 100 / 3), ("imported", 0), ("generated", 0)])
def test_imported_and_generated_exercises_do_not_count(origin: Origin, completion: float) -> None:
    scores = TopicScores({"a": of_grade(grade(passed=True, origin=origin))})
    assert parts_of(scores).exercises == pytest.approx(completion)


def test_an_exercise_that_is_not_core_does_not_count() -> None:
    assert parts_of(TopicScores({"d": of_grade(grade(passed=True))})).exercises == 0


def test_the_latest_review_of_each_exercise_counts_whenever_it_comes() -> None:
    early, late = of_review(review(10), NOW), of_review(review(90), NOW + timedelta(seconds=1))
    other = of_review(review(50), NOW)
    for merged in (early.merged(late), late.merged(early)):
        assert parts_of(TopicScores({"a": merged, "b": other})).quality == 70


def test_a_review_of_an_exercise_that_a_student_made_up_counts_nowhere() -> None:
    scores = TopicScores({"control-flow/for-loops/mine": of_review(review(100), NOW)})
    assert parts_of(scores).quality == 0
    assert not scores.is_started(ALL)
    attempted = of_review(review(100), NOW).merged(of_grade(grade(passed=False, origin="generated")))
    assert parts_of(TopicScores({"control-flow/for-loops/mine": attempted})).quality == 100


def test_a_report_raises_its_component_and_never_lowers_it() -> None:
    reported = {"exercise": 20.0, "quiz": 90.0, "code_review": 30.0, "concept": 100.0}
    scores = TopicScores({"a": of_grade(grade(passed=True))}, quiz=50, reported=reported)
    assert parts_of(scores) == Components(100 / 3, 90, 30, 0)


def test_nothing_yet_is_no_start() -> None:
    assert not TopicScores().is_started(ALL)
    assert TopicScores(quiz=0.0).is_started(ALL)
    assert TopicScores({"a": of_grade(grade(passed=False))}).is_started(ALL)


def test_a_fact_belongs_to_the_topic_of_its_exercise() -> None:
    course = Course((CourseModule("control-flow", "Control flow", (LOOPS,)),), ALL)
    assert course.topic_of("control-flow/for-loops/drums", "basics/variables") == LOOPS.id
    assert course.topic_of("made-up", LOOPS.id) == LOOPS.id
    assert course.topic_of("made-up", None) is None
    assert course.topic_of(None, "no/topic") is None
