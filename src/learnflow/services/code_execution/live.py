"""A run that is going on, as the service sees it: its pipes, its zygote's word, and when it may be answered."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import marshal
import os
import socket
import time
from collections.abc import Callable
from typing import Any, Protocol

from pydantic import ValidationError

from learnflow.services.code_execution.left_files import Collector
from learnflow.services.code_execution.messages import Messages
from learnflow.services.code_execution.outcome import Ending, Program, Seen
from learnflow.services.code_execution.reported import MAX_STEPS, ErrorDetail, Step

CHUNK_BYTES = 65_536
_MESSAGE_BYTES = 1 << 16
_LINGER_S = 0.05
_LISTEN_AFTER_S = 0.005
"""What a program prints is looked for when it is done, or after so long: most are done, and it would wake us twice."""
_ENDINGS: dict[str | None, Ending] = {"timeout": "timeout", "memory": "memory"}


class Keeper(Protocol):
    """Whoever can end a run by its number, and hears that it waits for its program."""

    def end(self, number: int, reason: str) -> None: ...

    def parked(self, live: LiveRun) -> None: ...


class LiveRun:
    """One run's pipes on the event loop.

    The program's last word is believed at once (it could as well have left with that exit code); what it never said,
    and files that it left, wait for the zygote's word that all its processes are gone.
    """

    def __init__(self, keeper: Keeper, number: int, output_bytes: int) -> None:
        self.number = number
        self.seen = Seen()
        loop = asyncio.get_running_loop()
        self.finished: asyncio.Future[Seen] = loop.create_future()
        self.gone: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._program: Program | None = None
        self._teller: socket.socket | None = None
        self._output_bytes = output_bytes
        self._outputs = {"stdout": bytearray(), "stderr": bytearray()}
        self._messages = Messages(self._on_message)
        self._readers: dict[int, Callable[[bytes], None]] = {}
        self._names: dict[str, int] = {}
        self._keeper = keeper
        self._started_at: float | None = None
        self._listening: asyncio.TimerHandle | None = None
        self._linger: asyncio.TimerHandle | None = None

    def open(self) -> tuple[int, ...]:
        """The other ends: stdout, stderr, channel, and where it is told its program. The caller closes them."""
        theirs = []
        for name in ("stdout", "stderr", "channel"):
            ours, other = os.pipe2(os.O_CLOEXEC)
            os.set_blocking(ours, False)
            theirs.append(other)
            self._names[name] = ours
            self._readers[ours] = self._handler(name)
        self._loop.add_reader(ours, self._read, ours)  # the channel
        self._teller, told = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._teller.setblocking(False)
        return (*theirs, told.detach())

    def tell(self, program: Program) -> None:
        """Its program; it may have waited for it for long. Should it be gone, the zygote's word says so."""
        self._program = program
        if self._teller is not None:
            with contextlib.suppress(OSError):
                _tell(self._teller, program)
        self._listening = self._loop.call_later(_LISTEN_AFTER_S, self._listen)

    def stop(self) -> None:
        """Asked for by its owner."""
        self._end("stopped")

    def on_ended(self, status: int | None, peak_bytes: int, cpu_s: float, reason: str | None, scratch: int) -> None:
        """The zygote's word: no process of the run is left. `scratch` is closed by the caller."""
        if self._linger is not None:
            self._linger.cancel()
        seen = self.seen
        seen.all_ended = True
        self._hear_all()
        if not self.finished.done():
            self._judge_end(status, peak_bytes, cpu_s, reason)
            if scratch >= 0 and self._program is not None:
                seen.files = Collector(scratch, self._program.files).collect()
            self._finish()
        if not self.gone.done():
            self.gone.set_result(None)
        self._loop.call_soon(self._close_all)  # also of a run whose answer nobody waits for any more

    def lost(self, reason: str) -> None:
        """The zygote is gone and every process of the run with it."""
        if not self.finished.done() and self.seen.done is None:
            self.seen.failed = {"layer": "zygote", "reason": reason}
        self.on_ended(None, 0, 0.0, None, -1)

    def _hear_all(self) -> None:
        if not self.finished.done():
            for descriptor in list(self._readers):
                self._drain(descriptor)
            self._has_begun()

    def _judge_end(self, status: int | None, peak_bytes: int, cpu_s: float, reason: str | None) -> None:
        seen = self.seen
        if status is None:
            seen.failed = seen.failed or {"layer": "zygote", "reason": reason or "it brought nothing forth"}
        elif reason in _ENDINGS and seen.ending is None and seen.done is None:
            seen.ending = _ENDINGS[reason]
        if seen.done is None and status is not None:
            seen.done = {"code": os.waitstatus_to_exitcode(status), "peak_bytes": peak_bytes, "cpu_s": cpu_s}

    def _listen(self) -> None:
        for descriptor in self._readers:
            self._loop.add_reader(descriptor, self._read, descriptor)

    def _handler(self, name: str) -> Callable[[bytes], None]:
        if name == "channel":
            return self._on_channel
        kept = self._outputs[name]
        return lambda data: self._on_output(kept, data)

    def _read(self, descriptor: int) -> bool:
        """False when there is nothing more for now: a pipe gives less than was asked for only when it is empty."""
        try:
            data = os.read(descriptor, CHUNK_BYTES)
        except BlockingIOError:
            return False
        if not data:
            self._close(descriptor)
            return False
        self._readers[descriptor](data)
        return len(data) == CHUNK_BYTES

    def _drain(self, descriptor: int) -> None:
        while descriptor in self._readers and self._read(descriptor):
            pass

    def _close(self, descriptor: int) -> None:
        if self._readers.pop(descriptor, None) is not None:
            self._loop.remove_reader(descriptor)
            os.close(descriptor)

    def _on_channel(self, data: bytes) -> None:
        self._messages.feed(data)
        if self._messages.is_full and not (
            self._program and self._program.trace
        ):  # children of a traced program are traced as well
            self._end("output_limit")

    def _on_output(self, kept: bytearray, data: bytes) -> None:
        room = self._output_bytes - len(kept)
        kept += data[: max(0, room)]
        if len(data) > room and self.seen.ending is None and not self.finished.done():
            # its last word counts no more: that may have been read before what it printed
            self.seen.ending = "output_limit"
            self._keeper.end(self.number, "output_limit")

    def _end(self, ending: Ending) -> None:
        if self.seen.ending is None and self.seen.done is None:
            self.seen.ending = ending
            self._keeper.end(self.number, ending)

    def _on_message(self, kind: str, value: Any) -> None:
        if kind == "parked" and self._program is None:
            self._keeper.parked(self)
            return
        if not self._has_begun():  # what comes before the program itself is ours and can be believed
            if kind == "failed":
                self.seen.failed = value
        elif kind == "done":
            self._on_done(value)
        else:
            self._on_report(kind, value)

    def _has_begun(self) -> bool:
        """Whether the program has: it is said where it was told its program, before that is closed for good."""
        if self.seen.ready is None and self._teller is not None:
            try:
                said = self._teller.recv(_MESSAGE_BYTES)
            except OSError:  # nothing yet, or nobody any more
                return False
            if said:
                began_ns, self.seen.ready = json.loads(said)
                self._started_at = began_ns / 1e9
        return self.seen.ready is not None

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
        if not done["left_files"]:
            self._answer_early()
        self._linger = self._loop.call_later(_LINGER_S, self._hurry)

    def _answer_early(self) -> None:
        if self.finished.done():
            return
        for name in ("stdout", "stderr"):
            self._drain(self._names[name])
        if self.seen.ending is None:
            self._finish()

    def _hurry(self) -> None:
        self._keeper.end(self.number, "done")

    def _stop_clock(self) -> None:
        if self._started_at is not None and not self.seen.duration_ms:
            self.seen.duration_ms = (time.monotonic() - self._started_at) * 1000

    def _finish(self) -> None:
        self._stop_clock()
        self.seen.stdout, self.seen.stderr = (bytes(self._outputs[name]) for name in ("stdout", "stderr"))
        self.finished.set_result(self.seen)
        self._loop.call_soon(self._close_all)  # who waits for the answer comes first

    def _close_all(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
        for descriptor in list(self._readers):
            self._close(descriptor)
        if self._teller is not None:
            self._teller.close()
            self._teller = None


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


def _tell(teller: socket.socket, program: Program) -> None:
    """By a message; what is too large for one, and the input, are files that go with a second one."""
    job = {
        "code": program.code,
        "files": dict(program.files),
        "trace": program.trace,
        "cpu_s": int(program.timeout_s) + 1,
    }
    files = {"stdin": program.stdin.encode("utf-8", "replace")} if program.stdin else {}
    told = marshal.dumps((job, tuple(files)))
    if len(told) > _MESSAGE_BYTES:
        files["job"] = marshal.dumps(job)
        told = marshal.dumps((None, tuple(files)))
    teller.send(told)
    if files:
        descriptors = [_sealed_file(name, content) for name, content in files.items()]
        socket.send_fds(teller, [b"."], descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


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
