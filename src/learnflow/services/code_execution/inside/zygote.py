"""The zygote: a warm interpreter that holds no secret and brings forth runs by fork, as its service asks.

It speaks with the service over one socket. Source, input and output of a run pass by it: it sees descriptors alone.
It keeps the time of every run, and says that one has ended only when all its processes are gone.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # the public module wraps every call
import _socket
import ctypes
import gc
import heapq
import importlib
import marshal
import os
import select
import struct
import time

from learnflow.services.code_execution.inside import kernel, landlock, limits, namespaces, nursery, student
from learnflow.services.code_execution.inside.demotion import Demotion
from learnflow.services.code_execution.inside.nursery import Born, Nursery

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_PRELOADED = (
    "abc ast bisect collections collections.abc contextlib copy csv ctypes dataclasses datetime decimal enum fractions "
    "functools heapq inspect io itertools json linecache math operator random re resource statistics string textwrap "
    "threading traceback types typing encodings.ascii encodings.latin_1"
)
_MESSAGE_BYTES = 4096
_MOST_DESCRIPTORS = 4
_OOM_SCORE = 500


class Run:
    """What the service asked for, until its last process is gone. It may be shut in long before it is told its program:
    then it `waits`, and no time is kept."""

    __slots__ = ("born", "cpu_s", "id", "peak_bytes", "reason", "status", "waits")

    def __init__(self, number: int, born: Born, *, waits: bool) -> None:
        self.id = number
        self.waits = waits
        self.born = born
        self.reason: str | None = None
        self.status: int | None = None
        self.peak_bytes = 0
        self.cpu_s = 0.0


class Zygote:
    def __init__(self, config: dict[str, Any], service: Any, proc: int, *, own_proc: bool) -> None:
        self._service = service
        self._nursery = Nursery(config, proc)
        self._demotion = Demotion(proc if own_proc else None)
        self._memory_bytes: int = config["limits"]["memory_bytes"]
        self._uids: list[int] = list(config["uids"])
        self._runs: dict[int, Run] = {}
        self._by_pid: dict[int, Run] = {}
        self._clocks: list[tuple[float, int, str]] = []
        _forget_ignored_signals()
        self._children = _child_signals()

    def prepare(self) -> dict[str, object]:
        """What the service is told when the zygote is ready."""
        self._nursery.prepare()
        return {"base_bytes": self._nursery.base_bytes}

    def serve(self) -> None:
        """Until the service hangs up."""
        poller = select.poll()
        poller.register(self._service.fileno(), select.POLLIN)
        poller.register(self._children, select.POLLIN)
        while True:
            ready = poller.poll(self._patience_ms())
            for descriptor, _ in ready:
                if descriptor == self._children:
                    os.read(descriptor, _MESSAGE_BYTES)
                elif not self._hear():
                    return
            self._reap()
            self._keep_time()

    def _patience_ms(self) -> int | None:
        if not self._clocks:
            return None
        return max(0, int((self._clocks[0][0] - time.monotonic()) * 1000) + 1)

    def _hear(self) -> bool:
        data, ancillary, _, _ = self._service.recvmsg(_MESSAGE_BYTES, _socket.CMSG_SPACE(4 * _MOST_DESCRIPTORS))
        if not data:
            return False
        descriptors = tuple(number for _, _, packed in ancillary for (number,) in struct.iter_unpack("i", packed))
        message = marshal.loads(data)  # noqa: S302 - from the service that started us, never from outside
        try:
            self._obey(message, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def _obey(self, message: tuple[Any, ...], descriptors: tuple[int, ...]) -> None:
        if message[0] == "run":
            self._start(message[1], message[2], descriptors)
        elif message[0] == "go":
            run = self._runs.get(message[1])
            if run is not None:
                self._time(run, message[2])
        elif message[0] == "end":
            run = self._runs.get(message[1])
            if run is not None:
                self._end(run, message[2])
        elif message[0] == "judged":
            self._nursery.tells_namespaces = False

    def _start(self, number: int, timeout_s: float | None, descriptors: tuple[int, ...]) -> None:
        """Without a time limit it waits for its program, which its service will announce."""

        def live(ready: bytes, scratch: str) -> NoReturn:
            nursery.run(descriptors, ready, scratch, waits=timeout_s is None)

        try:
            born = self._with_uid(live, descriptors[nursery.CHANNEL])
        except (OSError, kernel.LayerFailed, IndexError) as error:
            self._say(("ended", number, None, 0, 0.0, f"{type(error).__name__}: {error}", None))
            return
        run = self._runs[number] = self._by_pid[born.student] = Run(number, born, waits=timeout_s is None)
        if born.init:
            self._by_pid[born.init] = run
        if timeout_s is not None:
            self._time(run, timeout_s)

    def _time(self, run: Run, timeout_s: float) -> None:
        run.waits = False
        now = time.monotonic()
        heapq.heappush(self._clocks, (now + timeout_s, run.id, "wall"))
        heapq.heappush(self._clocks, (now + self._demotion.after_s, run.id, "cpu"))

    def _with_uid(self, live: Any, on_failure: int) -> Born:
        uid = self._uids.pop(0)
        try:
            return self._nursery.bear(uid, live, on_failure)
        except (OSError, kernel.LayerFailed):
            self._uids.append(uid)
            raise

    def _end(self, run: Run, reason: str) -> None:
        if run.reason is None and run.status is None:
            run.reason = reason
        run.born.kill()

    def _reap(self) -> None:
        while self._by_pid:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            run = self._by_pid.pop(pid, None)
            if run is None:
                continue
            if pid == run.born.student:
                run.status = status
                run.peak_bytes = usage.ru_maxrss * 1024
                run.cpu_s = usage.ru_utime + usage.ru_stime
                if run.born.init:
                    run.born.kill()
                    continue
            self._buried(run)

    def _buried(self, run: Run) -> None:
        """Every process of it is gone: only now its user id and its place are free."""
        born = run.born
        self._uids.append(born.uid)
        del self._runs[run.id]
        ran_out = bool(born.group and self._nursery.groups and self._nursery.groups.give_back(born.group))
        if ran_out and run.reason is None and run.status == signal.SIGKILL:
            run.reason = "memory"
            run.peak_bytes = max(run.peak_bytes, self._memory_bytes)
        path = born.scratch if isinstance(born.scratch, str) else None
        rights = [] if path else [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack("i", born.scratch))]
        self._say(("ended", run.id, run.status, run.peak_bytes, run.cpu_s, run.reason, path), rights)
        born.let_go()

    def _keep_time(self) -> None:
        if not self._clocks:
            return
        now = time.monotonic()
        while self._clocks and self._clocks[0][0] <= now:
            _, number, kind = heapq.heappop(self._clocks)
            run = self._runs.get(number)
            if run is None or run.status is not None:
                continue
            if kind == "wall":
                self._end(run, "timeout")
            else:
                live = sum(not other.waits for other in self._runs.values())
                again_in_s = self._demotion.look_at(run.born, live)
                if again_in_s:
                    heapq.heappush(self._clocks, (now + again_in_s, number, "cpu"))

    def _say(self, message: tuple[Any, ...], rights: Any = ()) -> None:
        self._service.sendmsg([marshal.dumps(message)], rights)


def _forget_ignored_signals() -> None:
    """Whoever was started by nohup, or in the background, hands on that signals are ignored; programs must not be."""
    for number, usual in (
        (signal.SIGHUP, signal.SIG_DFL),
        (signal.SIGQUIT, signal.SIG_DFL),
        (signal.SIGINT, signal.default_int_handler),
    ):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, usual)


def _child_signals() -> int:
    """A descriptor that can be read when a child has ended."""
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGCHLD,))
    mask = ctypes.create_string_buffer((1 << (signal.SIGCHLD - 1)).to_bytes(8, "little"), 128)
    return kernel.checked(kernel.libc.signalfd(-1, mask, os.O_CLOEXEC | os.O_NONBLOCK), "signalfd")


def _become_first(service: Any, plan: dict[str, Any]) -> None:
    """Into namespaces of our own, as the first process there: when it ends, every run ends.

    The process that was started says who we are and is gone; the service adopts us.
    """
    namespaces.leave_host(user=not plan["uids"])
    pid = kernel.fork()
    if pid != 0:
        service.send(marshal.dumps(("pid", pid)))
        os._exit(0)


def _boot(config: dict[str, Any], service: Any) -> Zygote:
    for name in _PRELOADED.split():
        importlib.import_module(name)
    limits.spare_memory()
    plan = config["plan"]
    if plan["namespaces"]:
        _become_first(service, plan)
    proc, own_proc = namespaces.own_proc() if plan["namespaces"] else (os.open("/proc", os.O_PATH), True)
    limits.go_first_when_memory_runs_out(proc, _OOM_SCORE)
    if plan["landlock"]:
        landlock.version()
    zygote = Zygote(config, service, proc, own_proc=own_proc)
    if plan["namespaces"]:
        namespaces.build_root(config["view"])
    student.set_the_stage()
    return zygote


def _take_low_descriptors() -> None:
    """The first are nobody's here, so that what is passed to us never lies there; and they look like pipes."""
    reading, writing = os.pipe()
    os.dup2(reading, 0)
    for number in range(1, nursery.FIRST_FREE):
        os.dup2(writing, number)
    for number in (reading, writing):
        if number >= nursery.FIRST_FREE:
            os.close(number)


def main(config_descriptor: int, socket_descriptor: int) -> NoReturn:
    """Boot, say so, serve."""
    service = _socket.socket(fileno=socket_descriptor)
    with open(config_descriptor, "rb") as file:
        config: dict[str, Any] = marshal.load(file)  # noqa: S302 - from the service that started us
    _take_low_descriptors()
    try:
        zygote = _boot(config, service)
        gc.freeze()
        facts = zygote.prepare()
    except kernel.LayerFailed as error:
        service.send(marshal.dumps(("failed", error.layer, error.reason)))
        os._exit(nursery.GAVE_UP)
    except Exception as error:  # noqa: BLE001 - the service must hear of it, whatever it is
        service.send(marshal.dumps(("failed", "zygote", f"{type(error).__name__}: {error}")))
        os._exit(nursery.GAVE_UP)
    service.send(marshal.dumps(("up", facts)))
    zygote.serve()
    os._exit(0)
