"""Memory cgroups of runs: what all processes of one may use together, to the page. Version 1 and version 2.

Groups are kept and used again, since making one costs more than a fork; the child joins by itself before its program.
"""

from __future__ import annotations

import os

_FILES = {1: ("memory.limit_in_bytes", "memory.oom_control"), 2: ("memory.max", "memory.events")}
_JOINED_BY = {1: "tasks", 2: "cgroup.procs"}
"""In version 1 a thread that joins by itself waits for nobody; a process that is moved waits for every processor, and
all forks of the machine wait with it: milliseconds for each run."""
_BESIDES = {1: (), 2: (("memory.swap.max", "0"), ("memory.oom.group", "0"))}


class Groups:
    """Groups beneath one folder of the cgroup file system that is ours."""

    def __init__(self, folder: str, version: int, prefix: str, limit_bytes: int) -> None:
        self.folder = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._limit, self._events = _FILES[version]
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

    def joined_by(self, name: str) -> str:
        """The file, beneath the folder, in which a child writes itself down: what it takes from then on counts."""
        return f"{name}/{_JOINED_BY[self._version]}"

    def give_back(self, name: str) -> bool:
        """When all of a run is gone: whether the kernel ended something of it for its memory."""
        try:
            killed = self._oom_kills(name)
        except OSError:  # it is gone: the next run gets another one
            return False
        was_killed, self._killed[name] = killed > self._killed[name], killed
        self._free.append(name)
        return was_killed

    def _make(self, name: str) -> None:
        os.mkdir(name, 0o755, dir_fd=self.folder)
        self._write(f"{name}/{self._limit}", str(self._limit_bytes))
        for file, value in _BESIDES[self._version]:
            try:
                self._write(f"{name}/{file}", value)
            except OSError:  # without swap there is none to forbid
                continue
        self._killed[name] = 0

    def _oom_kills(self, name: str) -> int:
        for line in self._read(f"{name}/{self._events}").splitlines():
            if line.startswith(b"oom_kill "):
                return int(line.split()[1])
        return 0

    def _write(self, path: str, text: str) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=self.folder)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)

    def _read(self, path: str) -> bytes:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self.folder)
        try:
            return os.read(descriptor, 4096)
        finally:
            os.close(descriptor)
