"""The five rules of struggle, at their exact boundaries."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.contracts.events import CodeExecuted, ExerciseGraded
from learnflow.contracts.events.code import RunStatus
from learnflow.services.progress.struggle import (
    Sign,
    Try,
    active_seconds,
    failed_runs,
    is_at_work,
    low_quiz,
    no_progress,
    of_grade,
    of_run,
    same_error,
    severity_of,
    why,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LISTS = "data-structures/lists"
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
FAILED: list[RunStatus] = ["error", "timeout", "memory", "output_limit", "killed"]


def met(number: int, error: str = "NameError", *, at: timedelta = timedelta(), topic: str | None = LISTS) -> Try:
    return Try(f"run {number}", NOW + at, True, True, "error", error, topic, "ex")


def run(number: int, *, ok: bool = False, at: timedelta | None = None) -> Try:
    return Try(f"run {number}", NOW + (at or number * SECOND), True, not ok, "ok" if ok else "error", None, LISTS)


def executed(status: RunStatus, error_type: str | None = None) -> CodeExecuted:
    return CodeExecuted(execution_id=uuid4(), status=status, error_type=error_type, duration_ms=1)


def graded(*, passed: bool, error_type: str | None = None) -> ExerciseGraded:
    return ExerciseGraded(
        submission_id=uuid4(),
        exercise_id="ex",
        topic_id=LISTS,
        attempt_no=1,
        difficulty="easy",
        passed=passed,
        score=100 if passed else 0,
        tests_passed=1 if passed else 0,
        tests_total=1,
        error_type=error_type,
    )


@pytest.mark.plan("P-RULE-struggle")
def test_two_equal_errors_are_none_three_are() -> None:
    tries = [met(n, at=n * MINUTE) for n in range(3)]
    assert same_error(tries[1], tries[:2]) is None
    seen = same_error(tries[2], tries)
    assert seen is not None
    assert (seen.since, seen.at, len(seen.ids), seen.topic_id) == (tries[0].at, tries[2].at, 3, LISTS)
    assert (seen.evidence, seen.exercises) == ({"error_type": "NameError"}, ("ex",))


@pytest.mark.parametrize(("last", "seen"), [(30 * MINUTE, True), (30 * MINUTE + SECOND, False)])
def test_three_equal_errors_count_within_thirty_minutes(last: timedelta, *, seen: bool) -> None:
    tries = [met(0), met(1, at=15 * MINUTE), met(2, at=last)]
    assert (same_error(tries[2], tries) is not None) is seen


def test_another_error_or_another_topic_does_not_count() -> None:
    tries = [met(0), met(1, "TypeError"), met(2, topic="basics/variables"), met(3, topic=None), met(4)]
    assert same_error(tries[4], tries) is None


def test_a_submission_that_fails_its_tests_counts_as_a_wrong_result() -> None:
    tries = [of_grade(graded(passed=False), NOW + n * SECOND, LISTS) for n in range(3)]
    seen = same_error(tries[2], tries)
    assert seen is not None
    assert seen.evidence == {"error_type": "wrong_result"}
    assert of_grade(graded(passed=False, error_type="NameError"), NOW, LISTS).error_type == "NameError"
    assert of_grade(graded(passed=True), NOW, LISTS).error_type is None


def test_errors_that_students_named_themselves_are_not_known_to_be_the_same() -> None:
    tries = [of_run(executed("error", "MyOwnError"), NOW, LISTS) for _ in range(3)]
    assert [one.error_type for one in tries if one] == [None] * 3


@given(st.lists(st.integers(0, 90), min_size=1, max_size=8, unique=True), st.randoms(use_true_random=False))
def test_the_order_in_which_errors_come_to_us_changes_nothing(minutes: list[int], random: object) -> None:
    tries = [met(n, at=minute * MINUTE) for n, minute in enumerate(minutes)]
    ordered = sorted(minutes)
    expected = any(b - a <= 30 for a, b in zip(ordered, ordered[2:], strict=False))
    random.shuffle(tries)  # type: ignore[attr-defined]  # hypothesis' own Random
    assert any(same_error(one, tries) for one in tries) is expected


def test_what_an_alert_was_closed_over_is_used_up() -> None:
    tries = [met(n, at=n * MINUTE) for n in range(5)]
    assert same_error(tries[4], tries, after=tries[1].at) is not None
    assert same_error(tries[4], tries, after=tries[2].at) is None
    assert same_error(tries[2], tries, after=tries[2].at) is None


@pytest.mark.plan("P-RULE-struggle")
def test_four_failed_runs_in_a_row_are_none_five_are() -> None:
    runs = [run(n) for n in range(5)]
    assert failed_runs(runs[3], runs[:4]) is None
    seen = failed_runs(runs[4], runs)
    assert seen is not None
    assert len(seen.ids) == 5


@pytest.mark.parametrize("status", FAILED)
def test_every_way_to_fail_counts(status: RunStatus) -> None:
    runs = [of_run(executed(status), NOW + n * SECOND, LISTS) for n in range(5)]
    assert failed_runs(runs[4] or run(4), [one for one in runs if one]) is not None


def test_a_fault_of_the_sandbox_never_counts_and_never_resets() -> None:
    assert of_run(executed("sandbox_error", "SandboxError"), NOW, LISTS) is None


def test_a_success_resets_and_so_does_passing_an_exercise() -> None:
    for between in (run(2, ok=True), of_grade(graded(passed=True), NOW + 2 * SECOND, LISTS)):
        runs = [run(0), run(1), between, run(3), run(4), run(5), run(6)]
        assert failed_runs(runs[6], runs) is None
        assert failed_runs(run(7), [*runs, run(7)]) is not None


def test_a_failed_submission_is_no_run_and_resets_nothing() -> None:
    failed = of_grade(graded(passed=False), NOW + 2 * SECOND, LISTS)
    runs = [run(0), run(1), failed, run(3), run(4)]
    assert failed_runs(runs[4], runs) is None
    assert failed_runs(run(5), [*runs, run(5)]) is not None


@given(st.lists(st.booleans(), min_size=1, max_size=20))
def test_only_an_unbroken_row_of_five_is_seen(outcomes: list[bool]) -> None:
    runs = [run(n, ok=ok) for n, ok in enumerate(outcomes)]
    longest = max(len(part) for part in "".join(".X"[not ok] for ok in outcomes).split("."))
    assert any(failed_runs(one, runs) for one in runs) is (longest >= 5)


@pytest.mark.plan("P-RULE-struggle")
@pytest.mark.parametrize(("score", "seen"), [(50, False), (49.9, True), (0, True), (100, False)])
def test_half_of_a_quiz_is_enough(score: float, *, seen: bool) -> None:
    assert (low_quiz("attempt", score, LISTS, NOW) is not None) is seen


@pytest.mark.plan("P-RULE-struggle")
@pytest.mark.parametrize(("active_s", "seen"), [(600, False), (601, True)])
def test_ten_minutes_are_not_too_long_a_second_more_is(active_s: float, *, seen: bool) -> None:
    assert (no_progress("ex", LISTS, NOW, NOW, active_s, 600) is not None) is seen


def signs(*minutes: float, exercise: str | None = "ex") -> list[Sign]:
    return [Sign(NOW + minute * MINUTE, exercise) for minute in minutes]


@pytest.mark.parametrize(
    ("at", "now", "active"),
    [
        ((0,), 3, 3),
        ((0,), 5, 5),
        ((0,), 60, 5),
        ((0, 4, 8), 10, 10),
        ((0, 4, 30), 31, 4 + 5 + 1),
        ((), 10, 0),
    ],
)
def test_work_is_active_for_five_minutes_after_each_sign(at: tuple[float, ...], now: float, active: float) -> None:
    assert active_seconds(signs(*at), "ex", NOW + now * MINUTE) == active * 60


def test_a_question_without_an_exercise_goes_on_with_it_and_another_exercise_ends_it() -> None:
    work = [*signs(0), *signs(4, exercise=None), *signs(6, exercise="other"), *signs(8)]
    assert active_seconds(work, "ex", NOW + 9 * MINUTE) == (6 + 1) * 60
    assert active_seconds(work, "other", NOW + 9 * MINUTE) == 2 * 60
    assert active_seconds(signs(0, exercise=None), "ex", NOW + 9 * MINUTE) == 0
    assert is_at_work(work, "ex", NOW + 9 * MINUTE)
    assert not is_at_work(work, "other", NOW + 9 * MINUTE)
    assert not is_at_work(work, "ex", NOW + 13 * MINUTE)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=20).map(sorted), st.floats(0, 100))
def test_active_time_is_never_more_than_the_time_nor_than_five_minutes_a_sign(at: list[float], more: float) -> None:
    now = NOW + (at[-1] + more) * MINUTE
    active = active_seconds(signs(*at), "ex", now)
    assert 0 <= active <= min((now - NOW).total_seconds(), 300 * len(at)) + 1e-3


@pytest.mark.parametrize(
    ("trigger", "times", "evidence", "severity"),
    [
        ("same_error", 3, {}, "medium"),
        ("same_error", 5, {}, "high"),
        ("failed_runs", 5, {}, "medium"),
        ("failed_runs", 8, {}, "high"),
        ("says_stuck", 1, {}, "low"),
        ("says_stuck", 2, {}, "medium"),
        ("low_quiz", 1, {"score": 45.0}, "low"),
        ("low_quiz", 1, {"score": 40.0}, "medium"),
        ("low_quiz", 2, {"score": 45.0, "lowest": 20.0}, "high"),
        ("no_progress", 1, {"active_s": 601}, "low"),
        ("no_progress", 2, {"active_s": 1201}, "medium"),
        ("no_progress", 3, {"active_s": 1801}, "high"),
    ],
)
def test_severity_follows_from_what_was_seen(
    trigger: str, times: int, evidence: dict[str, float], severity: str
) -> None:
    seen = {**evidence}
    assert severity_of(trigger, times, seen) == severity  # type: ignore[arg-type]  # the triggers are Trigger's own
    assert why(trigger, times, seen).endswith(".")  # type: ignore[arg-type]  # the same


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        ({"error_type": "wrong_result"}, "Got a wrong result 3 times on this topic."),
        ({"error_type": "NameError"}, "Got the error NameError 3 times on this topic."),
        ({"error_type": "Timeout"}, "Got a time-out 3 times on this topic."),
        ({}, "Got the same error 3 times on this topic."),
    ],
)
def test_a_teacher_reads_the_reason_in_plain_words(evidence: dict[str, str | int | float], said: str) -> None:
    assert why("same_error", 3, evidence) == said


def test_ids_are_those_of_runs_and_submissions() -> None:
    one = executed("error")
    assert of_run(one, NOW, LISTS) == Try(str(one.execution_id), NOW, True, True, "error", None, LISTS)
