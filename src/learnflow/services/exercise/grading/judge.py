"""Verdicts on programs: what is sent to the sandbox for each test, and what its answer is worth.

A test is a run of its own. Only the call and the input go in; the expected value stays here, and what comes out is data
that is checked, compared by type and value, and never executed. So a program can choose its answers, not its grade.
"""

import ast
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import getsource
from typing import Any

import orjson

from learnflow.contracts.preamble import with_preamble
from learnflow.curriculum import Case, Task
from learnflow.curriculum.literals import read_literal
from learnflow.curriculum.phrases import GradePhrases
from learnflow.services.exercise.grading import program as grading_program
from learnflow.services.exercise.grading.constructs import Unparsed, parse, unmet
from learnflow.services.exercise.grading.output import difference
from learnflow.services.exercise.grading.values import (
    Tagged,
    Unreadable,
    checked,
    printable,
    same,
    shown,
    tagged,
    type_name,
)
from learnflow.services.exercise.grading.verdict import Fault, Grade, Verdict, grade_of
from learnflow.services.exercise.grading.wording import says

PROGRAM = getsource(grading_program)
MAX_GOT = 2_000
_ENDED = {"timeout": "Timeout", "memory": "MemoryError", "output_limit": "OutputLimit", "killed": "killed"}


class SandboxFailed(Exception):
    """A run failed for a reason of ours: there is no verdict, and it counts against nobody."""


@dataclass(frozen=True, slots=True)
class Job:
    """One test on its way to the sandbox; `result` is the file in which a call's value comes back."""

    case: Case
    body: dict[str, Any]
    nonce: str
    result: str
    says: GradePhrases


def jobs(task: Task, code: str, timeout_s: float) -> list[Job]:
    """A run for each test, each with names that no other run has."""
    return [_job(task, case, code, timeout_s) for case in task.tests]


def _job(task: Task, case: Case, code: str, timeout_s: float) -> Job:
    nonce, result = secrets.token_hex(16), f"_{secrets.token_hex(8)}.json"
    body: dict[str, Any] = {"code": code, "stdin": case.stdin or "", "timeout_s": timeout_s, "files": dict(case.files)}
    if case.call is not None:
        job = {"code": code, "preamble": task.preamble, "call": case.call, "nonce": nonce, "result": result}
        body |= {"code": PROGRAM, "files": body["files"] | {"job.json": orjson.dumps(job).decode()}}
    elif task.preamble:
        program, files = with_preamble(task.preamble, code)
        body |= {"code": program, "files": body["files"] | files}
    return Job(case, body, nonce, result, says(task))


def unparsed(task: Task, why: Unparsed) -> Grade:
    """A program that Python cannot read passes no test."""
    fault = Fault(why.type, why.message, why.line)
    message = says(task).unreadable.format(line=why.line, message=why.message)
    verdicts = [
        Verdict(
            number,
            case.hidden,
            passed=False,
            message=message,
            call=case.call,
            stdin=case.stdin,
            fault=fault,
            part=case.part,
        )
        for number, case in enumerate(task.tests, start=1)
    ]
    return grade_of(verdicts)


def judge(task: Task, code: str, sent: Sequence[Job], results: Sequence[Mapping[str, Any]]) -> Grade:
    """The grade of a program from the results of its runs; SandboxFailed when one of them is no result."""
    tree = parse(code)
    if isinstance(tree, Unparsed):
        return unparsed(task, tree)
    if len(sent) != len(results) or any(result["status"] == "sandbox_error" for result in results):
        raise SandboxFailed("a test was not run")
    verdicts = [
        verdict_on(number, job, result, tree) for number, (job, result) in enumerate(zip(sent, results, strict=True), 1)
    ]
    # a construct is no test that one may pass: it only counts when it is not met
    for number, sentence in enumerate(unmet(tree, task.require, task.forbid, says(task)), len(verdicts) + 1):
        verdicts.append(Verdict(number, hidden=False, passed=False, message=sentence))
    return grade_of(verdicts, isolation=_isolation(results))


def _isolation(results: Sequence[Mapping[str, Any]]) -> str | None:
    return str((results[0].get("isolation") or {}).get("level")) if results else None


def verdict_on(number: int, job: Job, result: Mapping[str, Any], tree: ast.AST) -> Verdict:
    """What one run is worth; `tree` is the program's."""
    case = job.case
    seen = seen_in(job, result)
    passed, message, got = _judged(case, seen, tree, job.says)
    expected = case.expected or case.stdout
    return Verdict(
        number,
        case.hidden,
        passed,
        message,
        call=case.call,
        stdin=case.stdin,
        expected=expected if expected is not None else f"raises {case.raises}",
        got=None if got is None else printable(got)[:MAX_GOT],
        fault=None if passed else seen.fault,
        part=case.part,
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one run: what was printed, a value, or why there is none.

    `kinds` are the classes of what it raised.
    """

    printed: str = ""
    value: Tagged | None = None
    fault: Fault | None = None
    kinds: tuple[str, ...] = ()
    ended: str | None = None


def seen_in(job: Job, result: Mapping[str, Any]) -> Seen:
    """What came of a run, without a word on whether it is right."""
    status = result["status"]
    if status in _ENDED:
        sentence = str(getattr(job.says, status))
        return Seen(result["stdout"], fault=Fault(_ENDED[status], sentence), ended=sentence)
    if job.case.call is not None:
        return _seen_in_call(job, result)
    error = result.get("error")
    if status == "ok" or error is None:
        return Seen(result["stdout"])
    return Seen(
        result["stdout"], fault=Fault(error["type"], error["message"], error.get("line")), kinds=(error["type"],)
    )


def _seen_in_call(job: Job, result: Mapping[str, Any]) -> Seen:
    try:
        text = next(file["text"] for file in result["files"] if file["name"] == job.result)
        found = orjson.loads(text)
        if found["nonce"] != job.nonce:
            raise Unreadable("not the result of this test")
        return _read(found, job.says)
    except (StopIteration, KeyError, TypeError, ValueError):
        # ValueError: no JSON, or no tagged value; whatever else the program wrote there is no answer either
        sentence = job.says.no_value_came
        return Seen(fault=Fault("SystemExit", sentence), ended=sentence)


def _read(found: Mapping[str, Any], says: GradePhrases) -> Seen:
    printed = str(found.get("printed", ""))
    if "raised" in found:
        raised = found["raised"]
        kinds = tuple(str(kind)[:100] for kind in raised["kinds"]) or ("Exception",)
        line = raised["line"] if isinstance(raised["line"], int) else None
        fault = Fault(printable(kinds[0]), printable(str(raised["message"]))[:500], line)
        return Seen(printed, fault=fault, kinds=kinds if found["phase"] == "call" else ())
    if "too_large" in found:
        return Seen(printed, ended=says.too_large)
    return Seen(printed, value=checked(found["value"]))


def _judged(case: Case, seen: Seen, tree: ast.AST, says: GradePhrases) -> tuple[bool, str, str | None]:
    """Passed, what is said about it, and what the program gave."""
    if seen.ended is not None:
        return False, seen.ended, None
    if case.raises is not None:
        return _judged_raises(case.raises, seen, says)
    if seen.fault is not None:
        return False, _stopped(seen.fault, says), None
    if case.stdout is not None:
        said = difference(case.stdout, seen.printed, says, tree)
        return said is None, said or says.right, seen.printed
    return _judged_value(case, seen, says)


def _judged_raises(wanted: str, seen: Seen, says: GradePhrases) -> tuple[bool, str, str | None]:
    name, _, message = wanted.partition(": ")
    if seen.fault is None:
        got = shown(seen.value) if seen.value is not None else None
        return False, says.nothing_raised.format(name=f"`{name}`"), got
    got = f"{seen.fault.type}: {seen.fault.message}" if seen.fault.message else seen.fault.type
    if name.rpartition(".")[2] not in seen.kinds:
        said = says.should_raise.format(name=f"`{name}`", stopped=_stopped(seen.fault, says))
        return False, said, got
    if message and seen.fault.message != message:
        said = says.other_message.format(wanted=f"`{message}`", found=f"`{seen.fault.message}`")
        return False, said, got
    return True, says.right, got


def _judged_value(case: Case, seen: Seen, says: GradePhrases) -> tuple[bool, str, str | None]:
    expected, got = tagged(read_literal(case.expected or "")), seen.value
    if got is None:
        return False, says.no_value, None
    if same(expected, got, case.tolerance):
        return True, says.right, shown(got)
    return False, _difference_of_values(expected, got, seen.printed, says), shown(got)


def _difference_of_values(expected: Tagged, got: Tagged, printed: str, says: GradePhrases) -> str:
    wanted, found = type_name(expected), type_name(got)
    if got[0] == "NoneType":
        return (says.printed_only if printed.strip() else says.gave_none).format(value=shown(expected))
    if wanted != found:
        return says.other_type.format(
            found=shown(got), found_type=f"`{found}`", type=f"`{wanted}`", value=shown(expected)
        )
    return says.other_value.format(found=shown(got), value=shown(expected))


def _stopped(fault: Fault, says: GradePhrases) -> str:
    what = f"{fault.type}: {fault.message}" if fault.message else fault.type
    said = (says.stopped_in_line if fault.line else says.stopped).format(line=fault.line, error=what)
    return f"{said} {says.asks_more}" if fault.type == "EOFError" else said
