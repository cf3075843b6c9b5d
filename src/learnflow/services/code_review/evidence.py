"""Does the program do what it should? What was seen, by tests, by a run, or by reading alone."""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from learnflow.services.code_review.hits import Hit
from learnflow.services.code_review.program import Program, is_docstring

CheckedBy = Literal["tests", "run", "parser", "reading"]

GIVEN_LINE = "7"
_LINES = 40
_BY_OUR_INPUT = {"EOFError", "ValueError", "IndexError", "KeyError"}
_ADVICE = re.compile(r"\.? ?(?:Did you mean|Perhaps you forgot|Did you forget|Maybe you meant)\b.*$", re.DOTALL)
_STOPPED = {
    "timeout": "it did not end within a second",
    "memory": "it used more memory than there is",
    "output_limit": "it printed more than fits",
    "killed": "it ended itself in a way that nobody expects",
}
_LONGEST = 60
_LONGEST_SENTENCE = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known about correctness; `note` says how, in a sentence, and `share` is the percentage of tests passed.

    `shows_none` is True when None was seen where a value was expected.
    """

    checked_by: CheckedBy
    note: str
    share: float | None = None
    hits: tuple[Hit, ...] = ()
    shows_none: bool = False

    @property
    def is_seen(self) -> bool:
        return self.checked_by != "reading"


def stdin_for(program: Program) -> str:
    """What to type for the student: a small number each time that the program asks."""
    return f"{GIVEN_LINE}\n" * _LINES if "input" in program.source else ""


def from_reading(reason: str) -> Verdict:
    return Verdict("reading", f"{reason} I only read it.")


def from_parser(program: Program) -> Verdict:
    """For a text that Python cannot read, or that has nothing in it to run."""
    if program.refusal is None:
        return Verdict("parser", "There is nothing to run yet.", hits=(Hit("nothing-there", 1),))
    error = program.refusal
    line = min(max(error.lineno or 1, 1), len(program.lines))
    said = plain_message(error.msg or "")
    hit = Hit("syntax-error", line, max(error.offset or 1, 1), f": {said}." if said else ".", str(line))
    return Verdict("parser", "Python cannot read the program, so nothing ran.", hits=(hit,))


def from_run(program: Program, answer: Mapping[str, Any]) -> Verdict | None:
    """The answer of POST /execute as a verdict; None when the fault is the sandbox's own."""
    status, error = str(answer.get("status")), answer.get("error") or {}
    if status == "ok" or _is_no_fault(program, status, error):
        note = "I ran it, and it ended without an error."
        if _only_defines(program):
            note = "I ran it. It defines functions and calls none of them, so the run tells little."
        if stdin_for(program):
            note = f"I ran it and typed {GIVEN_LINE} each time it asked. No mistake showed."
        none = _shows_none(program, str(answer.get("stdout", "")))
        return Verdict("run", note, shows_none=none)
    if status == "error":
        return _stopped_by_error(program, error)
    if status in _STOPPED:
        rule = "does-not-end" if status == "timeout" else "stopped"
        hit = Hit(rule, _first_loop(program), name=_STOPPED[status])
        return Verdict("run", f"I ran it, and {_STOPPED[status]}.", hits=(hit,))
    return None


def _only_defines(program: Program) -> bool:
    quiet = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    return all(isinstance(statement, quiet) or is_docstring(statement) for statement in program.tree.body)


def _is_no_fault(program: Program, status: str, error: Mapping[str, Any]) -> bool:
    """An error that may come from what we typed; leaving by `sys.exit` is none either."""
    kind = error.get("type")
    return status == "error" and (kind == "SystemExit" or bool(stdin_for(program) and kind in _BY_OUR_INPUT))


def _stopped_by_error(program: Program, error: Mapping[str, Any]) -> Verdict:
    hit = _error_hit(program, error)
    none = "NoneType" in str(error.get("message"))
    return Verdict("run", f"I ran it, and it stopped on line {hit.line}.", hits=(hit,), shows_none=none)


def _error_hit(program: Program, error: Mapping[str, Any]) -> Hit:
    kind, message = str(error.get("type") or "an error"), plain_message(str(error.get("message") or ""))
    said = f"`{kind}: {message}`" if message else f"`{kind}`"
    return Hit("run-error", min(max(int(error.get("line") or 1), 1), len(program.lines)), name=said)


def from_tests(program: Program, grade: Mapping[str, Any]) -> Verdict:
    """The answer of POST /exercises/check: the share of tests passed, and the first public one that does not pass."""
    tests = [test for test in grade.get("tests") or [] if isinstance(test, Mapping)]
    failed = [test for test in tests if not test.get("passed")]
    share = 100 * (len(tests) - len(failed)) / len(tests) if tests else _percent(grade.get("score"))
    if not failed and share >= 100:
        return Verdict("tests", f"All {len(tests)} tests of the exercise pass.", 100)
    public = [test for test in failed if not test.get("hidden")]
    hits = [Hit("failed-tests", _first_function(program), name=_case(public), other=f"{len(failed)} of {len(tests)}")]
    error = grade.get("error") or {}
    if public and error.get("line"):
        hits.append(_error_hit(program, error))
    note = f"{len(tests) - len(failed)} of {len(tests)} tests of the exercise pass."
    return Verdict("tests", note, share, tuple(hits), any(str(test.get("got")) == "None" for test in public))


def from_score(score: float) -> Verdict:
    """A submission that was graded already."""
    return Verdict("tests", f"The tests of the exercise gave it {score:.0f} of 100.", score)


def _percent(score: object) -> float:
    return min(max(float(score), 0.0), 100.0) if isinstance(score, int | float) else 0.0


def _case(public: Sequence[Mapping[str, Any]]) -> str:
    """The first failing test that a student may see, in words; nothing of a hidden one."""
    if not public:
        return ""
    test = public[0]
    asked = _shown(test["call"]) if test.get("call") else "The program" if test.get("expected") else None
    if asked is None:
        return f" {' '.join(str(test.get('message') or '').split())[:_LONGEST_SENTENCE]}".rstrip()
    if test.get("stdin"):
        asked += f", given {_shown(test['stdin'])},"
    got = f", and gives {_shown(test['got'])}" if test.get("got") else ""
    return f" {asked} should give {_shown(test.get('expected'))}{got}."


def _shown(value: object) -> str:
    text = " ".join(str(value).split()).replace("`", "'")
    return f"`{text if len(text) <= _LONGEST else text[: _LONGEST - 2] + ' …'}`"


def _shows_none(program: Program, stdout: str) -> bool:
    return "None" in stdout.split() and not any("None" in text for text in program.texts)


def _first_function(program: Program) -> int:
    return program.functions[0].lineno if program.functions else 1


def _first_loop(program: Program) -> int:
    loops = [node.lineno for node in program.nodes if isinstance(node, ast.While | ast.For)]
    return min(loops, default=1)


def plain_message(message: str) -> str:
    """The message without Python's own advice, which may hold the edit."""
    return _ADVICE.sub("", " ".join(message.split())).rstrip(".")[:200].replace("`", "'")
