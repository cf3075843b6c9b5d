"""How a run comes into the world: its namespaces, a first process, the student's process, and what shuts it in."""

# ruff: noqa: PTH102 - pathlib is not loaded here
from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # the public module wraps every call
import _socket
import marshal
import os
import struct

from learnflow.services.code_execution.inside import (
    groups,
    kernel,
    landlock,
    limits,
    namespaces,
    seccomp,
    student,
    wire,
)
from learnflow.services.code_execution.inside.init import Init
from learnflow.services.code_execution.inside.shutting import Shutting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

GAVE_UP = 120
STDOUT, STDERR, CHANNEL, JOB = range(4)
"""What each run is given: its pipes, and the socket by which it is told its program."""
_CHANNEL, _JOB, _STDOUT, _STDERR, FIRST_FREE = range(3, 8)
_JOB_BYTES = 1 << 16


class Born:
    """A run's processes and its scratch; `init` is 0 without namespaces, `scratch` a descriptor or a path."""

    __slots__ = ("group", "init", "scratch", "student", "uid")

    def __init__(self, student: int, init: int, scratch: int | str, uid: int, group: str | None) -> None:
        self.student = student
        self.init = init
        self.scratch = scratch
        self.uid = uid
        self.group = group

    def kill(self) -> None:
        """The first process takes all others of its namespace with it."""
        try:
            os.kill(self.init or self.student, 9)
        except ProcessLookupError:
            return

    def let_go(self) -> None:
        if isinstance(self.scratch, int):
            os.close(self.scratch)


class Nursery:
    """Holds what all runs have in common, made once."""

    def __init__(self, config: dict[str, Any], proc: int) -> None:
        self.plan: dict[str, Any] = config["plan"]
        self.limits: dict[str, int] = config["limits"]
        self.spaced: bool = self.plan["namespaces"]
        self._config = config
        self._proc = proc
        self._count = 0
        self.base_bytes = 0
        self.tells_namespaces = True
        self._ruleset = -1
        self._filter: seccomp.Filter | None = None
        self.groups: groups.Groups | None = None
        if config["groups"]:
            folder, version, prefix = config["groups"]
            self.groups = groups.Groups(folder, version, prefix, self.limits["memory_bytes"])
        self._shutting = Shutting(self.plan, proc, min(19, os.nice(0) + limits.NICENESS))
        if self.spaced:
            self._init = Init()
            self._births = namespaces.Births(self.limits)
            self._own_pid_namespace = os.open("self/ns/pid", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)

    def prepare(self) -> None:
        """In the private root: rules and filter, and how large the interpreter is."""
        if self.spaced and self.plan["landlock"]:
            self._ruleset = landlock.ruleset(self._rules(namespaces.SCRATCH_PARENT))
        if self.spaced and self.plan["seccomp"]:
            self._filter = seccomp.Filter(may_fork=True)
        self.base_bytes = limits.interpreter_bytes(self._proc)
        self._usual = self._ready()
        chosen = limits.chosen(self.limits, self.base_bytes)
        self._shutting.prepare(chosen, self.groups, self._ruleset, self._filter)

    def bear(self, uid: int, live: Callable[[bytes, str], NoReturn], on_failure: int) -> Born:
        """A new run; `live` is called in the student's process when it is shut in."""
        group = self.groups.take() if self.groups else None
        scratch: int | str = -1
        try:
            scratch = self._scratch(uid)
            pid, init = self._fork(Born(0, 0, scratch, uid, group), live, on_failure)
        except (OSError, kernel.LayerFailed):
            if isinstance(scratch, int) and scratch >= 0:
                os.close(scratch)
            if group and self.groups:
                self.groups.give_back(group)
            raise
        return Born(pid, init, scratch, uid, group)

    def _fork(self, own: Born, live: Callable[[bytes, str], NoReturn], on_failure: int) -> tuple[int, int]:
        """The student's process and the first one of its namespace."""
        group = self.groups.joined_by(own.group) if self.groups and own.group else None
        self._shutting.next(own.uid, own.scratch, group)
        init = 0
        try:
            if self.spaced:
                init = self._init.start()
            pid = kernel.fork()
            if pid == 0:
                self._grow_up(own, live, on_failure)
        except OSError:
            if init:
                os.kill(init, 9)
            raise
        finally:
            if self.spaced:
                kernel.setns(self._own_pid_namespace, kernel.NEWPID)
        return pid, init

    def _scratch(self, uid: int) -> int | str:
        if self.spaced:
            return self._births.next(uid)
        self._count += 1
        path = f"{self._config['runs']}/{self._count}"
        os.mkdir(path, 0o700)
        if self.plan["uids"]:
            os.chown(path, uid, uid)
        return path

    def _grow_up(self, own: Born, live: Callable[[bytes, str], NoReturn], on_failure: int) -> NoReturn:
        """In the student's process, which leaves here by its end alone."""
        try:
            ready = self._shut_in(own)
            home = own.scratch if isinstance(own.scratch, str) else namespaces.SCRATCH
            student.settle_in(home)
            live(ready, home)
        except kernel.LayerFailed as error:
            _give_up(on_failure, error.layer, error.reason)
        except BaseException as error:  # noqa: BLE001 - the service must hear of it, whatever it is
            _give_up(on_failure, "sandbox", f"{type(error).__name__}: {error}")
        os._exit(GAVE_UP)

    def _shut_in(self, own: Born) -> bytes:
        """What the service is told when the program begins."""
        self._shutting.move_in()
        tells = self.spaced and self.tells_namespaces
        ready = self._ready(namespaces.inodes(self._proc)) if tells else self._usual
        self._shutting.lock(self._others())
        if isinstance(own.scratch, str):
            self._restrict(own.scratch)
        return ready

    def _ready(self, own_namespaces: dict[str, int] | None = None) -> bytes:
        return wire.encode({"base_bytes": self.base_bytes, "namespaces": own_namespaces}).encode()

    def _others(self) -> int:
        """Without ids and namespaces of their own the kernel counts our runs with all else that this user has."""
        return 0 if self.spaced or self.plan["uids"] else limits.tasks_of(self._proc, os.getuid())

    def _restrict(self, folder: str) -> None:
        """Without namespaces each run's folder is another one, and it may signal itself alone."""
        if self.plan["landlock"]:
            landlock.restrict(landlock.ruleset(self._rules(folder)))
        if self.plan["seccomp"]:
            seccomp.Filter(may_fork=False, pid=os.getpid()).install()
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def _rules(self, writable: str) -> dict[str, int]:
        view = self._config["view"]
        rules = dict.fromkeys([*view["folders"], *view["files"]], landlock.READ)
        devices = dict.fromkeys(namespaces.DEVICES, landlock.DEVICE)
        return {**rules, **devices, writable: landlock.READ_WRITE}


def run(descriptors: tuple[int, ...], ready: bytes, scratch: str, *, waits: bool) -> NoReturn:
    """The rest of the student's process; while it waits for its program it gets everything else ready."""
    try:
        _keep(descriptors)
        if waits:
            student.rehearse(scratch)
        _put_in_place()
        if waits:
            wire.send(_CHANNEL, wire.PARKED, {})
        student.run(_job(), scratch, ready)
    except BaseException as error:  # noqa: BLE001 - the service must hear of it, whatever it is
        _give_up(_CHANNEL, "sandbox", f"{type(error).__name__}: {error}")


def _keep(descriptors: tuple[int, ...]) -> None:
    """What else was inherited goes: of a busy zygote it is more than a run may hold."""
    for kept, number in ((CHANNEL, _CHANNEL), (JOB, _JOB), (STDOUT, _STDOUT), (STDERR, _STDERR)):
        os.dup2(descriptors[kept], number, False)
    os.closerange(FIRST_FREE, 1 << 20)


def _put_in_place() -> None:
    """Where a program expects its streams."""
    os.dup2(_STDOUT, 1)
    os.dup2(_STDERR, 2)
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.closerange(_STDOUT, 1 << 20)


def _job() -> dict[str, Any]:
    """What is to be done: a message; what does not fit in, and the input, are files in a second one."""
    told = os.read(_JOB, _JOB_BYTES)
    if not told:
        os._exit(0)  # the service has gone, or needs us no more
    job: dict[str, Any]
    job, files = marshal.loads(told)  # noqa: S302 - from the service that started us
    if files:
        passed = _passed()
        if "stdin" in files:
            os.dup2(passed[files.index("stdin")], 0)
        if "job" in files:
            with os.fdopen(passed[files.index("job")], "rb") as file:
                job = marshal.load(file)  # noqa: S302 - as above
        os.closerange(_STDOUT, 1 << 20)
    return job


def _passed() -> list[int]:
    socket = _socket.socket(fileno=_JOB)
    _, ancillary, _, _ = socket.recvmsg(1, _socket.CMSG_SPACE(8))
    socket.detach()
    return [number for _, _, packed in ancillary for (number,) in struct.iter_unpack("i", packed)]


def _give_up(channel: int, layer: str, reason: str) -> NoReturn:
    try:
        wire.send(channel, wire.FAILED, {"layer": layer, "reason": reason})
    except OSError:  # nobody listens any more
        os._exit(GAVE_UP)
    os._exit(GAVE_UP)
