"""Small facts about processes: die with the parent, a name in `ps`, folders that others may enter."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def can_supervise() -> bool:
    """Whether this system has what the supervisor stands on: orphans to adopt, signals to wait for."""
    return sys.platform == "linux"


def die_with_parent(parent: int, signal_number: signal.Signals) -> None:
    """Called in a child: the kernel sends it `signal_number` when the parent's main thread ends (Linux only)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def dying_with_parent(signal_number: signal.Signals) -> Callable[[], None]:
    """The same as a `preexec_fn`; it runs after the change of user, which would clear the setting."""
    parent = os.getpid()

    def prepare() -> None:
        # a blocked signal stays blocked across exec
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        die_with_parent(parent, signal_number)

    return prepare


def adopt_orphans() -> None:
    """From now on processes below this one whose parent ends become children of this one (Linux only)."""
    if _libc is not None:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def name_process(name: str) -> None:
    """What `ps -o comm` shows: 15 characters."""
    if _libc is not None:
        _libc.prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def is_reachable_by_others(path: Path) -> bool:
    """Whether a user who owns nothing here could enter every folder down to `path`."""
    resolved = path.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in [resolved, *resolved.parents] if folder.is_dir())
