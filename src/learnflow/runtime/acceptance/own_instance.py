"""A LearnFlow of its own for who has none running: in a folder that vanishes, on ports that are free."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from learnflow.contracts.services import built_services
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.instance import Instance
from learnflow.runtime.ports import bind_all

READY_WITHIN_S = 60.0


@contextmanager
def own_instance() -> Iterator[Instance]:
    """`up` in a process of its own, ready; stopped and forgotten at the end."""
    folder = Path(tempfile.mkdtemp(prefix="learnflow-demo-"))
    folder.chmod(0o711)  # PostgreSQL's own user has to pass through
    instance = Instance(folder / "data")
    command = [sys.executable, "-m", "learnflow.cli", "up", "--data", str(instance.data)]
    with (folder / "up.log").open("wb") as log:
        up = subprocess.Popen([*command, "--port-offset", str(_free_offset())], stdout=log, stderr=log)
    try:
        _wait(up, folder / "up.log")
        yield instance
    finally:
        up.send_signal(signal.SIGINT)
        up.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(up: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while "\nReady in" not in (said := log.read_text(errors="replace")):
        if up.poll() is not None or time.monotonic() > deadline:
            raise RuntimeProblem(f"LearnFlow did not start:\n{said}")
        time.sleep(0.1)


def _free_offset() -> int:
    """An offset at which all ports are free, below the range of outgoing connections."""
    for _ in range(20):
        offset = random.randrange(10_000, 24_000, 20)  # noqa: S311 - any free one will do
        try:
            sockets = bind_all(built_services(), lambda _: "127.0.0.1", offset)
        except RuntimeProblem:
            continue
        for listening in sockets.values():
            listening.close()
        return offset
    raise RuntimeProblem("No free range of ports was found. Start LearnFlow yourself: ./learnflow up")


def is_up(instance: Instance) -> bool:
    """Whether an instance runs there and has said where."""
    try:
        return instance.is_running() and bool(instance.read().get("addresses"))
    except (OSError, json.JSONDecodeError):
        return False
