"""A whole instance, started once by the command line as a person would, for the tests of `up` and of the commands."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from learnflow.contracts.services import built_services
from learnflow.kit.database import Database
from tests.integration.sandbox import Sandboxes, sandboxes
from tests.integration.school import School

READY_WITHIN_S = 25.0


class Up:
    """`./learnflow up` in a process of its own, and the other commands against it."""

    def __init__(self, *options: str, data: Path | None = None) -> None:
        self.data = data or new_data_folder()
        self.offset = free_offset()
        self.output = self.data.parent / f"{self.data.name}.out"
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                [*LEARNFLOW, "up", "--data", str(self.data), "--port-offset", str(self.offset), *options],
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                env=environment(),
                process_group=0,
            )

    def wait_until_ready(self, within_s: float = READY_WITHIN_S) -> Self:
        """Until it says that it is; one that is not ready in time is stopped."""
        deadline = time.monotonic() + within_s
        try:
            while "Stop with Ctrl+C" not in self.said():
                assert self.process.poll() is None, self.said()
                assert time.monotonic() < deadline, self.said()
                time.sleep(0.02)
        except AssertionError:
            self.stop()
            raise
        return self

    def said(self) -> str:
        return self.output.read_text()

    def facts(self) -> dict[str, Any]:
        return dict(json.loads((self.data / "run" / "instance.json").read_text()))

    def pids(self, service: str) -> list[int]:
        return [process["pid"] for process in self.facts()["processes"][service]]

    def command(self, *words: str, timeout_s: float = 25, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return run_command(*words, "--data", str(self.data), timeout_s=timeout_s, stdin=stdin)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        shutil.rmtree(self.data, ignore_errors=True)
        self.output.unlink(missing_ok=True)
        return code


LEARNFLOW = [sys.executable, "-m", "learnflow.cli.main"]


def environment(**more: str) -> dict[str, str]:
    """Ours without any setting of a person's own instance."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEARNFLOW_")}
    binaries = {name: os.environ[name] for name in ("LEARNFLOW_PG_BIN", "LEARNFLOW_CACHE") if name in os.environ}
    return {**kept, **binaries, **more}


def run_command(*words: str, timeout_s: float = 25, stdin: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*LEARNFLOW, *words],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        env=environment(**more),
        input=stdin,
    )


def new_data_folder() -> Path:
    """A folder that PostgreSQL's unprivileged user can reach, which pytest's own ones are not."""
    folder = Path(tempfile.mkdtemp(prefix="learnflow-up-"))
    folder.chmod(0o711)
    return folder


def free_offset() -> int:
    """An offset at which no port of a service is taken."""
    for _ in range(50):
        offset = random.randrange(10_000, 40_000)
        if all(_is_free(service.port + offset) for service in built_services()):
            return offset
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@pytest.fixture(scope="session")
def up() -> Iterator[Up]:
    """One instance for all tests; whoever kills a part of it waits until it is back."""
    started = Up()
    try:
        yield started.wait_until_ready()
    finally:
        started.stop()


@pytest.fixture(scope="session")
def one_sandbox() -> Iterator[Sandboxes]:
    """A real code-execution for the session."""
    with sandboxes() as started:
        yield started


@pytest.fixture
async def school(database_for: Callable[[str], Awaitable[Database]]) -> AsyncIterator[School]:
    """One test's students, teachers and the keys that their tokens are signed with."""
    async with School.opened(database_for) as opened:
        yield opened
