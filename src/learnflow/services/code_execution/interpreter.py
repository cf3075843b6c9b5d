"""What of the host a program must see: the interpreter's standard library and the shared libraries it loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_MOUNT_POINTS = ("/mnt", "/media", "/srv", "/tmp", "/home", "/var", "/opt")  # noqa: S108 - a place to mount over
_ZONEINFO = "/usr/share/zoneinfo"
_PROBE_TIMEOUT_S = 20

_PROBE = r"""
import importlib, json, os, sys
folders = [path for path in sys.path if os.path.exists(path)]
for folder in folders:
    if os.path.isdir(folder) and folder.endswith("lib-dynload"):
        for name in sorted({entry.split(".")[0] for entry in os.listdir(folder)}):
            if name.startswith(("_test", "_xx", "xx", "_tkinter")):
                continue
            try:
                importlib.import_module(name)
            except Exception:
                continue
try:
    import ctypes
    ctypes.CDLL("libgcc_s.so.1")
except Exception:
    pass
with open("/proc/self/maps") as maps:
    loaded = {line.split(None, 5)[5].strip() for line in maps if line.count(" ") > 4 and ".so" in line}
print(json.dumps({"folders": folders, "loaded": sorted(path for path in loaded if path.startswith("/"))}))
"""


class NoInterpreter(Exception):
    """No Python can be started here; the message says which were tried."""


@dataclass(frozen=True, slots=True)
class View:
    """Paths of the host that a program may read, each at its own place; `links` are made, `hidden` are emptied."""

    folders: tuple[str, ...]
    files: tuple[str, ...]
    links: dict[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    mount_point: str = "/mnt"

    def as_config(self) -> dict[str, object]:
        return {
            "folders": list(self.folders),
            "files": list(self.files),
            "links": self.links,
            "hidden": list(self.hidden),
            "mount_point": self.mount_point,
        }


@dataclass(frozen=True, slots=True)
class Interpreter:
    executable: str
    view: View

    @property
    def is_readable_by_all(self) -> bool:
        """Without namespaces another user must reach it: no folder above may be closed, as a home often is."""
        return all(_open_to_all(Path(path)) for path in (self.executable, *self.view.folders, *self.view.files))


def candidates(chosen: Path | None) -> Iterator[str]:
    """Interpreters to try, the wished one alone or else ours and the system's."""
    if chosen is not None:
        yield str(chosen)
        return
    known = (getattr(sys, "_base_executable", None), sys.executable, "/usr/bin/python3", "/usr/local/bin/python3")
    yield from dict.fromkeys(os.path.realpath(path) for path in known if path and Path(path).exists())


def inspect(executable: str) -> Interpreter:
    """Ask an interpreter where its files are; NoInterpreter when it cannot be started."""
    try:
        answer = subprocess.run(
            [executable, "-I", "-S", "-B", "-c", _PROBE],
            env={},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NoInterpreter(f"{executable} does not start: {type(error).__name__}") from error
    found = json.loads(answer.stdout)
    return Interpreter(executable, _view(found["folders"], found["loaded"]))


def _view(paths: list[str], loaded: list[str]) -> View:
    folders = _outermost([path for path in paths if Path(path).is_dir()])
    archives = [path for path in paths if Path(path).is_file()]
    libraries = [path for path in loaded if not _is_beneath(path, folders) and Path(path).is_file()]
    hidden = [f"{folder}/{name}" for folder in folders for name in ("site-packages", "dist-packages")]
    links = {**_top_level_links(), **_names_of(libraries)}
    shown = [*folders, _ZONEINFO] if Path(_ZONEINFO).is_dir() else folders
    return View(
        folders=tuple(shown),
        files=(*archives, *libraries),
        links=links,
        hidden=tuple(path for path in hidden if Path(path).is_dir()),
        mount_point=_mount_point([*shown, *archives, *libraries]),
    )


def _outermost(folders: list[str]) -> list[str]:
    return [folder for folder in folders if not any(folder.startswith(other + "/") for other in folders)]


def _is_beneath(path: str, folders: list[str]) -> bool:
    return any(path.startswith(folder + "/") for folder in folders)


def _top_level_links() -> dict[str, str]:
    """/lib -> usr/lib and the like, as the host has them: libraries are looked for by those names."""
    return {path: str(Path(path).readlink()) for path in ("/lib", "/lib64", "/lib32") if Path(path).is_symlink()}


def _names_of(libraries: list[str]) -> dict[str, str]:
    """The other names of each library (libz.so.1 -> libz.so.1.3): the loader asks for those."""
    names: dict[str, str] = {}
    known = set(libraries)
    for folder in {str(Path(library).parent) for library in libraries}:
        with os.scandir(folder) as entries:
            links = [entry.path for entry in entries if entry.is_symlink()]
        names.update({link: os.path.realpath(link) for link in links if os.path.realpath(link) in known})
    return names


def _mount_point(needed: list[str]) -> str:
    for path in _MOUNT_POINTS:
        if Path(path).is_dir() and not _is_beneath_any(path, needed):
            return path
    return "/"


def _is_beneath_any(folder: str, paths: list[str]) -> bool:
    return any(path.startswith(folder + "/") for path in paths)


def _open_to_all(path: Path) -> bool:
    try:
        folders_are_open = all(parent.stat().st_mode & 0o001 for parent in path.parents)
        return bool(folders_are_open and path.stat().st_mode & 0o004)
    except OSError:
        return False
