"""The sandbox as this machine and this user can have it, and the checks that follow every attack."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from learnflow.services.code_execution.canary import try_out
from learnflow.services.code_execution.outcome import Outcome, Program
from learnflow.services.code_execution.plan import plans
from learnflow.services.code_execution.runner import Runner
from learnflow.services.code_execution.sandbox import Chosen, _interpreters, choose
from learnflow.services.code_execution.settings import Settings

Run = Callable[..., Outcome]


@pytest.fixture(scope="session")
def strongest() -> Chosen:
    """What the service would choose here."""
    chosen = choose(Settings())
    assert chosen is not None
    return chosen


@pytest.fixture(scope="session")
def unspaced() -> Chosen | None:
    """The same without namespaces, as in a container without privileges; None where no interpreter is open to all."""
    plan = next(plan for plan in plans() if not plan.namespaces)
    for interpreter in _interpreters(Settings()):
        if plan.first_uid is None or interpreter.is_readable_by_all:
            runner = Runner(interpreter, plan)
            return Chosen(runner, try_out(runner))
    return None


@pytest.fixture(params=["strongest", "without_namespaces"])
def chosen(request: pytest.FixtureRequest, strongest: Chosen, unspaced: Chosen | None) -> Iterator[Chosen]:
    """Each way of shutting in, with a scratch folder of the test's own; afterwards nothing may be left of a run."""
    way = strongest if request.param == "strongest" else unspaced
    if way is None:
        pytest.skip("no Python here that another user may read: nothing can run without namespaces")
    # not tmp_path: its folders are closed to other users, and the run is another user's
    with tempfile.TemporaryDirectory(prefix="learnflow-hostile-") as folder:
        scratch = Path(folder)
        scratch.chmod(0o755)
        chosen = Chosen(replace(way.runner, scratch_dir=scratch), way.isolation)
        yield chosen
        answer = chosen.runner.run(Program("print(42)"))
        assert (answer.status, answer.stdout) == ("ok", "42\n")
        assert left_processes(chosen) == []
        assert list(scratch.iterdir()) == []


@pytest.fixture
def run(chosen: Chosen) -> Run:
    """`run(code, stdin=, timeout_s=, files=, trace=)`."""

    def start(code: str, **more: object) -> Outcome:
        return chosen.runner.run(Program(code, **more))  # type: ignore[arg-type] # the tests' own keyword arguments

    return start


def left_processes(chosen: Chosen, patience_s: float = 1.0) -> list[str]:
    """Processes of a sandbox that are still there after a moment."""
    until = time.monotonic() + patience_s
    while (left := list(_of_sandbox(chosen))) and time.monotonic() < until:
        time.sleep(0.02)
    return left


def _of_sandbox(chosen: Chosen) -> Iterator[str]:
    first_uid = chosen.runner.plan.first_uid
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            uid = folder.stat().st_uid
            is_ours = (
                os.getsid(int(folder.name)) == os.getsid(0) and b"inside.launcher" in (folder / "cmdline").read_bytes()
            )
        except (OSError, ValueError):
            continue
        if is_ours or (first_uid is not None and first_uid <= uid < first_uid + 128):
            yield f"{folder.name} of {uid}"
