"""The sandbox without HTTP: what one run costs, beside what starting a process or an interpreter costs."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import uvloop

from bench.bases import spawned
from bench.guarded import guarded
from bench.rows import Row
from learnflow.services.code_execution.outcome import Program
from learnflow.services.code_execution.sandbox import Sandbox
from learnflow.services.code_execution.settings import Settings
from learnflow.services.code_execution.zygotes import Stop

ROUNDS, RUNS = 5, 40
REFILL_S = 0.02
"""Between two runs that are to find a parked child: it is refilled when nothing else is to be done."""
AT_ONCE = 8
SECONDS = 4.0
TRUE_GOAL, PYTHON_GOAL, BUBBLEWRAP_GOAL = 1.0, 0.40, 3.5


class Engine:
    """A started sandbox; every answer is looked at."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def hello(self) -> float:
        """One `print(42)`: how long until its answer was there, in ms."""
        gone = asyncio.Event()
        began = time.perf_counter()
        outcome = await self._sandbox.run(Program(spawned.HELLO), Stop(), gone.set)
        took_ms = (time.perf_counter() - began) * 1000
        assert (outcome.status, outcome.stdout) == ("ok", "42\n"), outcome
        await gone.wait()
        return took_ms

    async def p50_ms(self, count: int, *, pause_s: float = 0.0) -> float:
        took = []
        for _ in range(count):
            took.append(await self.hello())
            await asyncio.sleep(pause_s)
        return statistics.median(took)

    async def per_second(self, at_once: int, seconds: float) -> float:
        until = time.perf_counter() + seconds

        async def keep_running() -> int:
            count = 0
            while time.perf_counter() < until:
                await self.hello()
                count += 1
            return count

        began = time.perf_counter()
        counts = await asyncio.gather(*(keep_running() for _ in range(at_once)))
        return sum(counts) / (time.perf_counter() - began)


@asynccontextmanager
async def engine(**settings: int) -> AsyncIterator[Engine]:
    """A sandbox of this process's own."""
    sandbox = Sandbox(Settings(**settings))  # type: ignore[arg-type] # numbers are for the number fields
    await sandbox.start()
    try:
        yield Engine(sandbox)
    finally:
        await sandbox.stop()


async def measure() -> list[Row]:
    """On the event loop that the service runs on."""
    return await asyncio.to_thread(lambda: uvloop.run(_measure()))


async def _measure() -> list[Row]:
    """Base and ours in turn; the median of the rounds. Each has a sandbox of its own."""
    rows = []
    for what, goal, settings, measured in (
        ("a run by a parked child", f"<= x {TRUE_GOAL:g}", {}, _hit),
        ("a run on demand", f"<= x {PYTHON_GOAL:g}", {"parked_runs": 0}, _on_demand),
        ("runs/s", f">= x {BUBBLEWRAP_GOAL:g}", {}, _throughput),
    ):
        rows += await guarded(what, goal, partial(_with_an_engine, measured, settings))
    return rows


async def _with_an_engine(measured: Callable[[Engine], Awaitable[Row]], settings: dict[str, int]) -> list[Row]:
    async with engine(**settings) as started:
        return [await measured(started)]


async def _hit(pool: Engine) -> Row:
    base, ours = [], []
    for _ in range(ROUNDS):
        base.append(statistics.median(spawned.durations_ms(spawned.true(), RUNS)))
        ours.append(await pool.p50_ms(RUNS, pause_s=REFILL_S))
    return _row("a run by a parked child, p50, beside fork+exec of /bin/true", ours, base, "ms", TRUE_GOAL)


async def _on_demand(on_demand: Engine) -> Row:
    base, ours = [], []
    for _ in range(ROUNDS):
        base.append(statistics.median(spawned.durations_ms(spawned.python(), RUNS)))
        ours.append(await on_demand.p50_ms(RUNS))
    return _row("a run on demand, p50, beside `python -I -S -c pass`", ours, base, "ms", PYTHON_GOAL)


async def _throughput(pool: Engine) -> Row:
    what = f"runs/s with {AT_ONCE} at once, beside bubblewrap with python"
    command = spawned.bubblewrap()
    if command is None:
        return Row("sandbox", what, await pool.per_second(AT_ONCE, SECONDS), "/s", f">= x {BUBBLEWRAP_GOAL:g}")
    base, ours = [], []
    for _ in range(3):
        base.append(await asyncio.to_thread(_bubblewrap_per_second, command))
        ours.append(await pool.per_second(AT_ONCE, SECONDS))
    return _row(what, ours, base, "/s", BUBBLEWRAP_GOAL, more_is_better=True)


def _bubblewrap_per_second(command: list[str]) -> float:
    assert spawned.run(command) == b"42\n", "bubblewrap does not run here"
    return max(spawned.per_second(command, at_once=count, seconds=SECONDS / 2) for count in (2, AT_ONCE))


def _row(
    what: str, ours: list[float], base: list[float], unit: str, goal: float, *, more_is_better: bool = False
) -> Row:
    value, beside = statistics.median(ours), statistics.median(base)
    ratio = value / beside
    sign, is_met = (">=", ratio >= goal) if more_is_better else ("<=", ratio <= goal)
    return Row("sandbox", what, value, unit, f"{sign} x {goal:g}", beside, ratio, is_met)
