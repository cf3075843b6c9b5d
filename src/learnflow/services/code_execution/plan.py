"""How a run is shut in: which layers are asked for, what it may use, and whose identity it gets."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

MB = 1024 * 1024
_UID_BASE = 1_900_000_000
_UIDS_PER_SERVICE = 128
_SERVICES = 4096


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use. `memory_bytes` comes on top of the interpreter's own address space, per process."""

    memory_bytes: int = 50 * MB
    processes: int = 18  # sixteen of the program's, and the two that watch it
    descriptors: int = 64
    file_bytes: int = 16 * MB
    scratch_bytes: int = 16 * MB
    scratch_files: int = 1024
    output_bytes: int = 65_536

    def as_job(self, timeout_s: float) -> dict[str, int]:
        return {
            "memory_bytes": self.memory_bytes,
            "processes": self.processes,
            "descriptors": self.descriptors,
            "file_bytes": self.file_bytes,
            "scratch_bytes": self.scratch_bytes,
            "scratch_files": self.scratch_files,
            "cpu_s": int(timeout_s) + 1,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """The layers of every run; one that cannot be applied ends the run before the student's code starts."""

    namespaces: bool = True
    landlock: bool = True
    seccomp: bool = True
    first_uid: int | None = None
    """The first of this service's own user ids when it runs as root; None keeps the service's user."""

    def uid(self, slot: int) -> int | None:
        return None if self.first_uid is None else self.first_uid + slot

    def as_job(self, slot: int) -> dict[str, object]:
        return {
            "namespaces": self.namespaces,
            "landlock": self.landlock,
            "seccomp": self.seccomp,
            "uid": self.uid(slot),
        }


def tasks_of(uid: int) -> int:
    """How many threads a user has on this machine: without namespaces the kernel counts them all together."""
    found = 0
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and folder.stat().st_uid == uid:
                found += sum(1 for _ in (folder / "task").iterdir())
        except OSError:  # it has ended meanwhile
            continue
    return found


def plans() -> list[Plan]:
    """From the strongest to the weakest; the first that passes the canary at its level is taken."""
    first_uid = free_uids() if os.geteuid() == 0 else None
    return [
        Plan(first_uid=first_uid),
        Plan(namespaces=False, first_uid=first_uid),
        Plan(landlock=False, first_uid=first_uid),
        Plan(namespaces=False, landlock=False, seccomp=False, first_uid=first_uid),
    ]


def free_uids() -> int:
    """The first of a block of user ids that nobody has, different for each process on this machine."""
    offset = (os.getpid() % _SERVICES) * _UIDS_PER_SERVICE
    first = _UID_BASE + offset
    start, count = _largest_mapping(Path("/proc/self/uid_map").read_text(encoding="ascii"))
    if first + _UIDS_PER_SERVICE > start + count:  # a container that has only some 65,000
        first = start + count - _UIDS_PER_SERVICE - offset % max(1, count // 4)
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    while taken.intersection(range(first, first + _UIDS_PER_SERVICE)):
        first -= _UIDS_PER_SERVICE
    return first


def _largest_mapping(uid_map: str) -> tuple[int, int]:
    rows = [tuple(map(int, line.split())) for line in uid_map.splitlines()]
    start, _, count = max(rows, key=lambda row: row[2])
    return start, count
