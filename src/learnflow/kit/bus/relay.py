"""From the log to Kafka or Dapr: one more reading group of `bus_log`, and on those drivers the only one.

Every process runs one; an advisory lock decides which of them works, and when that one dies the next takes over.
It holds no transaction while its carrier waits, since that would hold the log's readers back. Two that work at
once (one of them without knowing that its connection is gone) send events twice, which the inbox absorbs, and a
cursor only moves forward over what was acknowledged.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Protocol

import asyncpg
import structlog

from learnflow.contracts.topics import TOPICS, wanted_partitions
from learnflow.kit.bus.base import channel_of
from learnflow.kit.bus.outbox import write_dead_letter
from learnflow.kit.bus.reader import HELD_BACK_MAX_S, HELD_BACK_START_S, POLL_S
from learnflow.kit.database import INDEXES_ONLY, Database, Transaction
from learnflow.kit.wakeups import Wakeups, next_backoff

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

log = structlog.get_logger()

GROUP = "relay"
LOCK_KEY = 0x1EA2F1B5
LIMIT = 100
MOVE_EVERY_S = 0.05
"""It knows where it stands; the cursors tell whoever takes over, and that one sends so much again."""
STALLED_AFTER_S = 2.0
STOP_S = 12.0

NOT_WAITED_FOR = "set synchronous_commit = off"
"""A cursor whose move was lost with the server sends what was sent, and the inbox knows that: no disk is waited for."""
TRY_LOCK = "select pg_try_advisory_lock($1)"
ENSURE = """
insert into bus_cursor (grp, topic, part)
select $1, topic, part from unnest($2::text[], $3::int[]) as t (topic, parts), generate_series(0, parts - 1) as p (part)
on conflict do nothing
"""
# arrays in sub-selects: PostgreSQL would plan anew for each length that it saw
POSITIONS = "select topic, part, xid, seq from bus_cursor where grp = $1"
FETCH = """
with c as materialized (
    select * from unnest((select $1::text[]), (select $2::int2[]), (select $3::xid8[]), (select $4::int8[]))
             as c (topic, part, xid, seq)
)
select l.topic, l.part, l.xid, l.seq, l.key, l.ce::text as ce, (
    select bool_or((
        select true from bus_log l
        where l.topic = c.topic and l.part = c.part and (l.xid, l.seq) > (c.xid, c.seq)
          and l.xid >= (select pg_snapshot_xmin(pg_current_snapshot()))
        order by l.xid, l.seq limit 1))
    from c) as more
from c cross join lateral (
    select l.topic, l.part, l.xid, l.seq, l.key, l.ce from bus_log l
    where l.topic = c.topic and l.part = c.part and (l.xid, l.seq) > (c.xid, c.seq)
      and l.xid < (select pg_snapshot_xmin(pg_current_snapshot()))
    order by l.xid, l.seq limit $5
) l
order by l.topic, l.part, l.xid, l.seq
"""
WAITING = """
select bool_or((
    select true from bus_log l where l.topic = c.topic and l.part = c.part and (l.xid, l.seq) > (c.xid, c.seq)
    order by l.xid, l.seq limit 1))
from unnest((select $1::text[]), (select $2::int2[]), (select $3::xid8[]), (select $4::int8[]))
     as c (topic, part, xid, seq)
"""
MOVE = """
update bus_cursor c set xid = m.xid, seq = m.seq
from unnest((select $2::text[]), (select $3::int2[]), (select $4::xid8[]), (select $5::int8[]))
     as m (topic, part, xid, seq)
where c.grp = $1 and c.topic = m.topic and c.part = m.part and (c.xid, c.seq) < (m.xid, m.seq)
"""


class Carrier(Protocol):
    """Takes records to where the readers read; `name` says to people where that is."""

    name: str

    async def open(self, partitions: Mapping[str, int], /) -> None:
        """Begin; the topics with their number of partitions are there afterwards, or are somebody else's to make."""
        ...

    async def send(self, rows: Sequence[asyncpg.Record]) -> list[asyncpg.Record]:
        """Send `topic`, `key` and `ce` of each row in order per key, wait until all are acknowledged.

        Returns those that are too large ever to be sent.
        """
        ...

    async def why_stalled(self) -> str:
        """What is wrong when a batch takes long, in words; mends what it can."""
        ...

    async def close(self) -> None: ...


class Relay:
    """Publishes what was committed to the log, in order per key, until it is stopped."""

    name = "relay"

    def __init__(self, database: Database, carrier: Carrier, wakeups: Wakeups) -> None:
        self._database = database
        self._carrier = carrier
        self._wakeups = wakeups
        self._woken = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._fresh: set[str] = set()
        self._place = _Place(())
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

    @property
    def _unreachable(self) -> str:
        return f"the relay cannot reach {self._carrier.name}"

    async def _run(self) -> None:
        backoff_s = 0.0
        while not self._stopping:
            connection: Connection | None = None
            try:
                connection = await self._database.connect()
                if await self._become_leader(connection):
                    await self._lead(connection)
                backoff_s = 0.0
            # PostgreSQL's client and the carrier's raise errors of many families when a server dies
            except Exception as error:  # noqa: BLE001 - whatever it was, the way out is to begin again
                self._problem = "the relay cannot reach PostgreSQL" if connection is None else self._unreachable
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
        partitions = wanted_partitions()
        await connection.execute(INDEXES_ONLY)
        await connection.execute(NOT_WAITED_FOR)
        await connection.execute(ENSURE, GROUP, list(partitions), list(partitions.values()))
        self._place = _Place(await connection.fetch(POSITIONS, GROUP))
        wakers = {channel_of(topic): partial(self._wake, topic) for topic in partitions}
        for channel, waker in wakers.items():
            self._wakeups.on(channel, waker)
        try:
            await self._carrier.open(partitions)
            await self._serve(connection, partitions.keys())
        finally:
            for channel, waker in wakers.items():
                self._wakeups.off(channel, waker)
            with suppress(Exception):
                await self._carrier.close()

    async def _serve(self, connection: Connection, every: Collection[str]) -> None:
        self._problem = None
        pause_s, topics = HELD_BACK_START_S, set(every)
        try:
            while not self._stopping:
                self._woken.clear()
                topics |= self._fresh
                self._fresh.clear()
                read, is_more = await self._pass(connection, topics)
                if self._place.due_in_s() <= 0:
                    await self._move(connection)
                if not is_more:
                    topics = set() if await self._idle(connection) else set(every)
                elif not read:
                    await self._sleep(pause_s)
                pause_s = HELD_BACK_START_S if read or not is_more else min(pause_s * 2, HELD_BACK_MAX_S)
        finally:
            with suppress(Exception):
                await self._move(connection)

    async def _pass(self, connection: Connection, topics: Iterable[str]) -> tuple[int, bool]:
        """Carry what there is; returns how many records, and whether there is more that nobody will notify of."""
        columns = self._place.in_topics(topics)
        rows = await connection.fetch(FETCH, *columns, LIMIT)
        if not rows:
            return 0, bool(await connection.fetchval(WAITING, *columns))
        too_large = await self._send(rows)
        self._place.passed(rows)
        if too_large:
            await self._bury(too_large)
        return len(rows), len(rows) >= LIMIT or bool(rows[0]["more"])

    async def _idle(self, connection: Connection) -> bool:
        """Until somebody says that there is something new; False when nobody did for long."""
        if self._place.unwritten:
            await self._sleep(self._place.due_in_s())
            if self._woken.is_set():
                return True
            await self._move(connection)
        await self._sleep(POLL_S)
        return self._woken.is_set()

    async def _send(self, rows: Sequence[asyncpg.Record]) -> list[asyncpg.Record]:
        """Send and wait until all have arrived; returns those that are too large."""
        sending = asyncio.ensure_future(self._carrier.send(rows))
        try:
            while not (await asyncio.wait({sending}, timeout=STALLED_AFTER_S))[0]:
                self._problem = await self._carrier.why_stalled()
            self._problem = None
            return await sending
        finally:
            sending.cancel()

    async def _move(self, connection: Connection) -> None:
        if self._place.unwritten:
            await connection.execute(MOVE, GROUP, *self._place.unwritten_columns())
            self._place.written()

    async def _bury(self, rows: Sequence[asyncpg.Record]) -> None:
        async with self._database.transaction() as tx:
            for row in rows:
                await _bury(tx, row)
            await tx.execute(MOVE, GROUP, *self._place.unwritten_columns())
        self._place.written()

    def _wake(self, topic: str, _payload: str) -> None:
        self._fresh.add(topic)
        self._woken.set()

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()


class _Place:
    """How far each partition was read and acknowledged, and what of that the cursors do not say yet."""

    def __init__(self, rows: Iterable[asyncpg.Record]) -> None:
        self._parts: dict[str, dict[int, tuple[int, int]]] = {}
        for row in rows:
            self._parts.setdefault(row["topic"], {})[row["part"]] = (row["xid"], row["seq"])
        self.unwritten: dict[tuple[str, int], tuple[int, int]] = {}
        self._due_at = 0.0

    def in_topics(self, topics: Iterable[str]) -> list[list[object]]:
        """The columns topic, part, xid and seq."""
        return _columns({(topic, part): at for topic in topics for part, at in self._parts.get(topic, {}).items()})

    def unwritten_columns(self) -> list[list[object]]:
        return _columns(self.unwritten)

    def passed(self, rows: Iterable[asyncpg.Record]) -> None:
        if not self.unwritten:
            self._due_at = time.monotonic() + MOVE_EVERY_S
        for row in rows:
            at = (row["xid"], row["seq"])
            self.unwritten[row["topic"], row["part"]] = self._parts[row["topic"]][row["part"]] = at

    def due_in_s(self) -> float:
        """How long what is unwritten may wait."""
        return self._due_at - time.monotonic() if self.unwritten else MOVE_EVERY_S

    def written(self) -> None:
        self.unwritten.clear()


def _columns(places: Mapping[tuple[str, int], tuple[int, int]]) -> list[list[object]]:
    rows = [(*where, *at) for where, at in places.items()]
    return [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]


async def _bury(tx: Transaction, row: asyncpg.Record) -> None:
    """A dead letter stays in the log; the letter of a letter that is too large itself would never end."""
    topic = TOPICS.get(row["topic"])
    if topic is not None:
        reason = f"too large for Kafka: {len(row['ce'])} characters"
        await write_dead_letter(tx, topic, GROUP, row["ce"], reason=reason, attempts=1)
