"""How a run comes into the world: its namespaces, a first process, the student's process, and what shuts it in."""

# ruff: noqa: PTH102 - pathlib is not loaded here
from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # the public module wraps every call
import marshal
import os

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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

GAVE_UP = 120
STDIN, STDOUT, STDERR, CHANNEL, JOB = range(5)
_FIRST_SPARE = 4
_CHUNK_BYTES = 1 << 16


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
        self._ruleset = -1
        self._filter: seccomp.Filter | None = None
        self.groups: groups.Groups | None = None
        if config["groups"]:
            folder, version, prefix = config["groups"]
            self.groups = groups.Groups(folder, version, prefix, self.limits["memory_bytes"])
        if self.spaced:
            self._init = Init()
            self._own_pid_namespace = os.open("self/ns/pid", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)

    def prepare(self) -> None:
        """In the private root: rules and filter, and how large the interpreter is."""
        if self.spaced and self.plan["landlock"]:
            self._ruleset = landlock.ruleset(self._rules(namespaces.SCRATCH_PARENT))
        if self.spaced and self.plan["seccomp"]:
            self._filter = seccomp.Filter(may_fork=True)
        self.base_bytes = limits.interpreter_bytes(self._proc)

    def bear(self, uid: int, live: Callable[[bytes, str], NoReturn], on_failure: int | None) -> Born:
        """A new run; `live` is called in the student's process when it is shut in."""
        scratch = self._scratch(uid)
        group = self.groups.take() if self.groups else None
        try:
            init = self._first_process()
            try:
                pid = kernel.fork()
                if pid == 0:
                    self._grow_up(Born(0, init, scratch, uid, group), live, on_failure)
            except OSError:
                if init:
                    os.kill(init, 9)
                raise
            finally:
                if self.spaced:
                    kernel.setns(self._own_pid_namespace, kernel.NEWPID)
        except OSError:
            if isinstance(scratch, int):
                os.close(scratch)
            raise
        return Born(pid, init, scratch, uid, group)

    def _scratch(self, uid: int) -> int | str:
        if self.spaced:
            return namespaces.new_scratch(uid, self.limits)
        self._count += 1
        path = f"{self._config['runs']}/{self._count}"
        os.mkdir(path, 0o700)
        if self.plan["uids"]:
            os.chown(path, uid, uid)
        return path

    def _first_process(self) -> int:
        if not self.spaced:
            return 0
        kernel.unshare(kernel.NEWPID)
        return self._init.start()

    def _grow_up(self, own: Born, live: Callable[[bytes, str], NoReturn], on_failure: int | None) -> NoReturn:
        """In the student's process, which leaves here by its end alone."""
        try:
            ready = wire.encoded(wire.READY, self._shut_in(own))
            home = own.scratch if isinstance(own.scratch, str) else namespaces.SCRATCH
            student.settle_in(home)
            live(ready, home)
        except kernel.LayerFailed as error:
            _give_up(on_failure, error.layer, error.reason)
        except BaseException as error:  # noqa: BLE001 - the service must hear of it, whatever it is
            _give_up(on_failure, "sandbox", f"{type(error).__name__}: {error}")
        os._exit(GAVE_UP)

    def _shut_in(self, own: Born) -> dict[str, object]:
        uid, scratch = own.uid, own.scratch
        os.setpgid(0, 0)
        os.nice(limits.NICENESS)
        limits.go_first_when_memory_runs_out(self._proc, 1000)
        if isinstance(scratch, int):
            self._move_in(scratch)
        os.chdir(scratch if isinstance(scratch, str) else namespaces.SCRATCH)
        facts: dict[str, object] = {"base_bytes": self.base_bytes}
        if self.spaced:
            facts["namespaces"] = namespaces.inodes(self._proc)
        if self.groups and own.group:
            self.groups.join(own.group)
        limits.apply(self.limits, self.base_bytes, self._others())
        if self.plan["uids"]:
            limits.become(uid, uid)
        limits.give_up_privileges()
        if not self.spaced:
            kernel.die_with_parent()
        self._restrict(scratch)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        return facts

    def _others(self) -> int:
        """Without ids and namespaces of their own the kernel counts our runs with all else that this user has."""
        return 0 if self.spaced or self.plan["uids"] else limits.tasks_of(self._proc, os.getuid())

    def _move_in(self, scratch: int) -> None:
        try:
            nested = not self.plan["uids"]
            kernel.unshare(kernel.NEWNS | (kernel.NEWUSER if nested else 0))
            if nested:
                namespaces.map_ids("self", self._proc, namespaces.INNER_ID, namespaces.INNER_ID)
            kernel.put_mount(scratch, namespaces.SCRATCH)
        except OSError as error:
            raise kernel.LayerFailed("namespaces", error.strerror or str(error)) from error

    def _restrict(self, scratch: int | str) -> None:
        if self.plan["landlock"]:
            own = landlock.ruleset(self._rules(scratch)) if isinstance(scratch, str) else self._ruleset
            landlock.restrict(own)
        if self.plan["seccomp"]:
            own_filter = self._filter or seccomp.Filter(may_fork=self.spaced, pid=os.getpid())
            own_filter.install()

    def _rules(self, writable: str) -> dict[str, int]:
        view = self._config["view"]
        rules = dict.fromkeys([*view["folders"], *view["files"]], landlock.READ)
        devices = dict.fromkeys(namespaces.DEVICES, landlock.DEVICE)
        return {**rules, **devices, writable: landlock.READ_WRITE}


def settle(descriptors: tuple[int, ...]) -> dict[str, Any]:
    """Put the run's descriptors where a program expects them and read what is to be done."""
    job: dict[str, Any] = marshal.loads(_whole(descriptors[JOB]))  # noqa: S302 - from the service that started us
    for number in (STDIN, STDOUT, STDERR, CHANNEL):
        os.dup2(descriptors[number], number, number != CHANNEL)
    os.closerange(_FIRST_SPARE, 1 << 20)
    return job


def _whole(descriptor: int) -> bytes:
    data = os.read(descriptor, _CHUNK_BYTES)
    if len(data) < _CHUNK_BYTES:
        return data
    parts = [data]
    while part := os.read(descriptor, _CHUNK_BYTES):
        parts.append(part)
    return b"".join(parts)


def run(descriptors: tuple[int, ...], ready: bytes, scratch: str) -> NoReturn:
    """The rest of the student's process."""
    student.run(settle(descriptors), scratch, ready)


def _give_up(channel: int | None, layer: str, reason: str) -> NoReturn:
    if channel is not None:
        wire.send(channel, wire.FAILED, {"layer": layer, "reason": reason})
    os._exit(GAVE_UP)
