"""A run that has used the processor for a while goes behind all others: to SCHED_IDLE, with all its threads.

Never by a cgroup's weight: a task that is starved there may hold what others wait for.
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from learnflow.services.code_execution.inside.nursery import Born

AFTER_S = 0.25
_SOONEST_S = 0.02
_CROWD = 4
"""Runs for each processor: where there are more, each has less before it steps back, or a hundred loops would keep all
others waiting for as long as it takes to give each of them a quarter of a second."""
_SCHED_CLOCK = 2
_PASSES = 2


class Demotion:
    """`proc` is the process file system of our own pid namespace, None where there is none: then only the student's
    first thread, and what it starts from then on, steps back."""

    after_s = AFTER_S

    def __init__(self, proc: int | None) -> None:
        self._proc = proc
        self._cores = os.cpu_count() or 1

    def look_at(self, born: Born, live: int) -> float:
        """Demote the run, one of `live`, if its time has come; else in how many seconds to look again, 0 for never."""
        used_s = sum(_cpu_s(pid) for pid in self._processes(born))
        left_s = allowed_s(live, self._cores) - used_s
        if left_s > 0:
            return min(AFTER_S, max(_SOONEST_S, left_s * live / self._cores))
        for _ in range(_PASSES):  # what was started during the first is met in the second
            for pid in self._processes(born):
                for thread in self._threads(pid):
                    _step_back(thread)
        return 0.0

    def _processes(self, born: Born) -> list[int]:
        """The student's and all that descend from it; orphans are the first process's children."""
        found, unseen = [], [born.student, *self._children(born.init)]
        while unseen:
            pid = unseen.pop()
            if pid not in found:
                found.append(pid)
                unseen += self._children(pid)
        return found

    def _children(self, pid: int) -> Iterator[int]:
        if pid == 0 or self._proc is None:
            return
        for thread in self._threads(pid):
            yield from map(int, self._read(f"{pid}/task/{thread}/children").split())

    def _threads(self, pid: int) -> list[int]:
        if self._proc is None:
            return [pid]
        try:
            folder = os.open(f"{pid}/task", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._proc)
        except OSError:  # it has ended meanwhile
            return []
        try:
            return [int(name) for name in os.listdir(folder)]  # noqa: PTH208 - by descriptor
        except OSError:
            return []
        finally:
            os.close(folder)

    def _read(self, path: str) -> bytes:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._proc)
        except OSError:
            return b""
        try:
            return os.read(descriptor, 65_536)
        except OSError:
            return b""
        finally:
            os.close(descriptor)


def allowed_s(live: int, cores: int) -> float:
    """What one of so many runs may use of a processor before it steps back."""
    return max(_SOONEST_S, AFTER_S * min(1.0, _CROWD * cores / max(1, live)))


def _cpu_s(pid: int) -> float:
    """By the process's own clock, which anybody may read."""
    try:
        return time.clock_gettime((~pid << 3) | _SCHED_CLOCK)
    except OSError:
        return 0.0


def _step_back(thread: int) -> None:
    try:
        os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))
    except OSError:
        return
