"""Bases of `bench sandbox`: the least that starts a process, an interpreter, an interpreter behind bubblewrap.

Run alone: python -m bench.bases.spawned true|python|bubblewrap
"""

import os
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

HELLO = "print(42)"
_BWRAP = "/usr/bin/bwrap"


def true() -> list[str]:
    """fork and exec of the smallest program there is."""
    return [shutil.which("true", path="/usr/bin:/bin") or "/bin/true"]


def python(code: str = "pass") -> list[str]:
    """The same interpreter as the sandbox's, started anew and left unprotected."""
    return [os.path.realpath(sys.executable), "-I", "-S", "-c", code]


def bubblewrap(code: str = HELLO) -> list[str] | None:
    """The interpreter in namespaces of its own by Debian's bubblewrap; None where it is not installed.

    It sees the system's programs and the interpreter read-only, and has no seccomp filter, no Landlock, no limits: it
    does less than the sandbox.
    """
    if not Path(_BWRAP).exists():
        return None
    seen = [option for folder in sorted({"/usr", sys.base_prefix}) for option in ("--ro-bind", folder, folder)]
    links = ["--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"]
    shut_in = [_BWRAP, "--unshare-all", "--die-with-parent", *seen, *links, "--tmpfs", "/tmp", "--chdir", "/tmp"]
    return [*shut_in, "--", *python(code)]


def run(command: Sequence[str]) -> bytes:
    """One run to its end; what it printed."""
    reading, writing = os.pipe()
    to_pipe = [(os.POSIX_SPAWN_DUP2, writing, 1), (os.POSIX_SPAWN_CLOSE, reading)]
    pid = os.posix_spawn(command[0], list(command), {}, file_actions=to_pipe)
    os.close(writing)
    said = b"".join(iter(lambda: os.read(reading, 65_536), b""))
    os.close(reading)
    os.waitpid(pid, 0)
    return said


def durations_ms(command: Sequence[str], count: int) -> Iterator[float]:
    """How long each of `count` runs took, one after the other."""
    for _ in range(count):
        began = time.perf_counter()
        run(command)
        yield (time.perf_counter() - began) * 1000


def per_second(command: Sequence[str], *, at_once: int, seconds: float) -> float:
    """Runs a second with `at_once` always under way."""
    counts = [0] * at_once
    until = time.perf_counter() + seconds

    def keep_running(place: int) -> None:
        while time.perf_counter() < until:
            run(command)
            counts[place] += 1

    threads = [threading.Thread(target=keep_running, args=(place,)) for place in range(at_once)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


if __name__ == "__main__":
    chosen = {"true": true(), "python": python(HELLO), "bubblewrap": bubblewrap()}[sys.argv[1]]
    assert chosen is not None, "bubblewrap is not installed"
    print(f"{statistics.median(durations_ms(chosen, 100)):.2f} ms, {per_second(chosen, at_once=4, seconds=3):.0f}/s")
