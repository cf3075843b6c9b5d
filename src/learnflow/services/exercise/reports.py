"""A grade as it is kept: every verdict with what came out, and under which limits, so that it can be replayed."""

import hashlib
from dataclasses import asdict

import orjson

from learnflow import __version__
from learnflow.curriculum import Task
from learnflow.services.exercise.grading.grader import FIRST_LOOK_S, SECOND_LOOK_S
from learnflow.services.exercise.grading.verdict import Fault, Grade, Verdict


def write_report(grade: Grade, task: Task) -> str:
    """The whole grade as JSON; it is sealed before it rests, for it holds what the student's program said.

    `tests` tells whether the exercise still has the tests that this grade was made by.
    """
    limits = {"first_look_s": FIRST_LOOK_S, "second_look_s": SECOND_LOOK_S}
    kept = {**asdict(grade), "limits": limits, "build": __version__, "tests": digest_of(task)}
    return orjson.dumps(kept).decode()


def digest_of(task: Task) -> str:
    """Of all that a verdict depends on besides what was handed in."""
    return hashlib.sha256(task.model_dump_json().encode()).hexdigest()


def read_report(text: str) -> Grade:
    """The grade of a report."""
    kept = orjson.loads(text)
    return Grade(
        score=kept["score"],
        passed=kept["passed"],
        tests_passed=kept["tests_passed"],
        tests_total=kept["tests_total"],
        verdicts=tuple(Verdict(**{**one, "fault": _fault(one["fault"])}) for one in kept["verdicts"]),
        fault=_fault(kept["fault"]),
        error_type=kept["error_type"],
        isolation=kept["isolation"],
    )


def write_verdict(verdict: Verdict | None) -> str:
    """A verdict of its own, or that there is none, as JSON; it is sealed before it rests."""
    return orjson.dumps(None if verdict is None else asdict(verdict)).decode()


def read_verdict(text: str) -> Verdict | None:
    """What `write_verdict` wrote."""
    kept = orjson.loads(text)
    return None if kept is None else Verdict(**{**kept, "fault": _fault(kept["fault"])})


def _fault(kept: dict[str, str | int | None] | None) -> Fault | None:
    return None if kept is None else Fault(str(kept["type"]), str(kept["message"]), kept["line"])  # type: ignore[arg-type]  # as it was written
