"""From the log to Kafka: one more reading group of `bus_log`, and under Kafka the only one.

Every process runs one; an advisory lock decides which of them works, and when that one dies the next takes over.
It holds no transaction while it waits for Kafka, since that would hold the log's readers back. Two that work at
once (one of them without knowing that its connection is gone) send events twice, which the inbox absorbs, and a
cursor only moves forward over what Kafka has acknowledged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer

from learnflow.contracts.topics import TOPICS
from learnflow.kit.bus.base import channel_of
from learnflow.kit.bus.kafka_topics import ensure_topics
from learnflow.kit.bus.reader import HELD_BACK_MAX_S, HELD_BACK_START_S, POLL_S
from learnflow.kit.database import INDEXES_ONLY, Database
from learnflow.kit.wakeups import Wakeups, next_backoff

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

log = structlog.get_logger()

GROUP = "relay"
LOCK_KEY = 0x1EA2F1B5
LIMIT = 100
REQUEST_TIMEOUT_MS = 40_000
STOP_S = 12.0
HEADERS = [("content-type", b"application/cloudevents+json; charset=UTF-8")]

TRY_LOCK = "select pg_try_advisory_lock($1)"
ENSURE = """
insert into bus_cursor (grp, topic, part)
select $1, topic, part from unnest($2::text[], $3::int[]) as t (topic, parts), generate_series(0, parts - 1) as p (part)
on conflict do nothing
"""
FETCH = """
select l.topic, l.part, l.xid, l.seq, l.key, l.ce::text as ce
from bus_cursor c cross join lateral (
    select l.topic, l.part, l.xid, l.seq, l.key, l.ce from bus_log l
    where l.topic = c.topic and l.part = c.part and (l.xid, l.seq) > (c.xid, c.seq)
      and l.xid < (select pg_snapshot_xmin(pg_current_snapshot()))
    order by l.xid, l.seq limit $2
) l
where c.grp = $1 order by l.topic, l.part, l.xid, l.seq
"""
WAITING = """
select bool_or((
    select true from bus_log l where l.topic = c.topic and l.part = c.part and (l.xid, l.seq) > (c.xid, c.seq)
    order by l.xid, l.seq limit 1))
from bus_cursor c where c.grp = $1
"""
MOVE = """
update bus_cursor c set xid = m.xid, seq = m.seq
from unnest($2::text[], $3::int2[], $4::xid8[], $5::int8[]) as m (topic, part, xid, seq)
where c.grp = $1 and c.topic = m.topic and c.part = m.part and (c.xid, c.seq) < (m.xid, m.seq)
"""


class Relay:
    """Publishes what was committed to the log, in order per key, until it is stopped."""

    name = "relay"

    def __init__(self, database: Database, servers: str, wakeups: Wakeups) -> None:
        self._database = database
        self._servers = servers
        self._wakeups = wakeups
        self._woken = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._problem: str | None = "the relay has not begun"

    async def start(self) -> None:
        self._stopping = False
        self._task = asyncio.create_task(self._run(), name="relay")

    async def stop(self) -> None:
        """Finish the batch in hand, move the cursors and end."""
        if self._task is not None:
            self._stopping = True
            self._woken.set()
            await asyncio.wait({self._task}, timeout=STOP_S)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def reason_not_ready(self) -> str | None:
        return self._problem

    async def _run(self) -> None:
        backoff_s = 0.0
        while not self._stopping:
            connection: Connection | None = None
            try:
                connection = await self._database.connect()
                if await self._become_leader(connection):
                    await self._lead(connection)
                backoff_s = 0.0
            # PostgreSQL's client and Kafka's raise errors of many families when a server dies
            except Exception as error:  # noqa: BLE001 - whatever it was, the way out is to begin again
                self._problem = "the relay cannot reach PostgreSQL or Kafka"
                log.warning("relay.lost", error=type(error).__name__)
            finally:
                if connection is not None:
                    connection.terminate()
            if not self._stopping:
                backoff_s = next_backoff(backoff_s)
                await self._sleep(backoff_s)

    async def _become_leader(self, connection: Connection) -> bool:
        while not self._stopping:
            if await connection.fetchval(TRY_LOCK, LOCK_KEY):
                return True
            self._problem = None
            await self._sleep(POLL_S)
        return False

    async def _lead(self, connection: Connection) -> None:
        partitions = {topic.name: topic.partitions for topic in TOPICS.values()}
        partitions.update({topic.dead_letter: 1 for topic in TOPICS.values()})
        await connection.execute(INDEXES_ONLY)
        await connection.execute(ENSURE, GROUP, list(partitions), list(partitions.values()))
        producer = AIOKafkaProducer(
            bootstrap_servers=self._servers,
            acks="all",
            enable_idempotence=True,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        try:
            await producer.start()
            await ensure_topics(self._servers, partitions)
            self._listen(partitions)
            await self._serve(connection, producer)
        finally:
            self._unlisten(partitions)
            with suppress(Exception):
                await producer.stop()

    async def _serve(self, connection: Connection, producer: AIOKafkaProducer) -> None:
        self._problem = None
        pause_s = HELD_BACK_START_S
        while not self._stopping:
            self._woken.clear()
            rows = await connection.fetch(FETCH, GROUP, LIMIT)
            if rows:
                await self._send(producer, rows)
                await self._move(connection, rows)
                pause_s = HELD_BACK_START_S
            elif await connection.fetchval(WAITING, GROUP):
                await self._sleep(pause_s)
                pause_s = min(pause_s * 2, HELD_BACK_MAX_S)
            else:
                pause_s = HELD_BACK_START_S
                await self._sleep(POLL_S)

    async def _send(self, producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]) -> None:
        # each `send` is awaited in turn, which keeps the order; the acknowledgements are awaited together
        sent = [
            await producer.send(row["topic"], row["ce"].encode(), key=row["key"].encode(), headers=HEADERS)
            for row in rows
        ]
        await asyncio.gather(*sent)

    async def _move(self, connection: Connection, rows: Sequence[asyncpg.Record]) -> None:
        last = {(row["topic"], row["part"]): row for row in rows}.values()
        columns = ([row[name] for row in last] for name in ("topic", "part", "xid", "seq"))
        await connection.execute(MOVE, GROUP, *columns)

    def _wake(self, _payload: str) -> None:
        self._woken.set()

    def _listen(self, topics: Sequence[str] | dict[str, int]) -> None:
        for topic in topics:
            self._wakeups.on(channel_of(topic), self._wake)

    def _unlisten(self, topics: Sequence[str] | dict[str, int]) -> None:
        for topic in topics:
            self._wakeups.off(channel_of(topic), self._wake)

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
