"""Child processes of `up` that are no service of a forge: one exec'd with nothing, and short tasks."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from learnflow.contracts.services import Service
from learnflow.kit.listen import LISTEN_FD, SETTINGS_FD
from learnflow.runtime.birth import answer_into, live, redirect_output
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.processes import die_with_parent, dying_with_parent

LARGEST_LOG_BYTES = 20_000_000


@dataclass(slots=True)
class Alone:
    """A program that was exec'd and imports; it serves once it has been told its settings."""

    pid: int
    pipe: int

    def tell(self, settings: dict[str, Any]) -> None:
        """Hand over the settings; without them it waits, and ends when we end."""
        with os.fdopen(self.pipe, "wb") as pipe:
            pipe.write(json.dumps(settings).encode())


def exec_service(service: Service, listening: socket.socket, log_file: Path) -> Alone:
    """A fresh interpreter with an empty environment: nothing of the parent's memory, descriptors or variables."""
    reading, writing = os.pipe()
    listen_fd = listening.fileno()
    program = [sys.executable, "-I", "-X", "utf8", "-m", str(service.module)]
    try:
        with open(log_file, "ab", opener=partial(os.open, mode=0o600)) as log:
            process = subprocess.Popen(
                [*program, LISTEN_FD, str(listen_fd), SETTINGS_FD, str(reading)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={},
                cwd="/",
                pass_fds=(listen_fd, reading),
                process_group=0,
                preexec_fn=dying_with_parent(signal.SIGTERM),  # noqa: PLW1509 - the parent has no threads
            )
    finally:
        os.close(reading)
    # reaped by its pid like all others; the object must not wait for it
    process.returncode = 0
    return Alone(process.pid, writing)


@dataclass(slots=True)
class Task:
    """A piece of work in a short-lived child; its result is JSON."""

    pid: int
    pipe: int

    def cancel(self) -> None:
        """End it and what it started (initdb, for one), and wait until it has ended."""
        if not self.pid:
            return
        with contextlib.suppress(ProcessLookupError, ChildProcessError):  # it may have ended by itself
            os.killpg(self.pid, signal.SIGTERM)
            os.waitpid(self.pid, 0)

    def result(self) -> Any:
        """Wait for it; a RuntimeProblem says what went wrong in there."""
        with os.fdopen(self.pipe, "rb") as pipe:
            said = pipe.read()
        with contextlib.suppress(ChildProcessError):  # the supervisor may have reaped it
            os.waitpid(self.pid, 0)
        self.pid = 0
        answer = json.loads(said or b'{"problem": "it died without a word"}')
        if "problem" in answer:
            raise RuntimeProblem(answer["problem"])
        return answer["result"]


def fork_task(work: Callable[[], object], name: str, log_file: Path, close: Callable[[], None]) -> Task:
    """Run `work` in a child of our own; `close` lets go there of what belongs to us alone."""
    reading, writing = os.pipe()
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()

    def answer() -> None:
        die_with_parent(parent, signal.SIGTERM)
        os.close(reading)
        close()
        redirect_output(os.open(log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))
        answer_into(writing, work, name)

    pid = os.fork()
    if pid == 0:
        live(answer, name)
    os.close(writing)
    return Task(pid, reading)


def rotate(log_file: Path) -> None:
    """Keep one old log file beside a large one."""
    if log_file.exists() and log_file.stat().st_size > LARGEST_LOG_BYTES:
        log_file.replace(log_file.with_suffix(".log.1"))
