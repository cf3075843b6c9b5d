"""What shuts a child in: its place, its limits, its identity, its rules. Written down once, run in each child."""

from __future__ import annotations

import ctypes
import resource
import struct

from learnflow.services.code_execution.inside import kernel, namespaces
from learnflow.services.code_execution.inside.steps import Slot, Steps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from learnflow.services.code_execution.inside.groups import Groups
    from learnflow.services.code_execution.inside.seccomp import Filter

_PATH_BYTES = 512
_EMPTY_PATH = 4
_FILTER_MODE = 2
_SET_MASK, _MASK_BYTES = 2, 8
_CAPABILITY_VERSION_3 = 0x20080522
_OOM_SCORE = b"1000"
_FOLDERS = (b".tmp", b".shm")
_KILL = 9


class Shutting:
    """The zygote says before a fork whom it is about; the child goes through `move_in` and `lock`."""

    def __init__(self, plan: dict[str, Any], proc: int, niceness: int) -> None:
        self._plan = plan
        self._scratch, self._uid = Slot(), Slot()
        self._folder = ctypes.create_string_buffer(namespaces.SCRATCH.encode(), _PATH_BYTES)
        self._group = ctypes.create_string_buffer(_PATH_BYTES)
        self._tasks = ctypes.create_string_buffer(16)
        self._moving = self._move(proc, niceness)

    def prepare(
        self, chosen: dict[int, tuple[int, int]], groups: Groups | None, ruleset: int, own_filter: Filter | None
    ) -> None:
        """In the private root, when the rules are known; without one they are made by each child."""
        self._most_tasks = chosen[resource.RLIMIT_NPROC]
        self._tasks.raw = self._pair()
        steps = Steps()
        if groups is not None:
            steps.write("cgroup", groups.folder, self._group, b"0")
        for name, pair in chosen.items():
            own = self._tasks if name == resource.RLIMIT_NPROC else struct.pack("=QQ", *pair)
            steps.add("rlimits", "prlimit64", 0, name, own, 0)
        self._give_up_rights(steps)
        if ruleset >= 0:
            steps.add("landlock", "landlock_restrict_self", ruleset, 0)
        if own_filter is not None:
            steps.add("seccomp", "prctl", kernel.PR_SET_SECCOMP, _FILTER_MODE, own_filter.header)
        if self._plan["namespaces"]:
            steps.add("sandbox", "rt_sigprocmask", _SET_MASK, bytes(_MASK_BYTES), 0, _MASK_BYTES)
        steps.done()
        self._locking = steps

    def next(self, uid: int, scratch: int | str, group: str | None) -> None:
        """Whom the next fork is about."""
        self._uid.value = uid
        if isinstance(scratch, str):
            self._folder.value = scratch.encode()
        else:
            self._scratch.value = scratch
        if group:
            self._group.value = group.encode()

    def move_in(self) -> None:
        """Into its own group of processes, namespaces and folder."""
        self._moving.run()

    def lock(self, others: int) -> None:
        """From here on nothing can be undone. `others`: tasks that the kernel counts with a run's own."""
        if others:
            self._tasks.raw = self._pair(others)
        self._locking.run()

    def _pair(self, others: int = 0) -> bytes:
        return struct.pack("=QQ", *(most + others for most in self._most_tasks))

    def _move(self, proc: int, niceness: int) -> Steps:
        steps = Steps()
        steps.add("sandbox", "setpgid", 0, 0)
        steps.add("sandbox", "setpriority", 0, 0, niceness)
        steps.write("rlimits", proc, b"self/oom_score_adj", _OOM_SCORE)
        if self._plan["namespaces"]:
            nested = not self._plan["uids"]
            steps.add("namespaces", "unshare", kernel.NEWNS | (kernel.NEWUSER if nested else 0))
            for file, text in namespaces.id_maps(namespaces.INNER_ID, namespaces.INNER_ID) if nested else ():
                steps.write("namespaces", proc, f"self/{file}".encode(), text.encode())
            place = namespaces.SCRATCH.encode()
            steps.add("namespaces", "move_mount", self._scratch, b"", kernel.AT_FDCWD, place, _EMPTY_PATH)
        steps.add("scratch", "chdir", self._folder)
        steps.done()
        return steps

    def _give_up_rights(self, steps: Steps) -> None:
        if self._plan["uids"]:
            steps.add("user", "setgroups", 0, 0)
            steps.add("user", "setgid", self._uid)
            steps.add("user", "setuid", self._uid)
        for folder in _FOLDERS:
            steps.add("scratch", "mkdirat", kernel.AT_FDCWD, folder, 0o700)
        steps.add("user", "capset", struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), bytes(24))
        steps.add("user", "prctl", kernel.PR_SET_DUMPABLE, 0)
        steps.add("user", "prctl", kernel.PR_SET_NO_NEW_PRIVS, 1)
        if not self._plan["namespaces"]:
            steps.add("user", "prctl", kernel.PR_SET_PDEATHSIG, _KILL)
