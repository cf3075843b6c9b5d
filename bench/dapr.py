"""Real sidecars over real Kafka beside the log driver, in one run: a hop, the rate, what is killed, a question.

The floor is the sidecar alone, in the same run: its bulk publish, and deliveries to a server that does nothing.
Run by hand: ./learnflow bench dapr
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from bench.dapr_roads import Opened, Road, opened_dapr, opened_floor, opened_log
from bench.questions import question_rows
from bench.rows import Row, percentile
from learnflow.contracts.topics import wanted_partitions
from learnflow.kit.bus.kafka_address import KafkaAddress
from learnflow.kit.bus.kafka_topics import ensure_topics
from learnflow.kit.database import Database
from learnflow.kit.logging import configure_logging
from learnflow.runtime.servers.dapr import DAPRD
from learnflow.runtime.servers.kafka import KafkaServer

RATE = 200
HOP_S = 5.0
WARM_UP_S = 12.0
"""Until then Kafka's compiler takes half of what the machine has."""
BACKLOG = 5_000
LIMIT_S = 60.0
BACK_GOAL_S = 5.0
ALONE = "  beside the sidecar alone"
Figures = dict[str, float]


async def run(dsn: str, folder: Path) -> list[Row]:
    """The rows of goals.md that are about Dapr; the base of each is the log driver a moment before."""
    configure_logging("error")
    DAPRD.made(print)
    server = KafkaServer(folder / "kafka", log_file=folder / "kafka.log")
    await asyncio.to_thread(server.start)
    try:
        await ensure_topics(KafkaAddress(server.servers), wanted_partitions())
        database = Database(dsn, pool_size=16)
        await database.start()
        base = await _measured(database, lambda: opened_log(database))
        ours = await _measured(database, lambda: opened_dapr(database, folder / "ours", server.servers), server)
        floor = await _measured(database, lambda: opened_floor(folder / "floor", server.servers), server)
        await database.stop()
    finally:
        await asyncio.to_thread(server.kill)
    rows = [*_speed_rows(base, ours, floor), *_killed_rows(ours, floor)]
    # what is known is shown, whatever becomes of the rest
    print("\n".join(row.line() for row in rows), flush=True)
    return [*rows, *await question_rows("dapr", folder)]


def _speed_rows(base: Figures, ours: Figures, floor: Figures) -> list[Row]:
    """Each goal twice: as it stands, and against the sidecar alone as goals.md has it against its own base."""
    rows = []
    for name, goal, most in (("p50", 2.0, 2.8), ("p99", 10.0, 4.3)):
        value, beside, least = ours[name], base[name], floor[name]
        what = f"one hop over Dapr and Kafka at {RATE}/s, {name}"
        rows.append(Row(f"dapr.hop.{name}", what, value, "ms", f"<= {goal:g}", beside, value / beside, value <= goal))
        ratio = value / least
        rows.append(Row(f"dapr.floor.{name}", ALONE, value, "ms", f"<= {most:g} x alone", least, ratio, ratio <= most))
    rate, beside, most = ours["rate"], base["rate"], floor["rate"]
    what = f"events/s from the log to their effects, backlog of {BACKLOG:,}"
    rows.append(Row("dapr.rate", what, rate, "ev/s", ">= 2500", beside, rate / beside, rate >= 2500))
    share = rate / most
    rows.append(Row("dapr.floor.rate", ALONE, rate, "ev/s", ">= 0.68 x alone", most, share, share >= 0.68))
    return rows


def _killed_rows(ours: Figures, floor: Figures) -> list[Row]:
    rows = []
    for name in ("sidecar", "broker"):
        back, least = ours[name], floor[name]
        what = f"{name} killed: events are handled again"
        rows.append(Row(f"dapr.killed.{name}", what, back, "s", "<= 5", met=back <= BACK_GOAL_S))
        rows.append(Row(f"dapr.floor.{name}", ALONE, back, "s", "-", least, back / least))
    wrong = int(ours["wrong"])
    rows.append(Row("dapr.wrong", "events lost, or handled twice", wrong, "", "0", met=wrong == 0))
    return rows


async def _measured(database: Database, opened: Callable[[], Opened], server: KafkaServer | None = None) -> Figures:
    """Speed, and with a broker also what happens when the sidecar and it are killed."""
    await database.execute("truncate bus_log, bus_cursor, bus_attempts, inbox")
    async with opened() as road:
        figures = await _figures(road)
        if server is not None:
            figures["sidecar"] = await _killed(road, road.kill)
            figures["broker"] = await _killed(road, lambda: _kill_broker(server))
        await _until(lambda: len(road.reader.seen) >= road.published)
        figures["wrong"] = road.published - len(road.reader.seen) + road.reader.doubled
    return figures


def _kill_broker(server: KafkaServer) -> None:
    server.kill()
    server.spawn()


async def _figures(road: Road) -> Figures:
    await _at_rate(road, WARM_UP_S)
    await _until(lambda: len(road.reader.seen) >= road.published)
    road.reader.delays_ms.clear()
    await _at_rate(road, HOP_S)
    await _until(lambda: len(road.reader.seen) >= road.published)
    hop = list(road.reader.delays_ms)
    began = time.perf_counter()
    for _ in range(BACKLOG // 500):
        await road.publish(500)
    await _until(lambda: len(road.reader.seen) >= road.published)
    rate = BACKLOG / (time.perf_counter() - began)
    return {"p50": percentile(hop, 0.5), "p99": percentile(hop, 0.99), "rate": rate}


async def _at_rate(road: Road, seconds: float) -> None:
    """Events leave by the clock, whether or not the ones before have arrived."""
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(RATE * seconds)):
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            group.create_task(road.publish(1))


async def _killed(road: Road, kill: Callable[[], None]) -> float:
    """Seconds from the kill until an event that was published after it is handled."""
    before = len(road.reader.seen)
    kill()
    began = time.perf_counter()
    while len(road.reader.seen) <= before and time.perf_counter() - began < LIMIT_S:
        await road.publish(1)
        await asyncio.sleep(0.01)
    back_s = time.perf_counter() - began
    await _until(lambda: len(road.reader.seen) >= road.published)
    return back_s


async def _until(condition: Callable[[], bool]) -> None:
    deadline = time.perf_counter() + LIMIT_S
    while not condition() and time.perf_counter() < deadline:  # noqa: ASYNC110 - handlers count, they set no event
        await asyncio.sleep(0.005)
