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

from learnflow.curriculum import Case, Task
from learnflow.curriculum.literals import read_literal
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

PROGRAM = getsource(grading_program)
MAX_GOT = 2_000
_WITH_PREAMBLE = """\
for _name, _as in ("preamble.py", "preamble.py"), ("handed_in.py", "main.py"):
    with open(_name, encoding="utf-8") as _file:
        _source = _file.read()
    exec(compile(_source, _as, "exec"))
"""
_ENDED = {
    "timeout": ("Timeout", "It did not come to an end in time. Which line makes the loop stop?"),
    "memory": ("MemoryError", "It used up all memory. What grows without an end?"),
    "output_limit": ("OutputLimit", "It printed more than fits. Which line makes the loop stop?"),
    "killed": ("killed", "It was stopped before it came to an end."),
}


class SandboxFailed(Exception):
    """A run failed for a reason of ours: there is no verdict, and it counts against nobody."""


@dataclass(frozen=True, slots=True)
class Job:
    """One test on its way to the sandbox; `result` is the file in which a call's value comes back."""

    case: Case
    body: dict[str, Any]
    nonce: str
    result: str


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
        body |= {"code": _WITH_PREAMBLE, "files": body["files"] | {"preamble.py": task.preamble, "handed_in.py": code}}
    return Job(case, body, nonce, result)


def unparsed(task: Task, why: Unparsed) -> Grade:
    """A program that Python cannot read passes no test."""
    fault = Fault(why.type, why.message, why.line)
    message = f"Python cannot read line {why.line}: {why.message}."
    verdicts = [
        Verdict(number, case.hidden, passed=False, message=message, call=case.call, stdin=case.stdin, fault=fault)
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
        _verdict(number, job, result, tree) for number, (job, result) in enumerate(zip(sent, results, strict=True), 1)
    ]
    # a construct is no test that one may pass: it only counts when it is not met
    for number, sentence in enumerate(unmet(tree, task.require, task.forbid), len(verdicts) + 1):
        verdicts.append(Verdict(number, hidden=False, passed=False, message=sentence))
    return grade_of(verdicts, isolation=_isolation(results))


def _isolation(results: Sequence[Mapping[str, Any]]) -> str | None:
    return str((results[0].get("isolation") or {}).get("level")) if results else None


def _verdict(number: int, job: Job, result: Mapping[str, Any], tree: ast.AST) -> Verdict:
    case = job.case
    seen = _seen(job, result)
    passed, message, got = _judged(case, seen, tree)
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
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """What came of one run: what was printed, a value, or why there is none.

    `kinds` are the classes of what it raised.
    """

    printed: str = ""
    value: Tagged | None = None
    fault: Fault | None = None
    kinds: tuple[str, ...] = ()
    ended: str | None = None


def _seen(job: Job, result: Mapping[str, Any]) -> _Seen:
    status = result["status"]
    if status in _ENDED:
        kind, sentence = _ENDED[status]
        return _Seen(result["stdout"], fault=Fault(kind, sentence), ended=sentence)
    if job.case.call is not None:
        return _seen_in_call(job, result)
    error = result.get("error")
    if status == "ok" or error is None:
        return _Seen(result["stdout"])
    return _Seen(
        result["stdout"], fault=Fault(error["type"], error["message"], error.get("line")), kinds=(error["type"],)
    )


def _seen_in_call(job: Job, result: Mapping[str, Any]) -> _Seen:
    try:
        text = next(file["text"] for file in result["files"] if file["name"] == job.result)
        found = orjson.loads(text)
        if found["nonce"] != job.nonce:
            raise Unreadable("not the result of this test")
        return _read(found)
    except (StopIteration, KeyError, TypeError, ValueError):
        # ValueError: no JSON, or no tagged value; whatever else the program wrote there is no answer either
        sentence = "It ended before the call gave a value. Is there an `exit()`?"
        return _Seen(fault=Fault("SystemExit", sentence), ended=sentence)


def _read(found: Mapping[str, Any]) -> _Seen:
    printed = str(found.get("printed", ""))
    if "raised" in found:
        raised = found["raised"]
        kinds = tuple(str(kind)[:100] for kind in raised["kinds"]) or ("Exception",)
        line = raised["line"] if isinstance(raised["line"], int) else None
        fault = Fault(printable(kinds[0]), printable(str(raised["message"]))[:500], line)
        return _Seen(printed, fault=fault, kinds=kinds if found["phase"] == "call" else ())
    if "too_large" in found:
        return _Seen(printed, ended="The value is too large to be compared.")
    return _Seen(printed, value=checked(found["value"]))


def _judged(case: Case, seen: _Seen, tree: ast.AST) -> tuple[bool, str, str | None]:
    """Passed, what is said about it, and what the program gave."""
    if seen.ended is not None:
        return False, seen.ended, None
    if case.raises is not None:
        return _judged_raises(case.raises, seen)
    if seen.fault is not None:
        return False, _stopped(seen.fault), None
    if case.stdout is not None:
        said = difference(case.stdout, seen.printed, tree)
        return said is None, said or "Right.", seen.printed
    return _judged_value(case, seen)


def _judged_raises(wanted: str, seen: _Seen) -> tuple[bool, str, str | None]:
    name, _, message = wanted.partition(": ")
    if seen.fault is None:
        got = shown(seen.value) if seen.value is not None else None
        return False, f"This should raise `{name}`. Nothing was raised.", got
    got = f"{seen.fault.type}: {seen.fault.message}" if seen.fault.message else seen.fault.type
    if name.rpartition(".")[2] not in seen.kinds:
        return False, f"This should raise `{name}`. {_stopped(seen.fault)}", got
    if message and seen.fault.message != message:
        return False, f"The message should be `{message}`. It is `{seen.fault.message}`.", got
    return True, "Right.", got


def _judged_value(case: Case, seen: _Seen) -> tuple[bool, str, str | None]:
    expected, got = tagged(read_literal(case.expected or "")), seen.value
    if got is None:
        return False, "It gave no value.", None
    if same(expected, got, case.tolerance):
        return True, "Right.", shown(got)
    return False, _difference_of_values(expected, got, seen.printed), shown(got)


def _difference_of_values(expected: Tagged, got: Tagged, printed: str) -> str:
    wanted, found = type_name(expected), type_name(got)
    if got[0] == "NoneType":
        if printed.strip():
            return f"It printed something but gave back `None`. Give back {shown(expected)} with `return`."
        return f"It gave back `None`. {shown(expected)} is expected: does every way lead to a `return`?"
    if wanted != found:
        return f"It gave {shown(got)}, a `{found}`. A `{wanted}` is expected: {shown(expected)}."
    return f"It gave {shown(got)}. {shown(expected)} is expected."


def _stopped(fault: Fault) -> str:
    where = f" in line {fault.line}" if fault.line else ""
    what = f"{fault.type}: {fault.message}" if fault.message else fault.type
    if fault.type == "EOFError":
        what += ". It asks for more input than there is"
    return f"It stopped{where} with {what}."
