"""When does a student struggle? The five rules of product.md 5 with their exact boundaries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from learnflow.contracts.error_types import OTHER, WRONG_RESULT, in_words
from learnflow.contracts.events import CodeExecuted, ExerciseGraded
from learnflow.contracts.events.struggle import Severity, Trigger

SAME_ERROR_TIMES = 3
SAME_ERROR_WITHIN = timedelta(minutes=30)
FAILED_RUNS_IN_A_ROW = 5
ACTIVE_GAP = timedelta(minutes=5)
ACTIVE_LIMIT_S = 600
QUIZ_LIMIT = 50.0

Evidence = dict[str, str | int | float]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Try:
    """A run, or a program that was handed in; `error_type` where everybody knows the error's name."""

    id: str
    at: datetime
    is_run: bool
    failed: bool
    status: str = ""
    error_type: str | None = None
    topic_id: str | None = None
    exercise_id: str | None = None


def run_try(
    run_id: str, at: datetime, status: str, error_type: str | None, topic_id: str | None, exercise_id: str | None
) -> Try | None:
    """A run as a try; None for a fault of the sandbox, which is none of the student's."""
    if status == "sandbox_error":
        return None
    failed = status != "ok"
    return Try(run_id, at, True, failed, status, _named(error_type) if failed else None, topic_id, exercise_id)


def grade_try(
    submission_id: str, at: datetime, passed: bool, error_type: str | None, topic_id: str | None, exercise_id: str
) -> Try:
    """A submission as a try; one that only fails its tests counts as a wrong result."""
    named = None if passed else _named(error_type or WRONG_RESULT)
    return Try(submission_id, at, False, not passed, "", named, topic_id, exercise_id)


def of_run(run: CodeExecuted, at: datetime, topic_id: str | None) -> Try | None:
    """A run, read from its fact."""
    return run_try(str(run.execution_id), at, run.status, run.error_type, topic_id, run.exercise_id)


def of_grade(graded: ExerciseGraded, at: datetime, topic_id: str | None) -> Try:
    """A submission, read from its fact."""
    return grade_try(str(graded.submission_id), at, graded.passed, graded.error_type, topic_id, graded.exercise_id)


def _named(error_type: str | None) -> str | None:
    # two errors that students named themselves are not known to be the same
    return None if error_type == OTHER else error_type


@dataclass(frozen=True, slots=True)
class Sighting:
    """A rule saw a student struggle; `ids` are what it was seen in, each counted once."""

    trigger: Trigger
    topic_id: str | None
    since: datetime
    at: datetime
    ids: tuple[str, ...]
    evidence: Evidence
    exercises: tuple[str, ...] = field(default=())


def same_error(latest: Try, tries: Iterable[Try], after: datetime | None = None) -> Sighting | None:
    """Rule 1: the same error type three or more times on one topic within 30 minutes, `latest` among them.

    What was seen until `after` is used up: an alert over it was closed.
    """
    if latest.error_type is None or _is_used_up(latest, after):
        return None
    same = sorted(
        (
            one
            for one in {one.id: one for one in (*tries, latest)}.values()
            if one.error_type == latest.error_type and one.topic_id == latest.topic_id and not _is_used_up(one, after)
        ),
        key=lambda one: one.at,
    )
    windows = [
        [one for one in same if first.at <= one.at <= first.at + SAME_ERROR_WITHIN]
        for first in same
        if first.at <= latest.at <= first.at + SAME_ERROR_WITHIN
    ]
    found = max(windows, key=len)
    if len(found) < SAME_ERROR_TIMES:
        return None
    return _sighting("same_error", found, {"error_type": latest.error_type}, latest.topic_id)


def failed_runs(latest: Try, tries: Iterable[Try], after: datetime | None = None) -> Sighting | None:
    """Rule 5: five failed runs in a row, `latest` among them; a run that succeeds, or passing an exercise, resets."""
    if not (latest.is_run and latest.failed) or _is_used_up(latest, after):
        return None
    row: list[Try] = []
    for one in sorted({one.id: one for one in (*tries, latest)}.values(), key=lambda one: one.at):
        if not one.failed:
            if latest in row:
                break
            row = []
        elif one.is_run and not _is_used_up(one, after):
            row.append(one)
    if len(row) < FAILED_RUNS_IN_A_ROW:
        return None
    return _sighting("failed_runs", row, {"status": row[-1].status}, row[-1].topic_id)


def _is_used_up(one: Try, after: datetime | None) -> bool:
    return after is not None and one.at <= after


def _sighting(trigger: Trigger, tries: Sequence[Try], evidence: Evidence, topic_id: str | None) -> Sighting:
    exercises = tuple(dict.fromkeys(one.exercise_id for one in tries if one.exercise_id))
    return Sighting(trigger, topic_id, tries[0].at, tries[-1].at, tuple(one.id for one in tries), evidence, exercises)


def low_quiz(attempt_id: str, score: float, topic_id: str | None, at: datetime) -> Sighting | None:
    """Rule 3: a quiz below 50 %."""
    if score >= QUIZ_LIMIT:
        return None
    return Sighting("low_quiz", topic_id, at, at, (attempt_id,), {"score": score})


@dataclass(frozen=True, slots=True)
class Sign:
    """An open, edit, run, submission or question; those without an exercise go on with the one before."""

    at: datetime
    exercise_id: str | None = None


def active_seconds(signs: Sequence[Sign], exercise_id: str, now: datetime) -> float:
    """Active work on an exercise until `now`: after each sign until the next one, five minutes at most.

    `signs` are all of the student's, in order of time: a sign for another exercise ends the work on this one.
    """
    total, current = timedelta(), None
    for number, sign in enumerate(signs):
        current = sign.exercise_id or current
        end = signs[number + 1].at if number + 1 < len(signs) else now
        if current == exercise_id:
            total += max(timedelta(), min(end - sign.at, ACTIVE_GAP))
    return total.total_seconds()


def is_at_work(signs: Sequence[Sign], exercise_id: str, now: datetime) -> bool:
    """Does active time on this exercise still grow?"""
    current = next((sign.exercise_id for sign in reversed(signs) if sign.exercise_id), None)
    return current == exercise_id and now - signs[-1].at < ACTIVE_GAP


def no_progress(
    exercise_id: str, topic_id: str | None, since: datetime, at: datetime, active_s: float, threshold_s: int
) -> Sighting | None:
    """Rule 2: more than ten minutes of active work on one exercise without passing; `threshold_s` grows with each."""
    if active_s <= max(threshold_s, ACTIVE_LIMIT_S):
        return None
    ids = (f"{exercise_id}@{threshold_s}",)
    return Sighting("no_progress", topic_id, since, at, ids, {"active_s": int(active_s)}, (exercise_id,))


def severity_of(trigger: Trigger, times: int, evidence: Evidence) -> Severity:
    """How urgent it is, by how often it was seen, or by how far below the limit."""
    if trigger == "low_quiz":
        return _step(-float(evidence.get("lowest", evidence.get("score", 0.0))), -40, -25)
    if trigger == "no_progress":
        return _step(float(evidence.get("active_s", 0)), 1200, 1800)
    limits = {"same_error": (3, 5), "says_stuck": (2, 4), "failed_runs": (5, 8)}
    return _step(times, *limits[trigger])


def _step(value: float, medium: float, high: float) -> Severity:
    return SEVERITIES[(value >= medium) + (value >= high)]


def why(trigger: Trigger, times: int, evidence: Evidence) -> str:
    """What a teacher reads: one sentence."""
    minutes = int(evidence.get("active_s", 0)) // 60
    said = evidence.get("said", "is stuck")
    sentences = {
        "same_error": f"Got {in_words(str(evidence.get('error_type', OTHER)))} {times} times on this topic.",
        "no_progress": f"Has worked for {minutes} minutes on one exercise without passing it.",
        "low_quiz": f"Got {evidence.get('score', 0):g} % in a quiz.",
        "says_stuck": f"Says that they {'are stuck' if said == 'is stuck' else 'do not understand'}.",
        "failed_runs": f"{times} runs failed, at least {FAILED_RUNS_IN_A_ROW} of them in a row.",
    }
    return sentences[trigger]
