"""The smallest input we can find that goes wrong: of a public test, judged by what the reference gives."""

import ast
import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from learnflow.contracts.errors import Unavailable
from learnflow.curriculum import Case, Task
from learnflow.curriculum.exercises import PROGRAMS
from learnflow.curriculum.literals import read_literal
from learnflow.services.exercise.grading.constructs import Unparsed, parse
from learnflow.services.exercise.grading.judge import Job, Seen, jobs, seen_in, verdict_on
from learnflow.services.exercise.grading.sandbox import Sandbox
from learnflow.services.exercise.grading.shrinking import size, smaller_cases
from learnflow.services.exercise.grading.values import TooLarge, same, shown, tagged
from learnflow.services.exercise.grading.verdict import Grade, Verdict

log = structlog.get_logger()

BUDGET_S = 3.0
RUN_S = 2.0
NOT_NOW = "The smallest input could not be looked for just now. Try again in a moment."
_ENDLESS = {"Timeout", "MemoryError", "OutputLimit", "killed"}


class Smallest:
    """Shrinks the first failing input in one batch of runs; the grade is known by then and does not wait for it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def find(self, task: Task, code: str, grade: Grade) -> Verdict | None:
        """The verdict on the smallest failing input, or None: none smaller fails.

        Unavailable when nothing can be run just now, or not in time.
        """
        failing = _public_case(task, grade)
        tree = parse(code)
        if failing is None or isinstance(tree, Unparsed):
            return None
        found = await asyncio.to_thread(smaller_cases, task, failing)
        smaller = task.model_copy(update={"tests": tuple(found)})
        if not smaller.tests:
            return None
        theirs, right = jobs(smaller, code, RUN_S), jobs(smaller, task.reference, RUN_S)
        try:
            async with asyncio.timeout(BUDGET_S):
                results = await self._sandbox.run([job.body for job in (*right, *theirs)])
        except TimeoutError as error:
            log.info("smallest.out_of_time", inputs=len(smaller.tests))
            raise Unavailable(NOT_NOW) from error
        if any(result["status"] == "sandbox_error" for result in results):
            raise Unavailable(NOT_NOW)
        return _first_wrong(failing, right, theirs, results, tree)


def _public_case(task: Task, grade: Grade) -> Case | None:
    """The test of the first failure that may be shown, unless it does not end: its smaller ones would not either."""
    first = grade.first_failing
    if first is None or task.level.kind not in PROGRAMS or first.number > len(task.tests):
        return None
    case = task.tests[first.number - 1]
    is_same = (case.call, case.stdin, case.hidden) == (first.call, first.stdin, False)
    return case if is_same and _came_to_an_end(first) else None


def _came_to_an_end(verdict: Verdict) -> bool:
    return verdict.fault is None or verdict.fault.type not in _ENDLESS


def _first_wrong(
    failing: Case, right: Sequence[Job], theirs: Sequence[Job], results: Sequence[Mapping[str, Any]], tree: ast.AST
) -> Verdict | None:
    wrong = []
    for reference, job, wanted, result in zip(right, theirs, results[: len(right)], results[len(right) :], strict=True):
        case = _with_answer(failing, job.case, seen_in(reference, wanted))
        verdict = verdict_on(0, replace(job, case=case), result, tree) if case is not None else None
        # on a busy machine a good program may be slow: an end that did not come says nothing here
        if verdict is not None and not verdict.passed and _came_to_an_end(verdict):
            wrong.append(verdict)
    return min(wrong, key=lambda one: size(one.call or one.stdin or ""), default=None)


def _with_answer(failing: Case, case: Case, seen: Seen) -> Case | None:
    """The case with what the reference gave for it; None where that is no answer of the same kind."""
    if seen.ended is not None:
        return None
    if failing.raises is not None:
        name, _, message = failing.raises.partition(": ")
        if seen.fault is None or name.rpartition(".")[2] not in seen.kinds:
            return None
        return case.model_copy(update={"raises": f"{name}: {seen.fault.message}" if message else name})
    if seen.fault is not None:
        return None
    if failing.stdout is not None:
        return case.model_copy(update={"stdout": seen.printed})
    return _with_value(case, seen)


def _with_value(case: Case, seen: Seen) -> Case | None:
    """Written as a test writes it; a value that cannot be written so is none to be shown."""
    if seen.value is None or seen.value[0] == "NoneType":
        return None
    text = shown(seen.value)
    try:
        is_whole = same(tagged(read_literal(text)), seen.value)
    except (ValueError, TooLarge):
        return None
    return case.model_copy(update={"expected": text}) if is_whole else None
