"""Keeps one service: whatever is orphaned beneath it comes back to this process, so nothing can hide.

Run as `python -I -S keeper.py JOB`; JOB is JSON: the command, the rules of a kernel filter, folders to cover. After the
service has ended the exit code is 0, or 3 when a process was still there (it is ended then).
"""

import ctypes
import json
import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from kernel_filter import Rule, install  # type: ignore[import-not-found]  # beside this file: it is a script

_SUBREAPER, _DEATH_SIGNAL = 36, 1
_NEW_MOUNTS, _PRIVATE = 0x00020000, 1 << 14 | 1 << 18
_PATIENCE_S = 3.0
LEFT = 3


def main() -> int:
    job = json.loads(sys.argv[1])
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)
    service = os.fork()
    if service == 0:
        _become(job, libc)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(service, signal.SIGTERM))
    while os.wait()[0] != service:
        pass
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return LEFT if _others() else 0


def _become(job: dict[str, list[str]], libc: ctypes.CDLL) -> None:
    libc.prctl(_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)
    if job["cover"]:
        libc.unshare(_NEW_MOUNTS)
        libc.mount(b"none", b"/", None, ctypes.c_ulong(_PRIVATE), None)
        for folder in job["cover"]:
            libc.mount(b"none", folder.encode(), b"tmpfs", ctypes.c_ulong(1), None)
    install([Rule(*rule) for rule in job["rules"]])
    os.execve(job["command"][0], job["command"], {})


def _others() -> bool:
    """Whether anything outlived the service; zombies are not left, they are only not yet buried."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)
        except ChildProcessError:
            return False
    for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split():
        os.kill(int(child), signal.SIGKILL)
    return True


if __name__ == "__main__":
    sys.exit(main())
