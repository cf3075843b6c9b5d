"""What grading says: a verdict for each test, and the grade that they make."""

from collections.abc import Sequence
from dataclasses import dataclass

from learnflow.contracts.error_types import WRONG_RESULT


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a program stopped, or could not be read; the line is one of the student's own."""

    type: str
    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """One test; `got` and `expected` are texts for people. Of a hidden one only part and outcome are told."""

    number: int
    hidden: bool
    passed: bool
    message: str
    call: str | None = None
    stdin: str | None = None
    expected: str | None = None
    got: str | None = None
    fault: Fault | None = None
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Grade:
    """`score` is the share of tests passed, 0-100; `error_type` names what went wrong first."""

    score: float
    passed: bool
    tests_passed: int
    tests_total: int
    verdicts: tuple[Verdict, ...]
    fault: Fault | None = None
    error_type: str | None = None
    isolation: str | None = None

    @property
    def first_failing(self) -> Verdict | None:
        """The first test that failed and may be shown."""
        return next((verdict for verdict in self.verdicts if not verdict.passed and not verdict.hidden), None)


@dataclass(frozen=True, slots=True)
class Help:
    """The help that a student had had before: the highest rung, whether any counted, and whose it was."""

    rung: int = 0
    aided: bool = False
    helped_by: str | None = None


def grade_of(verdicts: Sequence[Verdict], isolation: str | None = None) -> Grade:
    """The grade that these verdicts make together."""
    right = sum(verdict.passed for verdict in verdicts)
    wrong = [verdict for verdict in verdicts if not verdict.passed]
    return Grade(
        score=round(100 * right / len(verdicts), 2),
        passed=not wrong,
        tests_passed=right,
        tests_total=len(verdicts),
        verdicts=tuple(verdicts),
        fault=next((verdict.fault for verdict in wrong if verdict.fault and not verdict.hidden), None),
        error_type=_error_type(wrong[0]) if wrong else None,
        isolation=isolation,
    )


def _error_type(verdict: Verdict) -> str:
    return verdict.fault.type if verdict.fault is not None else WRONG_RESULT
