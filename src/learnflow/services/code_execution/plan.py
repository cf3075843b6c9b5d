"""How a run is shut in: which layers are asked for, what it may use, and whose identity it gets."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

MB = 1024 * 1024
_UID_BASE = 1_900_000_000
UIDS_PER_ZYGOTE = 256
ZYGOTES = 8
UIDS_PER_SERVICE = UIDS_PER_ZYGOTE * ZYGOTES
_SERVICES = 1024
_INNER_ID = 1000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use. `memory_bytes` comes on top of the interpreter's own address space, per process."""

    memory_bytes: int = 50 * MB
    processes: int = 16
    descriptors: int = 64
    file_bytes: int = 16 * MB
    scratch_bytes: int = 16 * MB
    scratch_files: int = 1024
    output_bytes: int = 65_536

    def as_config(self) -> dict[str, int]:
        return {
            "memory_bytes": self.memory_bytes,
            "processes": self.processes,
            "descriptors": self.descriptors,
            "file_bytes": self.file_bytes,
            "scratch_bytes": self.scratch_bytes,
            "scratch_files": self.scratch_files,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """The layers of every run; one that cannot be applied ends the run before the student's code starts."""

    namespaces: bool = True
    landlock: bool = True
    seccomp: bool = True
    cgroup: bool = False
    first_uid: int | None = None
    """The first of this service's own user ids when it runs as root; None keeps the service's user."""

    @property
    def goal(self) -> int:
        """The level that this plan can reach."""
        if not (self.landlock and self.seccomp):
            return 1 if self.seccomp and self.namespaces else 0
        return 3 if self.namespaces and self.cgroup else 2 if self.namespaces else 1

    def uids(self, block: int, count: int) -> list[int]:
        """The user ids of one zygote's runs; without own ones, as many places."""
        if self.first_uid is None:
            return [_INNER_ID] * count
        first = self.first_uid + block * count
        return list(range(first, first + count))

    def as_config(self) -> dict[str, object]:
        return {
            "namespaces": self.namespaces,
            "landlock": self.landlock,
            "seccomp": self.seccomp,
            "uids": self.first_uid is not None,
        }


def plans(*, cgroup: bool = False) -> list[Plan]:
    """From the strongest to the weakest; the first that passes the canary at its level is taken."""
    first_uid = free_uids() if os.geteuid() == 0 else None
    strongest = [Plan(first_uid=first_uid, cgroup=True)] if cgroup else []
    return [
        *strongest,
        Plan(first_uid=first_uid),
        Plan(namespaces=False, first_uid=first_uid),
        Plan(landlock=False, first_uid=first_uid),
        Plan(namespaces=False, landlock=False, seccomp=False, first_uid=first_uid),
    ]


def free_uids() -> int:
    """The first of a block of user ids that nobody has, different for each process on this machine."""
    offset = (os.getpid() % _SERVICES) * UIDS_PER_SERVICE
    first = _UID_BASE + offset
    start, count = _largest_mapping(Path("/proc/self/uid_map").read_text(encoding="ascii"))
    if first + UIDS_PER_SERVICE > start + count:  # a container that has only some 65,000
        first = start + count - UIDS_PER_SERVICE - offset % max(1, count // 4)
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    while taken.intersection(range(first, first + UIDS_PER_SERVICE)):
        first -= UIDS_PER_SERVICE
    return first


def _largest_mapping(uid_map: str) -> tuple[int, int]:
    rows = [tuple(map(int, line.split())) for line in uid_map.splitlines()]
    start, _, count = max(rows, key=lambda row: row[2])
    return start, count
