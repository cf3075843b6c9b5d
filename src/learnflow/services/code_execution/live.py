"""A run that is going on, as the service sees it: its pipes, its zygote's word, and when it may be answered."""

from __future__ import annotations

import asyncio
import fcntl
import marshal
import os
import time
from collections.abc import Callable
from typing import Any, Protocol

from pydantic import ValidationError

from learnflow.services.code_execution.left_files import Collector
from learnflow.services.code_execution.messages import Messages
from learnflow.services.code_execution.outcome import Ending, Program, Seen
from learnflow.services.code_execution.reported import MAX_STEPS, ErrorDetail, Step

CHUNK_BYTES = 65_536
_LINGER_S = 0.05
_ENDINGS: dict[str | None, Ending] = {"timeout": "timeout", "memory": "memory"}


class Ender(Protocol):
    """Whoever can end a run by its number."""

    def end(self, number: int, reason: str) -> None: ...


class LiveRun:
    """One run's pipes on the event loop.

    The program's last word is believed at once (it could as well have left with that exit code); what it never said,
    and files that it left, wait for the zygote's word that all its processes are gone.
    """

    def __init__(self, program: Program, output_bytes: int) -> None:
        self.seen = Seen()
        loop = asyncio.get_running_loop()
        self.finished: asyncio.Future[Seen] = loop.create_future()
        self.gone: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._program = program
        self._output_bytes = output_bytes
        self._outputs = {"stdout": bytearray(), "stderr": bytearray()}
        self._messages = Messages(self._on_message)
        self._readers: dict[int, Callable[[bytes], None]] = {}
        self._names: dict[str, int] = {}
        self._ender: Ender | None = None
        self._number = 0
        self._started_at: float | None = None
        self._heard_anything = False
        self._linger: asyncio.TimerHandle | None = None

    def open(self) -> tuple[int, ...]:
        """The other ends for the run: stdin, stdout, stderr, channel, job. The caller closes them."""
        program = self._program
        theirs = [_input(program.stdin)]
        for name in ("stdout", "stderr", "channel"):
            ours, other = os.pipe2(os.O_CLOEXEC)
            os.set_blocking(ours, False)
            theirs.append(other)
            self._names[name] = ours
            self._readers[ours] = self._handler(name)
            self._loop.add_reader(ours, self._read, ours)
        job = {
            "code": program.code,
            "files": dict(program.files),
            "trace": program.trace,
            "cpu_s": int(program.timeout_s) + 1,
        }
        return (*theirs, _sealed_file("job", marshal.dumps(job)))

    def begin(self, ender: Ender, number: int) -> None:
        self._ender, self._number = ender, number

    def stop(self) -> None:
        """Asked for by its owner."""
        self._end("stopped")

    def on_ended(self, status: int | None, peak_bytes: int, cpu_s: float, reason: str | None, scratch: int) -> None:
        """The zygote's word: no process of the run is left. `scratch` is closed by the caller."""
        if self._linger is not None:
            self._linger.cancel()
        seen = self.seen
        seen.all_ended = True
        if not self.finished.done():
            for descriptor in list(self._readers):
                self._drain(descriptor)
            self._judge_end(status, peak_bytes, cpu_s, reason)
            if scratch >= 0:
                seen.files = Collector(scratch, self._program.files).collect()
            self._finish()
        if not self.gone.done():
            self.gone.set_result(None)

    def lost(self, reason: str) -> None:
        """The zygote is gone and every process of the run with it."""
        if not self.finished.done() and self.seen.done is None:
            self.seen.failed = {"layer": "zygote", "reason": reason}
        self.on_ended(None, 0, 0.0, None, -1)

    def _judge_end(self, status: int | None, peak_bytes: int, cpu_s: float, reason: str | None) -> None:
        seen = self.seen
        if status is None:
            seen.failed = seen.failed or {"layer": "zygote", "reason": reason or "it brought nothing forth"}
        elif reason in _ENDINGS and seen.ending is None and seen.done is None:
            seen.ending = _ENDINGS[reason]
        if seen.done is None and status is not None:
            seen.done = {"code": os.waitstatus_to_exitcode(status), "peak_bytes": peak_bytes, "cpu_s": cpu_s}

    def _handler(self, name: str) -> Callable[[bytes], None]:
        if name == "channel":
            return self._messages.feed
        kept = self._outputs[name]
        return lambda data: self._on_output(kept, data)

    def _read(self, descriptor: int) -> bool:
        """False when there is nothing more for now."""
        try:
            data = os.read(descriptor, CHUNK_BYTES)
        except BlockingIOError:
            return False
        if not data:
            self._close(descriptor)
            return False
        self._readers[descriptor](data)
        return True

    def _drain(self, descriptor: int) -> None:
        while descriptor in self._readers and self._read(descriptor):
            pass

    def _close(self, descriptor: int) -> None:
        if self._readers.pop(descriptor, None) is not None:
            self._loop.remove_reader(descriptor)
            os.close(descriptor)

    def _on_output(self, kept: bytearray, data: bytes) -> None:
        room = self._output_bytes - len(kept)
        kept += data[: max(0, room)]
        if len(data) > room:
            self._end("output_limit")

    def _end(self, ending: Ending) -> None:
        if self.seen.ending is None and self.seen.done is None and self._ender is not None:
            self.seen.ending = ending
            self._ender.end(self._number, ending)

    def _on_message(self, kind: str, value: Any) -> None:
        is_first, self._heard_anything = not self._heard_anything, True
        if is_first:  # what comes before the program itself is ours and can be believed
            if kind == "ready":
                self._started_at = time.monotonic()
                self.seen.ready = value
            elif kind == "failed":
                self.seen.failed = value
        elif kind == "done":
            self._on_done(value)
        else:
            self._on_report(kind, value)

    def _on_report(self, kind: str, value: Any) -> None:
        try:
            if kind == "error" and self.seen.error is None:
                self.seen.error = ErrorDetail.model_validate(value)
            elif kind == "step" and len(self.seen.steps) < MAX_STEPS:
                self.seen.steps.append(Step.model_validate(value))
            elif kind == "truncated":
                self.seen.steps_truncated = True
        except ValidationError:
            return  # the program wrote here itself; what it wrote is no report

    def _on_done(self, value: Any) -> None:
        done = _done(value)
        if done is None or self.seen.done is not None or self.seen.ending is not None:
            return
        self.seen.done = done
        self._stop_clock()
        self._linger = self._loop.call_later(_LINGER_S, self._hurry)
        if not done["left_files"]:
            self._loop.call_soon(self._answer_early)

    def _answer_early(self) -> None:
        if self.finished.done():
            return
        for name in ("stdout", "stderr"):
            self._drain(self._names[name])
        if self.seen.ending is None:
            self._finish()

    def _hurry(self) -> None:
        if self._ender is not None:
            self._ender.end(self._number, "done")

    def _stop_clock(self) -> None:
        if self._started_at is not None and not self.seen.duration_ms:
            self.seen.duration_ms = (time.monotonic() - self._started_at) * 1000

    def _finish(self) -> None:
        self._stop_clock()
        for descriptor in list(self._readers):
            self._close(descriptor)
        self.seen.stdout, self.seen.stderr = (bytes(self._outputs[name]) for name in ("stdout", "stderr"))
        self.finished.set_result(self.seen)


def _done(value: Any) -> dict[str, Any] | None:
    """The program's last word, if it is one: it may have written anything there itself."""
    if not isinstance(value, dict):
        return None
    code, peak, cpu_s = value.get("code"), value.get("peak_bytes"), value.get("cpu_s")
    if type(code) is not int or type(peak) is not int or type(cpu_s) is not float:
        return None
    if not (0 <= code <= 255 and 0 <= peak < 1 << 40 and 0 <= cpu_s < 1000):
        return None
    return {"code": code, "peak_bytes": peak, "cpu_s": cpu_s, "left_files": value.get("left_files") is not False}


def _input(text: str) -> int:
    if not text:
        return os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
    return _sealed_file("stdin", text.encode("utf-8", "replace"))


def _sealed_file(name: str, content: bytes) -> int:
    """A file in memory that nobody can change any more, read from its beginning."""
    descriptor = os.memfd_create(f"learnflow-{name}", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor
