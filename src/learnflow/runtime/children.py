"""Child processes of `up`: a service forked from the warm parent, one exec'd with nothing, and short tasks."""

import contextlib
import gc
import json
import os
import random
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnflow.contracts.services import Service
from learnflow.kit.listen import LISTEN_FD, SETTINGS_FD
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.processes import die_with_parent, dying_with_parent, name_process

if TYPE_CHECKING:
    # the parent starts PostgreSQL and the sandbox before it imports uvicorn and FastAPI
    from learnflow.kit.serve import Built

NOT_FOR_SERVICES = ("LEARNFLOW_DATABASE_URL", "LEARNFLOW_DIRECT_DATABASE_URL", "LEARNFLOW_MASTER_KEY_FILE")
LARGEST_LOG_BYTES = 20_000_000


def fork_service(
    name: str, build: Callable[[], "Built"], listening: socket.socket, log_file: Path, close: Callable[[], None]
) -> int:
    """Fork a process that serves on the inherited socket; `close` lets go of what belongs to the parent alone."""

    from learnflow.kit.serve import run

    def serve() -> None:
        redirect_output(log_file)
        for variable in NOT_FOR_SERVICES:
            os.environ.pop(variable, None)
        run(build(), [listening])

    return _fork(serve, name, close)


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
    """Run `work` in a child, so that its loop, threads and connections never exist in the parent."""
    reading, writing = os.pipe()

    def answer() -> None:
        os.close(reading)
        redirect_output(log_file)
        try:
            said = {"result": work()}
        except Exception as error:  # noqa: BLE001 - whatever it is, the parent has to hear of it
            traceback.print_exc()
            said = {"problem": f"{name}: {error}"}
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(json.dumps(said).encode())

    pid = _fork(answer, name, close)
    os.close(writing)
    return Task(pid, reading)


def _fork(work: Callable[[], None], name: str, close: Callable[[], None]) -> int:
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _become_child(parent, name)
        close()
        work()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001 - a forked child must never return into its parent's code
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _become_child(parent: int, name: str) -> None:
    # a group of its own: Ctrl-C at the terminal reaches the parent alone, which stops everything in order
    os.setpgid(0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    die_with_parent(parent, signal.SIGTERM)
    name_process(f"lf:{name}")
    random.seed()
    gc.enable()


def redirect_output(log_file: Path) -> None:
    """Standard output and error to the log file, standard input from nothing."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for descriptor, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, target)
    os.close(nothing)
    os.close(log)


def rotate(log_file: Path) -> None:
    """Keep one old log file beside a large one."""
    if log_file.exists() and log_file.stat().st_size > LARGEST_LOG_BYTES:
        log_file.replace(log_file.with_suffix(".log.1"))
