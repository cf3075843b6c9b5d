"""The sandbox as this machine and this user can have it, and the checks that follow every attack."""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from learnflow.services.code_execution.canary import Isolation, try_out
from learnflow.services.code_execution.outcome import Outcome, Program
from learnflow.services.code_execution.plan import plans
from learnflow.services.code_execution.sandbox import _interpreters, choose
from learnflow.services.code_execution.settings import Settings
from learnflow.services.code_execution.zygote import Way
from learnflow.services.code_execution.zygotes import Zygotes

T = TypeVar("T")
Run = Callable[..., Outcome]


class Loop:
    """An event loop in a thread of its own, so that tests may simply wait for what happens there."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox")
        self._thread.start()

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Engine:
    """Zygotes of one way that are up."""

    def __init__(self, loop: Loop, way: Way, isolation: Isolation) -> None:
        self.way = way
        self.plan = way.plan
        self.isolation = isolation
        self._loop = loop
        self._zygotes = Zygotes(way, isolation, 1)
        loop.wait_for(self._zygotes.start())

    def run(self, program: Program) -> Outcome:
        return self._loop.wait_for(self._zygotes.run(program))

    def try_without(self, layer: str) -> tuple[Isolation, Engine]:
        way = replace(self.way, plan=replace(self.way.plan, **{layer: False}))
        return self._loop.wait_for(try_out(way)), Engine(self._loop, way, self.isolation)

    def try_out(self, way: Way) -> Isolation:
        return self._loop.wait_for(try_out(way))

    def stop(self) -> None:
        self._loop.wait_for(self._zygotes.stop())

    def left(self, patience_s: float = 2.0) -> str:
        """What is left of runs after a moment, by the zygote's count and by the kernel's; empty when nothing is."""
        until = time.monotonic() + patience_s
        while (found := self._left()) and time.monotonic() < until:
            time.sleep(0.02)
        return found

    def _left(self) -> str:
        zygote = self._zygotes.serving[0]
        live, parked = self._loop.wait_for(zygote.census())
        assert zygote.pid is not None
        expected = 2 + 2 * parked if self.plan.namespaces else 1
        found = len(family(zygote.pid))
        scratch = list(Path(zygote._folder).iterdir()) if zygote._folder else []
        return "" if (live, found, scratch) == (0, expected, []) else f"{live=} {parked=} {found=} {scratch=}"


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += map(int, (task / "children").read_text().split())
    except OSError:  # it has ended meanwhile
        pass
    return [pid, *(found for child in children for found in family(child))]


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    # not tmp_path: its folders are closed to other users, and the run is another user's
    with tempfile.TemporaryDirectory(prefix="learnflow-hostile-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="session")
def strongest(loop: Loop, folder: Path) -> Iterator[Engine]:
    """What the service would choose here."""
    chosen = loop.wait_for(choose(Settings()))
    assert chosen is not None
    engine = Engine(loop, replace(chosen.way, scratch_dir=folder), chosen.isolation)
    yield engine
    engine.stop()


@pytest.fixture(scope="session")
def on_demand(loop: Loop, strongest: Engine) -> Iterator[Engine]:
    """The same with no child parked: each run is brought forth when it is asked for."""
    engine = Engine(loop, replace(strongest.way, parked=0), strongest.isolation)
    yield engine
    engine.stop()


@pytest.fixture(scope="session")
def unspaced(loop: Loop, folder: Path) -> Iterator[Engine | None]:
    """The same without namespaces, as in a container without privileges; None where no interpreter is open to all."""
    plan = next(plan for plan in plans() if not plan.namespaces)
    for interpreter in _interpreters(Settings()):
        if plan.first_uid is None or interpreter.is_readable_by_all:
            way = Way(interpreter, plan, scratch_dir=folder)
            engine = Engine(loop, way, loop.wait_for(try_out(way)))
            yield engine
            engine.stop()
            return
    yield None


@pytest.fixture(params=["strongest", "on_demand", "without_namespaces"])
def chosen(
    request: pytest.FixtureRequest, strongest: Engine, on_demand: Engine, unspaced: Engine | None
) -> Iterator[Engine]:
    """Each way of shutting in; afterwards nothing may be left of a run."""
    ways = {"strongest": strongest, "on_demand": on_demand, "without_namespaces": unspaced}
    engine = ways[request.param]
    if engine is None:
        pytest.skip("no Python here that another user may read: nothing can run without namespaces")
    yield engine
    answer = engine.run(Program("print(42)"))
    assert (answer.status, answer.stdout) == ("ok", "42\n")
    assert engine.left() == ""


@pytest.fixture
def run(chosen: Engine) -> Run:
    """`run(code, stdin=, timeout_s=, files=, trace=)`."""

    def start(code: str, **more: object) -> Outcome:
        return chosen.run(Program(code, **more))  # type: ignore[arg-type] # the tests' own keyword arguments

    return start
