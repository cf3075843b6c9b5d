"""A server of somebody else's as a child of ours: output in a file, ended in steps, never left behind.

Everything is synchronous and starts no thread, so that a supervisor may fork afterwards.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.processes import dying_with_parent

PATIENCE_S = 8.0
KILLED_S = 5.0
READY_WITHIN_S = 240.0


class Program:
    """One process at a time; after it ended it may be spawned again."""

    def __init__(self, name: str, log_file: Path, *, dies_by: signal.Signals = signal.SIGKILL) -> None:
        """`dies_by`: what the kernel sends it when we end, however we end (Linux).

        To the kernel "we" are the thread that spawned it: spawn from the main one, a pool's threads come and go.
        """
        self.name = name
        self.log_file = log_file
        self._dies_by = dies_by
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def spawn(self, command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> int:
        """Start it without waiting and return its pid; `env` is all that it sees of an environment."""
        with open(self.log_file, "ab", opener=partial(os.open, mode=0o600)) as log:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", **(env or {})},
                cwd=cwd or "/",
                process_group=0,  # Ctrl-C reaches us alone: we end it in our order
                preexec_fn=dying_with_parent(self._dies_by),  # noqa: PLW1509 - the starter has no threads
            )
        return self._process.pid

    def poll(self) -> int | None:
        """None while it runs, else its exit code."""
        return self._process.poll() if self._process is not None else 0

    def ended(self, exit_code: int) -> None:
        """A supervisor has reaped it."""
        if self._process is not None:
            self._process.returncode = exit_code

    def wait_until(self, is_ready: Callable[[], bool], within_s: float = READY_WITHIN_S) -> None:
        """Ask until it is ready; RuntimeProblem with its last words when it ends or takes too long."""
        deadline = time.monotonic() + within_s
        while not is_ready():
            if self.poll() is not None:
                raise RuntimeProblem(f"{self.name} stopped while starting. Its last words:\n{self.last_words()}")
            if time.monotonic() > deadline:
                raise RuntimeProblem(f"{self.name} was not ready within {within_s:.0f} s:\n{self.last_words()}")
            time.sleep(0.05)

    def stop(self, *, at_once: bool = False, patience_s: float = PATIENCE_S) -> None:
        """Ask it to end, then kill it; `at_once` leaves the asking out."""
        process, self._process = self._process, None
        steps = ((signal.SIGTERM, patience_s), (signal.SIGKILL, KILLED_S))
        for number, wait_s in steps[1:] if at_once else steps:
            if process is None or process.poll() is not None:
                return
            process.send_signal(number)
            try:
                process.wait(wait_s)
            except subprocess.TimeoutExpired:
                continue

    def last_words(self, lines: int = 8) -> str:
        return last_lines(self.log_file, lines)


def last_lines(log: Path, lines: int) -> str:
    """The end of a log, for whoever has to see why something failed."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""
