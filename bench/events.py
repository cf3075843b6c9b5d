"""The bus alone: delivery latency, and durable transactions with one event each beside a bare INSERT.

Run by hand: python -m bench.events <owner DSN of a migrated database>
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Self
from uuid import UUID, uuid4

import asyncpg

from bench.rows import Row, percentile
from learnflow.contracts.errors import Unavailable
from learnflow.contracts.events import CodeExecuted
from learnflow.contracts.topics import PROGRESS_EVENTS
from learnflow.kit.bus.base import Bus, Event, new_event
from learnflow.kit.bus.log import LogBus
from learnflow.kit.bus.outbox import to_json
from learnflow.kit.database import Database, Transaction

GROUPS = 4
RATE = 1_000
LATENCY_S = 6.0
WARM_UP_S = 1.0
THROUGHPUT_S = 4.0
WRITERS = 32

MakeBus = Callable[[Database], Bus]
log_bus = partial(LogBus, is_alone=True)
"""As `up` makes it."""

BARE_TABLE = """
drop table if exists bench_bare;
create table bench_bare (id bigint generated always as identity primary key, key text, ce jsonb)
"""
BARE_INSERT = "insert into bench_bare (key, ce) values ($1, $2::text::jsonb)"


async def run(dsn: str) -> list[Row]:
    """Measure on a migrated database that nobody else uses; leaves its events behind."""
    return [*await latency(dsn), *await throughput(dsn)]


def _event(student_id: UUID) -> Event:
    data = CodeExecuted(execution_id=uuid4(), status="ok", topic_id="loops.for", duration_ms=12.5)
    return new_event(data, source="/learnflow/bench", student_id=student_id, correlation_id=uuid4())


class _Bench:
    """A bus with readers and a pool of writers, in this process as in a service."""

    def __init__(self, dsn: str, groups: int, make_bus: MakeBus = log_bus) -> None:
        self.database = Database(dsn, pool_size=WRITERS)
        self.bus = make_bus(self.database)
        self.sent: dict[UUID, float] = {}
        self.delays_ms: list[float] = []
        self.handled = 0
        self.refused = 0
        for number in range(groups):
            self.bus.subscribe(PROGRESS_EVENTS, f"bench-{uuid4().hex[:6]}-{number}", {CodeExecuted: self._on_event})
        self.groups = groups
        self.students = [uuid4() for _ in range(500)]

    @property
    def is_quiet(self) -> bool:
        """Everything timed that was published has been handled by every group."""
        return len(self.delays_ms) >= len(self.sent) * self.groups

    def forget(self) -> None:
        """Begin anew; what was timed so far was a warm-up."""
        self.sent.clear()
        self.delays_ms.clear()

    async def publish_timed(self, number: int) -> None:
        await self.publish(number, timed=True)

    async def _on_event(self, _tx: Transaction, event: Event) -> None:
        self.handled += 1
        sent = self.sent.get(event.id)
        if sent is not None:
            self.delays_ms.append((time.perf_counter() - sent) * 1000)

    async def publish(self, number: int, *, timed: bool = False) -> None:
        event = _event(self.students[number % len(self.students)])
        try:
            async with self.database.transaction() as tx:
                await self.bus.publish(tx, [event])
                # the delay counts from before the commit, so that it holds the wait for the disk
                if timed:
                    self.sent[event.id] = time.perf_counter()
        except Unavailable:
            # more was offered than this machine can write down: said, and not measured
            self.sent.pop(event.id, None)
            self.refused += 1

    async def __aenter__(self) -> Self:
        await self.database.start()
        await self.bus.start()
        for _ in range(3000):
            if await self.bus.reason_not_ready() is None:
                break
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.bus.stop()
        await self.database.stop()


async def delays_at_rate(
    dsn: str, groups: int, make_bus: MakeBus, seconds: float, rate: int = RATE
) -> tuple[list[float], int]:
    """Milliseconds from before the commit of each event to its handler, and how many never came."""
    async with _Bench(dsn, groups, make_bus) as bench:
        await _at_rate(bench.publish_timed, WARM_UP_S, rate)
        # a new group first reads what others left: nothing is measured behind that queue
        await _until(lambda: bench.is_quiet, seconds=60.0)
        bench.forget()
        await _at_rate(bench.publish_timed, seconds, rate)
        await _until(lambda: bench.is_quiet, seconds=20.0)
        if bench.refused:
            print(f"{bench.refused} events were not even written down: {rate}/s is more than this machine has left now")
        return bench.delays_ms, len(bench.sent) * groups - len(bench.delays_ms)


async def latency(dsn: str) -> list[Row]:
    """From the commit of an event to its handler, at 1,000 events a second and 4 groups."""
    delays, lost = await delays_at_rate(dsn, GROUPS, log_bus, LATENCY_S)
    what = f"one event delivered at {RATE:,}/s, {GROUPS} groups"
    p50, p99 = percentile(delays, 0.5), percentile(delays, 0.99)
    return [
        Row("events.latency.p50", f"{what}, p50", p50, "ms", "<= 1.5", met=p50 <= 1.5),
        Row("events.latency.p99", f"{what}, p99", p99, "ms", "<= 8", met=p99 <= 8),
        Row("events.lost", f"{what}: not delivered", lost, "", "0", met=lost == 0),
    ]


async def throughput(dsn: str) -> list[Row]:
    """Transactions with one event each, readers on, beside bare INSERTs of the same row from as many writers."""
    before = await _bare(dsn)
    async with _Bench(dsn, 1) as bench:
        await _closed_loop(bench.publish, WARM_UP_S)
        per_s = await _closed_loop(bench.publish, THROUGHPUT_S)
    base = (before + await _bare(dsn)) / 2
    ratio = per_s / base
    what = f"durable single-event transactions with readers on, {WRITERS} writers"
    return [
        Row("events.tx", what, per_s, "tx/s", ">= 7,000", base, ratio, met=per_s >= 7_000),
        Row("events.tx.ratio", f"{what} / bare INSERT", ratio, "", ">= 0.35", met=ratio >= 0.35),
    ]


async def _bare(dsn: str) -> float:
    text = to_json(_event(uuid4()))
    async with asyncpg.create_pool(dsn, min_size=WRITERS, max_size=WRITERS) as pool:
        await pool.execute(BARE_TABLE)
        connections = [await pool.acquire() for _ in range(WRITERS)]

        async def insert(number: int) -> None:
            await connections[number % WRITERS].execute(BARE_INSERT, "key", text)

        result = await _closed_loop(insert, THROUGHPUT_S / 2, stride=True)
        for connection in connections:
            await pool.release(connection)
        await pool.execute("drop table bench_bare")
    return result


async def _closed_loop(one: Callable[[int], Awaitable[None]], seconds: float, *, stride: bool = False) -> float:
    """WRITERS tasks, each starting the next call when one ends; returns calls per second."""
    done = 0
    started = time.perf_counter()

    async def writer(number: int) -> None:
        nonlocal done
        while time.perf_counter() - started < seconds:
            await one(number if stride else done)
            done += 1

    await asyncio.gather(*(writer(number) for number in range(WRITERS)))
    return done / (time.perf_counter() - started)


async def _at_rate(one: Callable[[int], Awaitable[None]], seconds: float, rate: int) -> None:
    """`rate` calls a second whatever each takes; late ones are started at once."""
    tasks: set[asyncio.Task[None]] = set()
    started = time.perf_counter()
    for number in range(int(rate * seconds)):
        wait = started + number / rate - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        task = asyncio.ensure_future(one(number))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)


async def _until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    for _ in range(int(seconds * 100)):
        if condition():
            return
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    import uvloop

    for row in uvloop.run(run(sys.argv[1])):
        print(row.line())
