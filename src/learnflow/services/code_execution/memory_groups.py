"""Where the memory cgroups of runs may be made: beneath our own, or in one that was delegated to us."""

from __future__ import annotations

import contextlib
import itertools
import os
from dataclasses import dataclass
from pathlib import Path

from learnflow.services.code_execution.run_folders import has_lost_its_process

_NAME = "learnflow-sandbox-"
_engines = itertools.count(1)
"""Several engines of one process each have a folder: what one removes at its end is its own."""
_MOUNT_FIELDS = 3


class NoGroups(Exception):
    """Memory can only be limited per process here; the message says why."""


@dataclass(frozen=True, slots=True)
class MemoryGroups:
    """A folder of the cgroup file system in which groups can be made."""

    folder: Path
    version: int

    def remove(self, prefix: str = "") -> None:
        """The groups that a zygote made; with no prefix the folder too."""
        for path in self.folder.glob(f"{prefix}*/"):
            with contextlib.suppress(OSError):
                path.rmdir()
        if not prefix:
            with contextlib.suppress(OSError):
                self.folder.rmdir()


def find(delegated: Path | None = None, proc: Path = Path("/proc")) -> MemoryGroups:
    """A new folder for our groups; NoGroups with the reason."""
    parent, version = (delegated, _version_of(delegated)) if delegated else _own(proc)
    _remove_stale(parent)
    folder = parent / f"{_NAME}{os.getpid()}-{next(_engines)}"
    try:
        folder.mkdir()
        groups = MemoryGroups(folder, version)
        if version == 2:
            _pass_on(parent)
            _pass_on(folder)
        return groups
    except OSError as error:
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise NoGroups(f"{parent}: {error.strerror}") from error


def _own(proc: Path) -> tuple[Path, int]:
    """The cgroup that we are in, where there is a memory controller."""
    paths = {tuple(fields[1].split(",")): fields[2] for fields in _rows(proc / "self/cgroup", ":", 2)}
    mounts = [(row[4], row[row.index("-") + 1], row[-1]) for row in _rows(proc / "self/mountinfo", " ", -1)]
    for point, kind, options in mounts:
        if kind == "cgroup" and "memory" in options.split(","):
            path = next((path for names, path in paths.items() if "memory" in names), "/")
            return _existing(Path(point), path), 1
    for point, kind, _ in mounts:
        folder = _existing(Path(point), paths.get(("",), "/")) if kind == "cgroup2" else None
        if folder is not None and "memory" in _text(folder / "cgroup.controllers").split():
            return folder, 2
    raise NoGroups("no memory controller of cgroups is mounted here")


def _existing(point: Path, path: str) -> Path:
    own = point / path.lstrip("/")
    return own if own.is_dir() else point  # a container sees its own group as the root


def _version_of(folder: Path) -> int:
    return 2 if (folder / "cgroup.controllers").exists() else 1


def _pass_on(folder: Path) -> None:
    if "memory" not in _text(folder / "cgroup.subtree_control").split():
        (folder / "cgroup.subtree_control").write_text("+memory", encoding="ascii")


def _remove_stale(parent: Path) -> None:
    """What a service left that was killed."""
    for path in parent.glob(f"{_NAME}*/"):
        if has_lost_its_process(path, _NAME):
            MemoryGroups(path, 1).remove()


def _rows(path: Path, separator: str, most: int) -> list[list[str]]:
    return [line.split(separator, most) for line in _text(path).splitlines()]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
