"""Where runs have their folders when there are no namespaces: beneath one folder of the host for each zygote."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

_PREFIX = "learnflow-zygote-"


def make(parent: Path | None) -> str:
    """A new one; it names the process that it belongs to."""
    folder = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent)
    Path(folder).chmod(0o711)
    return folder


def remove_stale(parent: Path | None) -> None:
    """What a service left that was killed."""
    for folder in Path(parent or tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        if has_lost_its_process(folder, _PREFIX) and _is_own(folder):
            remove(str(folder))


def has_lost_its_process(folder: Path, prefix: str) -> bool:
    """Whether the process that stands in the name behind `prefix` has ended."""
    owner = folder.name.removeprefix(prefix).partition("-")[0]
    return owner.isdigit() and not Path(f"/proc/{owner}").exists()


def _is_own(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:  # somebody else has removed it
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def opened(folder: str) -> int:
    try:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:  # the program has closed its own folder: nothing of it is shown
        return -1


def remove(path: str) -> None:
    """By rm: it copes with trees deeper than Python's recursion, and neither command follows a link beneath."""
    for command in (["rm", "-rf"], ["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
        subprocess.run([*command, "--", path], check=False, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not os.path.lexists(path):
            return
    shutil.rmtree(path, ignore_errors=True)
