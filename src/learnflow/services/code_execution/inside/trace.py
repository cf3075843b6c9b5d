"""The steps of a program: which line comes next, and the values at that moment."""

from __future__ import annotations

import sys

from learnflow.services.code_execution.inside import values, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType
    from typing import Any

MAX_BYTES = 400_000


class Tracer:
    """Sends one message a step until there are `max_steps` of them or they grow too large, then steps aside.

    A step holds the line that is about to run and the values before it; the last step of the program's own
    level has `final` and the values at its end.
    """

    def __init__(self, descriptor: int, file_name: str, max_steps: int) -> None:
        self._descriptor = descriptor
        self._file_name = file_name
        self._steps_left = max_steps
        self._bytes_left = MAX_BYTES

    def run(self, execute: Callable[[CodeType, dict[str, Any]], None], code: CodeType, names: dict[str, Any]) -> None:
        sys.settrace(self._on_call)
        try:
            execute(code, names)
        finally:
            sys.settrace(None)

    def _on_call(self, frame: FrameType, _event: str, _argument: object) -> Any:
        return self._on_event if frame.f_code.co_filename == self._file_name else None

    def _on_event(self, frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            self._record(frame, final=False)
        elif event == "return" and frame.f_code.co_name == "<module>":
            self._record(frame, final=True)
        return self._on_event

    def _record(self, frame: FrameType, *, final: bool) -> None:
        if self._steps_left == 0 or self._bytes_left <= 0:
            sys.settrace(None)
            wire.send(self._descriptor, "truncated", value=True)
            return
        self._steps_left -= 1
        step = {
            "line": frame.f_lineno,
            "function": frame.f_code.co_name,
            "values": values.describe_all(frame.f_locals),
            "final": final,
        }
        self._bytes_left -= wire.send(self._descriptor, "step", step)
