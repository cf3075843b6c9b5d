"""The sandbox's zygotes: killed, worn out, and how they treat a program that keeps the processor."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from learnflow.services.code_execution import zygotes
from learnflow.services.code_execution.inside.demotion import AFTER_S, allowed_s
from learnflow.services.code_execution.outcome import Program
from learnflow.services.code_execution.sandbox import choose
from learnflow.services.code_execution.settings import Settings
from learnflow.services.code_execution.zygotes import Stop, Zygotes

SPINNERS = """
import os, threading
def spin():
    while True: pass
threading.Thread(target=spin, daemon=True).start()
if os.fork() == 0 and os.fork() == 0:
    spin()
spin()
"""


@asynccontextmanager
async def engine(parked: int = 0) -> AsyncIterator[Zygotes]:
    chosen = await choose(Settings(parked_runs=parked))
    assert chosen is not None
    engine = Zygotes(chosen.way, chosen.isolation, 1, chosen.zygote)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()
        if chosen.way.groups is not None:
            chosen.way.groups.remove()


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += map(int, (task / "children").read_text().split())
    except OSError:  # it has ended meanwhile
        pass
    return [pid, *(found for child in children for found in family(child))]


def family_of(engine: Zygotes) -> list[int]:
    pid = engine.serving[0].pid
    assert pid is not None
    return family(pid)


async def until(condition: Callable[[], object], within_s: float = 20) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for is another process's
            await asyncio.sleep(0.01)


async def test_a_killed_zygotes_run_is_tried_once_more_and_the_next_one_works() -> None:
    async with engine() as running:
        before = running.serving[0]
        run = asyncio.create_task(running.run(Program("import time; time.sleep(0.5); print('again')")))
        await until(lambda: before.live == 1)
        os.kill(family_of(running)[0], signal.SIGKILL)
        outcome = await run
        assert (outcome.status, outcome.stdout) == ("ok", "again\n")
        assert (await running.run(Program("print(42)"))).stdout == "42\n"
        assert before not in running.serving


async def test_a_worn_zygote_is_replaced_and_finishes_what_it_has_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    async with engine() as running:
        before = running.serving[0]
        monkeypatch.setattr(zygotes, "MOST_RUNS", before.runs + 2)
        run = asyncio.create_task(running.run(Program("import time; time.sleep(2); print('to the end')")))
        await until(lambda: before.live == 1)
        await running.run(Program("print(42)"))
        await until(lambda: running.serving and before not in running.serving)
        monkeypatch.undo()
        assert (await running.run(Program("print(42)"))).stdout == "42\n"
        assert (await run).stdout == "to the end\n"
        await until(lambda: before.pid is None)


async def test_what_keeps_the_processor_steps_back_with_all_its_threads_and_children() -> None:
    async with engine() as running:
        if not running.way.plan.namespaces:
            pytest.skip("without namespaces no program may fork, and the level says so")
        others = {*family_of(running)}
        run = asyncio.create_task(running.run(Program(SPINNERS, timeout_s=4)))

        def idle() -> int:
            found = 0
            for pid in {*family_of(running)} - others:
                try:
                    tasks = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
                    found += sum(os.sched_getscheduler(int(task)) == os.SCHED_IDLE for task in tasks)
                except OSError:  # it has ended meanwhile
                    continue
            return found

        # two threads, a child and a grandchild; the first process of the namespace only waits and may stay as it is
        await until(lambda: idle() >= 4)
        assert (await run).status == "timeout"


def used_s(pid: int) -> float:
    return time.clock_gettime((~pid << 3) | 2)  # its own clock, which anybody may read


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_in_a_crowd_each_steps_back_sooner() -> None:
    async with engine() as running:
        if not running.way.plan.namespaces:
            pytest.skip("without namespaces no more than a few programs run at once")
        others, stops = {*family_of(running)}, [Stop() for _ in range(64)]
        loops = [asyncio.create_task(running.run(Program("while 1: pass", timeout_s=100), stop)) for stop in stops]

        def idle() -> dict[int, float]:
            found = {}
            for pid in {*family_of(running)} - others:
                with contextlib.suppress(OSError):  # it has ended meanwhile
                    if os.sched_getscheduler(pid) == os.SCHED_IDLE:
                        found[pid] = used_s(pid)
            return found

        await until(lambda: len(idle()) == len(stops), within_s=90)
        used = idle().values()
        for stop in stops:
            stop.ask()
        await asyncio.gather(*loops)
        assert sum(used) < len(stops) * AFTER_S


@pytest.mark.parametrize("parked", [0, 3])
async def test_nothing_is_left_of_many_runs_but_what_is_parked(parked: int) -> None:
    async with engine(parked) as running:
        if not running.way.plan.namespaces:
            pytest.skip("without namespaces nothing is parked, and the level says so")
        codes = ["print(42)", "1/0", "import os; os.fork()", "open('x', 'w').write('x')", "import os; os.kill(0, 9)"]
        descriptors = []
        for _ in range(2):
            await asyncio.gather(*(running.run(Program(code)) for code in codes * 8))
            zygote, settled = running.serving[0], (0, parked, 1 + 2 * parked)
            async with asyncio.timeout(20):
                while (zygote.live, zygote.parking.ready, len(family_of(running))) != settled:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            descriptors.append(len(os.listdir("/proc/self/fd")))  # noqa: PTH208
        assert descriptors[1] <= descriptors[0]


@pytest.mark.timeout(120)
async def test_children_are_parked_however_many_runs_the_zygote_has_in_hand() -> None:
    """Each run costs the zygote a descriptor, and its children inherit them: those of others must not fill theirs."""
    async with engine(2) as running:
        if not running.way.plan.namespaces:
            pytest.skip("without namespaces nothing is parked, and the level says so")
        zygote, stops = running.serving[0], [Stop() for _ in range(72)]
        sleep = Program("import time; time.sleep(100)", timeout_s=100)
        sleeping = []
        for count, stop in enumerate(stops, start=1):
            sleeping.append(asyncio.create_task(running.run(sleep, stop)))
            await until(lambda: zygote.live == count)  # noqa: B023 - waited for at once
            if count > 40:
                async with asyncio.timeout(60):
                    while zygote.parking.ready < 2:  # noqa: ASYNC110
                        await asyncio.sleep(0.002)
        assert [(await running.run(Program("print(42)"))).stdout for _ in range(4)] == ["42\n"] * 4
        for stop in stops:
            stop.ask()
        assert {outcome.status for outcome in await asyncio.gather(*sleeping)} == {"killed"}


def test_what_one_may_use_before_it_steps_back_gets_less_in_a_crowd() -> None:
    assert [allowed_s(live, 2) for live in (0, 1, 8, 16, 100, 10_000)] == [0.25, 0.25, 0.25, 0.125, 0.02, 0.02]


FACTS = """
import os, resource
def is_open(number):
    try:
        return os.fstat(number) is not None
    except OSError:
        return False
print(resource.getrlimit(resource.RLIMIT_CPU), [number for number in range(64) if is_open(number)])
"""


@pytest.mark.parametrize("parked", [0, 1])
async def test_a_run_has_its_processor_time_and_its_own_descriptors_parked_or_on_demand_with_input_or_without(
    parked: int,
) -> None:
    async with engine(parked) as running:
        for timeout_s, cpu in ((5.0, (6, 7)), (1.5, (2, 3)), (100.0, (6, 7))):
            for stdin in ("", "something to read"):
                await until(lambda: running.serving[0].parking.ready == parked)
                outcome = await running.run(Program(FACTS, stdin, timeout_s))
                assert (outcome.status, outcome.stdout) == ("ok", f"{cpu} [0, 1, 2, 3]\n"), outcome.error
