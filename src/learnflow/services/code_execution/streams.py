"""Reads a run's four pipes until all are closed, within time and size."""

from __future__ import annotations

import json
import os
import selectors
import time
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from learnflow.services.code_execution.outcome import Seen
from learnflow.services.code_execution.reported import MAX_STEPS, ErrorDetail, Step

CHUNK_BYTES = 65_536
CHANNEL_MAX_BYTES = 1_048_576
REPORT_MAX_BYTES = 4_194_304
SETUP_S = 5.0
GRACE_S = 1.0


class _Messages:
    """JSON lines of the child. On the student's channel anything may come: what is no message is passed over."""

    def __init__(self, on_message: Callable[[str, Any], None], max_bytes: int) -> None:
        self._on_message = on_message
        self._rest = b""
        self._bytes_left = max_bytes

    def feed(self, data: bytes) -> None:
        if self._bytes_left <= 0:
            return
        self._bytes_left -= len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return
        if isinstance(message, dict) and len(message) == 1:
            ((kind, value),) = message.items()
            self._on_message(kind, value)


class Reader:
    """One run's pipes. `stop()` may come from any thread."""

    def __init__(self, end_run: Callable[[bool], None], timeout_s: float, output_bytes: int) -> None:
        self.seen = Seen()
        self._end_run = end_run  # called with False to ask, with True to force
        self._timeout_s = timeout_s
        self._output_bytes = output_bytes
        self._outputs = {"stdout": bytearray(), "stderr": bytearray()}
        self._selector = selectors.DefaultSelector()
        self._started_at: float | None = None
        self._deadline = time.monotonic() + SETUP_S
        self._asked = self._forced = False
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._selector.register(self._wake_read, selectors.EVENT_READ, self._on_wake)
        self._open = 0

    def watch(self, name: str, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._selector.register(descriptor, selectors.EVENT_READ, self._handler(name))
        self._open += 1

    def stop(self) -> None:
        os.write(self._wake_write, b"x")

    def read_all(self) -> None:
        """Until every pipe is closed, or a second after the end was forced."""
        while self._open:
            ready = self._selector.select(max(0.0, self._deadline - time.monotonic()))
            for key, _ in ready:
                self._read(key)
            if time.monotonic() >= self._deadline and not self._too_late():
                return

    def close(self) -> None:
        if self._started_at is not None and not self.seen.duration_ms:
            self.seen.duration_ms = (time.monotonic() - self._started_at) * 1000
        self.seen.all_ended = self._open == 0
        self.seen.stdout, self.seen.stderr = (bytes(self._outputs[name]) for name in ("stdout", "stderr"))
        self._selector.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _handler(self, name: str) -> Callable[[bytes], None]:
        if name in self._outputs:
            return lambda data: self._on_output(self._outputs[name], data)
        if name == "report":
            return _Messages(self._on_report, REPORT_MAX_BYTES).feed
        return _Messages(self._on_channel, CHANNEL_MAX_BYTES).feed

    def _read(self, key: selectors.SelectorKey) -> None:
        descriptor = int(key.fd)
        try:
            data = os.read(descriptor, CHUNK_BYTES)
        except BlockingIOError:
            return
        if data:
            key.data(data)
        else:
            self._selector.unregister(descriptor)
            self._open -= 1

    def _on_wake(self, _data: bytes) -> None:
        if self.seen.ending is None and self.seen.done is None:
            self.seen.ending = "stopped"
            self._ask()

    def _on_output(self, kept: bytearray, data: bytes) -> None:
        room = self._output_bytes - len(kept)
        kept += data[: max(0, room)]
        if len(data) > room and self.seen.ending is None:
            self.seen.ending = "output_limit"
            self._ask()

    def _on_report(self, kind: str, value: Any) -> None:
        if kind == "ready":
            self._started_at = time.monotonic()
            self._deadline = self._started_at + self._timeout_s
            self.seen.ready = value
        elif kind == "done":
            self.seen.done = value
            self._finish_clock()
        elif kind == "failed":
            self.seen.failed = value

    def _on_channel(self, kind: str, value: Any) -> None:
        try:
            if kind == "error" and self.seen.error is None:
                self.seen.error = ErrorDetail.model_validate(value)
            elif kind == "step" and len(self.seen.steps) < MAX_STEPS:
                self.seen.steps.append(Step.model_validate(value))
            elif kind == "truncated":
                self.seen.steps_truncated = True
        except ValidationError:
            return  # the program wrote here itself; what it wrote is no report

    def _finish_clock(self) -> None:
        now = time.monotonic()
        self._deadline = now + GRACE_S
        if self._started_at is not None:
            self.seen.duration_ms = (now - self._started_at) * 1000

    def _too_late(self) -> bool:
        """True while there is still something to wait for."""
        if not self._asked and self.seen.done is None:
            if self.seen.ending is None and self._started_at is not None:
                self.seen.ending = "timeout"
            self._ask()
            return True
        if not self._forced:
            self._forced = True
            self._deadline = time.monotonic() + GRACE_S
            self._end_run(True)
            return True
        return False

    def _ask(self) -> None:
        self._asked = True
        self._deadline = time.monotonic() + GRACE_S
        self._end_run(False)
