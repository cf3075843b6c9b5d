"""The service's end of a zygote: starts it, gives it runs, hears of their ends, and knows when it is gone."""

from __future__ import annotations

import array
import asyncio
import contextlib
import fcntl
import itertools
import marshal
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

import learnflow
from learnflow.services.code_execution import run_folders
from learnflow.services.code_execution.inside import kernel
from learnflow.services.code_execution.interpreter import Interpreter
from learnflow.services.code_execution.isolation import Isolation
from learnflow.services.code_execution.live import LiveRun
from learnflow.services.code_execution.memory_groups import MemoryGroups
from learnflow.services.code_execution.outcome import Program, Seen
from learnflow.services.code_execution.parking import Parking
from learnflow.services.code_execution.plan import UIDS_PER_ZYGOTE, Limits, Plan

log = structlog.get_logger()

_SOURCE_ROOT = str(Path(learnflow.__file__).parent.parent)
_BOOT = """import sys
sys.path.append(sys.argv[1])
from learnflow.services.code_execution.inside.zygote import main
sys.path.pop()
main(int(sys.argv[2]), int(sys.argv[3]))
"""
_ENVIRONMENT = {"LD_BIND_NOW": "1"}
"""Nothing of ours; the loader looks every function up once, in the zygote, and not again in each of its children."""
_UP_S = 10.0
_GONE_S = 2.0
_LOOK_S = 0.005
_CLOCK_AFTER_S = 0.003
"""A run by a parked child is left alone for so long: to wake the zygote at once would take a processor from it."""
_MESSAGE_BYTES = 4096
_LOWEST_DESCRIPTOR = 10
_zygote_numbers = itertools.count(1)


class Failed(Exception):
    """The zygote could not be brought up: which layer, and why."""

    def __init__(self, layer: str, reason: str) -> None:
        super().__init__(f"{layer}: {reason}")
        self.layer = layer
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Way:
    """One way of shutting programs in; zygotes of it may be started as often as one likes."""

    interpreter: Interpreter
    plan: Plan
    limits: Limits = field(default_factory=Limits)
    scratch_dir: Path | None = None
    parked: int = 0
    groups: MemoryGroups | None = None


class Zygote:
    """Belongs to the event loop that started it. `block` tells its user ids from those of its siblings."""

    def __init__(self, way: Way, block: int = 0) -> None:
        self.way = way
        self.block = block
        self.facts: dict[str, Any] = {}
        self.runs = 0
        self.is_up = False
        self.is_odd = False
        self.isolation = Isolation(0, reason="no canary was sent yet", is_known=False)
        self.started_at = time.monotonic()
        self._prefix = f"{next(_zygote_numbers)}-"
        self.pid: int | None = None
        self._live: dict[int, LiveRun] = {}
        self._numbers = itertools.count(1)
        self.parking = Parking(self, way.parked)
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._folder: str | None = None
        self._greeting: asyncio.Future[tuple[Any, ...]] | None = None

    @property
    def live(self) -> int:
        """Runs in hand; those that wait for a program are none."""
        return len(self._live) - self.parking.count

    async def start(self) -> None:
        """Until it is ready to bring forth; Failed with the layer when it cannot."""
        loop = asyncio.get_running_loop()
        self._greeting = loop.create_future()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        loop.add_reader(self._socket.fileno(), self._hear)
        try:
            with theirs:
                # what it leaves when it goes into namespaces of its own becomes ours
                kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
                self._process = await asyncio.to_thread(self._spawn, theirs)
                self.pid = self.pid or self._process.pid
            async with asyncio.timeout(_UP_S):
                kind, *told = await self._greeting
        except (OSError, TimeoutError) as error:
            await self.close()
            raise Failed("zygote", f"{type(error).__name__}: {error}") from error
        if kind != "up":
            await self.close()
            raise Failed(str(told[0]), str(told[1]))
        self.facts, self.is_up = told[0], True
        self.parking.look_later()

    async def close(self) -> None:
        """It and every process of it end; runs in hand are lost."""
        self._hung_up("it was closed")
        process, folder, groups = self._process, self._folder, self.way.groups
        pid, self.pid = self.pid, None
        self._process = self._folder = None
        if process is not None and pid is not None:
            await asyncio.to_thread(_end, process, pid)
        if folder is not None:
            await asyncio.to_thread(run_folders.remove, folder)
        if groups is not None:
            await asyncio.to_thread(groups.remove, self._prefix)

    def begin(self, program: Program, *, parked: bool = True) -> LiveRun:
        """Start a run, by a parked child where there is one; OSError when the zygote does not take it."""
        self.runs += 1
        waiting = self.parking.take() if parked else None
        live = waiting or self.bear(program.timeout_s)
        live.tell(program)
        if waiting is not None:
            asyncio.get_running_loop().call_later(_CLOCK_AFTER_S, self._keep_time, live, program.timeout_s)
        self.parking.look_later()
        return live

    def _keep_time(self, live: LiveRun, timeout_s: float) -> None:
        """From now on the zygote keeps the time of a run that had waited; most have come to their end before."""
        if live.finished.done() or live.number not in self._live:
            return
        try:
            self._send(("go", live.number, timeout_s))
        except BlockingIOError:  # it has much to hear just now
            asyncio.get_running_loop().call_later(_CLOCK_AFTER_S, self._keep_time, live, timeout_s)
        except OSError as error:
            self._hung_up(str(error))

    def bear(self, timeout_s: float | None) -> LiveRun:
        """A run that is yet to be told its program; without a time limit it waits for it."""
        live = LiveRun(self, next(self._numbers), self.way.limits.output_bytes)
        theirs = live.open()
        try:
            self._send(("run", live.number, timeout_s), theirs)
        except OSError:
            live.lost("it takes no more runs")
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        self._live[live.number] = live
        return live

    async def watch(self, program: Program, *, parked: bool = True) -> Seen:
        """A run to its very end."""
        live = self.begin(program, parked=parked)
        seen = await live.finished
        await live.gone
        return seen

    def end(self, number: int, reason: str) -> None:
        with contextlib.suppress(OSError):  # then it is gone already, and so is the run
            self._send(("end", number, reason))

    def judged(self) -> None:
        """The canary is back: from now on no run needs to tell which namespaces it is in."""
        with contextlib.suppress(OSError):
            self._send(("judged",))

    def parked(self, live: LiveRun) -> None:
        """It says that it waits for a program."""
        self.parking.add(live)

    def _spawn(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        if not self.way.plan.namespaces:
            self._folder = run_folders.make(self.way.scratch_dir)
        config = os.memfd_create("learnflow-config", os.MFD_CLOEXEC)
        os.write(config, marshal.dumps(self._config()))
        os.lseek(config, 0, os.SEEK_SET)
        passed = [
            fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, _LOWEST_DESCRIPTOR) for number in (config, theirs.fileno())
        ]
        os.close(config)
        command = [self.way.interpreter.executable, "-I", "-S", "-B", "-c", _BOOT, _SOURCE_ROOT, *map(str, passed)]
        try:
            return subprocess.Popen(
                command,
                env=_ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=passed,
                process_group=0,
            )
        finally:
            for number in passed:
                os.close(number)

    def _config(self) -> dict[str, object]:
        way = self.way
        return {
            "plan": way.plan.as_config(),
            "limits": way.limits.as_config(),
            "view": way.interpreter.view.as_config(),
            "uids": way.plan.uids(self.block, UIDS_PER_ZYGOTE),
            "runs": self._folder,
            "groups": self._groups(),
        }

    def _groups(self) -> tuple[str, int, str] | None:
        groups = self.way.groups
        if groups is None or not self.way.plan.cgroup:
            return None
        return str(groups.folder), groups.version, self._prefix

    def _send(self, message: tuple[Any, ...], descriptors: tuple[int, ...] = ()) -> None:
        if self._socket is None:
            raise ConnectionResetError("the zygote is gone")
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        self._socket.sendmsg([marshal.dumps(message)], rights)

    def _hear(self) -> None:
        if self._socket is None:
            return
        try:
            data, ancillary, _, _ = self._socket.recvmsg(_MESSAGE_BYTES, socket.CMSG_SPACE(4))
        except BlockingIOError:
            return
        except OSError as error:
            self._hung_up(str(error))
            return
        passed = array.array("i", b"".join(packed for _, _, packed in ancillary))
        try:
            if data:
                self._understand(marshal.loads(data), passed[0] if passed else -1)  # noqa: S302 - our own zygote
            else:
                self._hung_up("it ended")
        finally:
            for descriptor in passed:
                os.close(descriptor)

    def _understand(self, message: tuple[Any, ...], scratch: int) -> None:
        kind, *told = message
        if kind == "ended":
            self._on_ended(scratch, *told)
        elif kind == "pid":
            self.pid = told[0]
        elif self._greeting is not None and not self._greeting.done():
            self._greeting.set_result(message)

    def _on_ended(
        self,
        scratch: int,
        number: int,
        status: int | None,
        peak_bytes: int,
        cpu_s: float,
        reason: str | None,
        path: str | None,
    ) -> None:
        live = self._live.pop(number, None)
        if live is None:
            return
        if self.parking.lost(live):  # it should have waited
            self.is_odd = True
            log.warning("sandbox.zygote.odd", reason=reason or "a parked child ended")
        if path is None:
            live.on_ended(status, peak_bytes, cpu_s, reason, scratch)
            return
        folder = run_folders.opened(path)
        live.on_ended(status, peak_bytes, cpu_s, reason, folder)
        if folder >= 0:
            os.close(folder)
        asyncio.get_running_loop().run_in_executor(None, run_folders.remove, path)

    def _hung_up(self, reason: str) -> None:
        self.is_up = False
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
        if self._greeting is not None and not self._greeting.done():
            self._greeting.set_result(("failed", "zygote", reason))
        self.parking.close()
        for live in list(self._live.values()):
            live.lost(reason)
        self._live.clear()


def _end(process: subprocess.Popen[bytes], pid: int) -> None:
    """It ends by itself when its service has hung up; else it is made to."""
    until = time.monotonic() + _GONE_S
    while pid != process.pid and not _is_reaped(pid):
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
        time.sleep(_LOOK_S)
    try:
        process.wait(_GONE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _is_reaped(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True
