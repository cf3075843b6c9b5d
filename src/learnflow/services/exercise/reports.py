"""A grade as it is kept: every verdict with what came out, and under which limits, so that it can be replayed."""

from dataclasses import asdict

import orjson

from learnflow import __version__
from learnflow.services.exercise.grading.grader import FIRST_LOOK_S, SECOND_LOOK_S
from learnflow.services.exercise.grading.verdict import Fault, Grade, Verdict


def write_report(grade: Grade) -> str:
    """The whole grade as JSON; it is sealed before it rests, for it holds what the student's program said."""
    limits = {"first_look_s": FIRST_LOOK_S, "second_look_s": SECOND_LOOK_S}
    return orjson.dumps({**asdict(grade), "limits": limits, "build": __version__}).decode()


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


def _fault(kept: dict[str, str | int | None] | None) -> Fault | None:
    return None if kept is None else Fault(str(kept["type"]), str(kept["message"]), kept["line"])  # type: ignore[arg-type]  # as it was written
