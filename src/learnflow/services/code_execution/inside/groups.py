"""Memory cgroups of runs: what all processes of one may use together, to the page. Version 1 and version 2.

Groups are kept and used again, since making one costs more than a fork; the child joins by itself before its program.
"""

from __future__ import annotations

import os

from learnflow.services.code_execution.inside import kernel

_FILES = {
    1: ("memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.oom_control"),
    2: ("memory.max", "memory.peak", "memory.events"),
}
_BESIDES = {1: (), 2: (("memory.swap.max", "0"), ("memory.oom.group", "0"))}


class Groups:
    """Groups beneath one folder of the cgroup file system that is ours."""

    def __init__(self, folder: str, version: int, prefix: str, limit_bytes: int) -> None:
        self._folder = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._limit, self._peak, self._events = _FILES[version]
        self._version = version
        self._prefix = prefix
        self._limit_bytes = limit_bytes
        self._free: list[str] = []
        self._count = 0
        self._killed: dict[str, int] = {}

    def take(self) -> str:
        """A group that nobody is in."""
        if self._free:
            return self._free.pop()
        self._count += 1
        name = f"{self._prefix}{self._count}"
        self._make(name)
        return name

    def join(self, name: str) -> None:
        """In the child: from now on what it takes counts."""
        try:
            self._write(f"{name}/cgroup.procs", "0")
        except OSError as error:
            raise kernel.LayerFailed("cgroup", error.strerror or str(error)) from error

    def give_back(self, name: str) -> tuple[int, bool]:
        """When all of a run is gone: the most that it used, and whether the kernel ended something of it for that."""
        try:
            peak = int(self._read(f"{name}/{self._peak}") or b"0")
            killed = self._oom_kills(name)
            was_killed = killed > self._killed.get(name, 0)
            self._killed[name] = killed
            self._clear(name)
        except OSError:  # it is gone: the next run gets another one
            return 0, False
        self._free.append(name)
        return peak, was_killed

    def _make(self, name: str) -> None:
        os.mkdir(name, 0o755, dir_fd=self._folder)
        self._write(f"{name}/{self._limit}", str(self._limit_bytes))
        for file, value in _BESIDES[self._version]:
            try:
                self._write(f"{name}/{file}", value)
            except OSError:  # without swap there is none to forbid
                continue
        self._killed[name] = 0

    def _clear(self, name: str) -> None:
        """The peak begins anew; where the kernel has no way to say so, the group does."""
        if self._version == 1:
            self._write(f"{name}/{self._peak}", "0")
        else:
            os.rmdir(name, dir_fd=self._folder)
            self._make(name)

    def _oom_kills(self, name: str) -> int:
        for line in self._read(f"{name}/{self._events}").splitlines():
            if line.startswith(b"oom_kill "):
                return int(line.split()[1])
        return 0

    def _write(self, path: str, text: str) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=self._folder)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)

    def _read(self, path: str) -> bytes:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._folder)
        try:
            return os.read(descriptor, 4096)
        finally:
            os.close(descriptor)
