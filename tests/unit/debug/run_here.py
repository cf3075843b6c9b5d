"""Runs small programs of the tests in this process and shows them as the sandbox does: no process, no service."""

import builtins
import contextlib
import io
import sys
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any

from learnflow.services.code_execution.inside import failure, values
from learnflow.services.debug.case import Run
from learnflow.services.debug.runs import run_from_answer

FILE_NAME = "main.py"
MAX_STEPS = 1000


class StopRunning(BaseException):
    """The test's own time limit: so many steps and no more."""


def execute(source: str, stdin: str = "") -> dict[str, Any]:
    """The answer of POST /execute for this program."""
    steps: list[dict[str, Any]] = []
    output = io.StringIO()
    names: dict[str, Any] = {"__name__": "__main__", "__builtins__": _builtins(stdin)}
    error: dict[str, object] | None = None
    status = "ok"
    try:
        with warnings.catch_warnings(action="ignore"):
            code = compile(source, FILE_NAME, "exec", dont_inherit=True)
        with contextlib.redirect_stdout(output):
            _traced(lambda: exec(code, names), steps)
    except StopRunning:
        status = "timeout"
    except BaseException as raised:  # noqa: BLE001 - whatever a program raises is its answer
        status, error = "error", failure.describe(raised, source, FILE_NAME)
    return {"status": status, "stdout": output.getvalue(), "error": error, "trace": steps}


def run(source: str, stdin: str = "") -> Run:
    return run_from_answer(execute(source, stdin), stdin)


def _traced(work: Callable[[], None], steps: list[dict[str, Any]]) -> None:
    def on_event(frame: FrameType, event: str, _argument: object) -> Any:
        if frame.f_code.co_filename != FILE_NAME:
            return None
        if event in {"line", "return"}:
            _record(frame, event, steps)
        return on_event

    before, limit = sys.gettrace(), sys.getrecursionlimit()
    sys.setrecursionlimit(250)
    sys.settrace(on_event)
    try:
        work()
    finally:
        sys.settrace(before)
        sys.setrecursionlimit(limit)


def _record(frame: FrameType, event: str, steps: list[dict[str, Any]]) -> None:
    name = frame.f_code.co_name
    final = event == "return"
    if final and name != "<module>":
        return
    if len(steps) >= MAX_STEPS:
        raise StopRunning
    shown = values.describe_all(frame.f_locals)
    steps.append({"line": frame.f_lineno, "function": name, "values": shown, "final": final})


def _builtins(stdin: str) -> dict[str, Any]:
    lines = iter(stdin.splitlines())

    def read(prompt: str = "") -> str:
        sys.stdout.write(prompt)
        try:
            return next(lines)
        except StopIteration:
            raise EOFError("EOF when reading a line") from None

    return {**vars(builtins), "input": read}
