"""Exercises and grades as they are shown: to a student never a hidden test, never the solution before they have it."""

from collections.abc import Sequence
from typing import Any

from learnflow.curriculum import Case
from learnflow.curriculum.phrases import Phrases
from learnflow.services.exercise.bank import Item
from learnflow.services.exercise.grading.output import lines
from learnflow.services.exercise.grading.puzzles import mixed_lines
from learnflow.services.exercise.grading.verdict import Grade, Verdict
from learnflow.services.exercise.grading.wording import PHRASES
from learnflow.services.exercise.repository import Standing, Submission
from learnflow.services.exercise.schemas import (
    ErrorView,
    ExerciseSummary,
    ExerciseView,
    GradeView,
    PublicTest,
    SmallestFailing,
    SubmissionRow,
    TestView,
)

HIDDEN_PASSED, HIDDEN_FAILED = "A hidden test: passed.", "A hidden test: not passed."


def summary(item: Item, standing: Standing) -> ExerciseSummary:
    """One line of a list."""
    return ExerciseSummary(**_summarised(item, standing))


def student_view(item: Item, standing: Standing) -> ExerciseView:
    """All that a student may know of an exercise."""
    task = item.task
    public = [(number, case) for number, case in enumerate(task.tests, start=1) if not case.hidden]
    return ExerciseView(
        **_summarised(item, standing),
        statement=task.statement,
        starter=task.starter,
        preamble=task.preamble,
        program=task.program,
        lines=mixed_lines(task, item.exercise_id) if task.level.kind == "parsons" else [],
        tests=[_public_test(number, case, task.language) for number, case in public],
        hidden_tests=len(task.tests) - len(public),
        require=list(task.require),
        forbid=list(task.forbid),
        reference=task.reference if standing.passed else None,
        variant=item.variant,
    )


def full_view(item: Item) -> dict[str, Any]:
    """Everything, for services: the whole task with its hidden tests and its reference."""
    place = {"exercise_id": item.exercise_id, "topic_id": item.topic_id, "origin": item.origin, "core": item.core}
    return place | item.task.model_dump(mode="json", exclude={"exercise", "variants"})


def _summarised(item: Item, standing: Standing) -> dict[str, Any]:
    level = item.task.level
    return {
        "exercise_id": item.exercise_id,
        "topic_id": item.topic_id,
        "title": item.task.title,
        "language": item.task.language,
        "kind": level.kind,
        "difficulty": level.difficulty,
        "core": item.core,
        "origin": item.origin,
        "skills": list(level.skills),
        "passed": standing.passed,
        "attempts": standing.attempts,
    }


def _public_test(number: int, case: Case, language: str) -> PublicTest:
    expected = case.expected if case.expected is not None else case.stdout
    return PublicTest(
        number=number,
        part=case.part,
        call=case.call,
        stdin=case.stdin,
        expected=expected if expected is not None else f"raises {case.raises}",
        text=PHRASES.at(language).test.say(case),
    )


def grade_view(exercise_id: str, grade: Grade) -> GradeView:
    """A grade without anything of a hidden test."""
    return GradeView(**graded(exercise_id, grade))


def graded(exercise_id: str, grade: Grade) -> dict[str, Any]:
    """The fields of a grade's view."""
    hidden = [verdict for verdict in grade.verdicts if verdict.hidden]
    first, fault = grade.first_failing, grade.fault
    return {
        "exercise_id": exercise_id,
        "score": grade.score,
        "passed": grade.passed,
        "tests_passed": grade.tests_passed,
        "tests_total": grade.tests_total,
        "hidden_passed": sum(verdict.passed for verdict in hidden),
        "hidden_total": len(hidden),
        "tests": _verdicts(grade.verdicts),
        "error": ErrorView(type=fault.type, message=fault.message, line=fault.line) if fault else None,
        "first_failing": _verdict(first) if first else None,
    }


def _verdicts(verdicts: Sequence[Verdict]) -> list[TestView]:
    return [_verdict(verdict) for verdict in verdicts]


def _verdict(verdict: Verdict) -> TestView:
    if verdict.hidden:
        message = HIDDEN_PASSED if verdict.passed else HIDDEN_FAILED
        return TestView(number=verdict.number, part=verdict.part, hidden=True, passed=verdict.passed, message=message)
    return TestView(
        number=verdict.number,
        part=verdict.part,
        hidden=False,
        passed=verdict.passed,
        message=verdict.message,
        call=verdict.call,
        stdin=verdict.stdin,
        expected=verdict.expected,
        got=verdict.got,
    )


def smallest_view(verdict: Verdict, language: str) -> SmallestFailing:
    """In words, as `The smallest input we found that goes wrong: ...`."""
    return SmallestFailing(
        call=verdict.call,
        stdin=verdict.stdin,
        expected=verdict.expected or "",
        got=verdict.got,
        message=verdict.message,
        text=_goes_wrong(verdict, PHRASES.at(language)),
    )


def _goes_wrong(verdict: Verdict, phrases: Phrases) -> str:
    says, expected = phrases.grade, verdict.expected or ""
    if verdict.call is None:
        given = _quoted(verdict.stdin or "")
        parts = [says.smallest.format(given=given) if given else says.smallest_empty, verdict.message]
        if verdict.got is not None:
            prints = phrases.test.run_prints if verdict.got.strip() else phrases.test.run_prints_nothing
            parts[1] = prints.format(result=_quoted(verdict.got))
        value = _quoted(expected)
        return " ".join([*parts, says.expected.format(value=value) if value else says.nothing_expected])
    call = f"`{verdict.call}`"
    if verdict.got is not None and not expected.startswith("raises "):
        return says.smallest_call.format(given=call, got=f"`{verdict.got}`", value=f"`{expected}`")
    parts = [says.smallest.format(given=call), verdict.message]
    return " ".join(parts if expected.startswith("raises ") else [*parts, says.expected.format(value=f"`{expected}`")])


def _quoted(text: str) -> str:
    return ", ".join(f"`{line}`" for line in lines(text))


def row_view(submission: Submission) -> SubmissionRow:
    """A submission in a list."""
    return SubmissionRow(
        submission_id=submission.submission_id,
        exercise_id=submission.exercise_id,
        topic_id=submission.topic_id,
        attempt_no=submission.attempt_no,
        status="received" if submission.graded_at is None else "graded",
        submitted_at=submission.submitted_at,
        score=submission.score,
        passed=submission.passed,
        error_type=submission.error_type,
        rung=submission.rung,
        aided=submission.aided,
        variant=submission.variant,
    )
