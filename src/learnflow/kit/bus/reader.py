"""One reader of the log in PostgreSQL: a topic for a group, all partitions in one statement.

The row lock of a cursor is the lease: replicas of a group skip each other's partitions. Reading, inbox, effects and
the cursor's move are one transaction. The only process of its group looks without a lock and without a number of its
own, so that it holds no other reader back while its handlers work; cursor and inbox are written at the end, and refuse
the effects if somebody else was there after all. Rows of transactions that an older one still running could precede
are left for later (`xid < snapshot xmin`), so nothing is ever passed over.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import structlog

from learnflow.kit import inbox
from learnflow.kit.bus import metrics
from learnflow.kit.bus.consumer import Consumer, HandlerFailedError, finish
from learnflow.kit.bus.cursors import (
    ENSURE,
    FETCH,
    FETCH_ALONE,
    FETCH_AND_CLAIM,
    IS_UUID,
    MOVE_ALONE,
    MOVE_AND_CLAIM,
    RETRY_AT,
    WAITING,
)
from learnflow.kit.bus.outbox import INSERT_MANY
from learnflow.kit.bus.subscription import Subscription
from learnflow.kit.database import Database, Transaction
from learnflow.kit.wakeups import next_backoff

if TYPE_CHECKING:
    from learnflow.kit.database import Connection

log = structlog.get_logger()

POLL_S = 0.5
HELD_BACK_START_S = 0.0005
HELD_BACK_MAX_S = 0.1
STOP_S = 12.0
START_LIMIT = 16
MAX_LIMIT = 64
FAST_S, SLOW_S = 0.02, 0.1
REDONE = frozenset({MOVE_ALONE, inbox.PUT_MANY, INSERT_MANY})
"""What passing an event on writes: after a crash it is read and passed on anew, and nobody has seen the first time."""


class Reader:
    """Reads one subscription until it is stopped, whatever happens to PostgreSQL meanwhile."""

    def __init__(self, database: Database, consumer: Consumer, *, is_alone: bool = False) -> None:
        """`is_alone`: no other process reads for this group, so it need not lock before it looks."""
        self._database = database
        self._consumer = consumer
        self._batch = self._batch_alone if is_alone else self._batch_shared
        self._key = (consumer.subscription.group, consumer.subscription.topic.name)
        self._lag = metrics.LAG_SECONDS.labels(self._key[1], self._key[0])
        self._woken = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._limit = START_LIMIT
        self._width = consumer.subscription.topic.partitions
        self._careful = 0
        self.is_reading = False

    @property
    def subscription(self) -> Subscription:
        return self._consumer.subscription

    def wake(self, _payload: str = "") -> None:
        """There may be something new."""
        self._woken.set()

    async def start(self) -> None:
        self._stopping = False
        self._task = asyncio.create_task(self._run(), name=f"reader {self._key[1]} {self._key[0]}")

    async def stop(self) -> None:
        """Finish the batch in hand, commit it and end."""
        if self._task is None:
            return
        self._stopping = True
        self.wake()
        await asyncio.wait({self._task}, timeout=STOP_S)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    async def _run(self) -> None:
        backoff_s = 0.0
        while not self._stopping:
            try:
                await self._ensure_cursors()
                self.is_reading, backoff_s = True, 0.0
                await self._serve()
            # a dying server shows as errors of several families, asyncpg's own internal ones among them
            except Exception as error:  # noqa: BLE001 - whatever it was, the way out is a new connection
                log.warning("bus.reader.lost", group=self._key[0], topic=self._key[1], error=type(error).__name__)
            finally:
                self.is_reading = False
            if not self._stopping:
                # who was woken for what cannot be read now would come back at once, again and again
                self._woken.clear()
                backoff_s = next_backoff(backoff_s)
                await self._sleep(backoff_s)

    async def _ensure_cursors(self) -> None:
        async with self._database.direct(is_poll=True) as connection:
            await connection.execute(ENSURE, *self._key, self.subscription.topic.partitions)

    async def _serve(self) -> None:
        pause_s = HELD_BACK_START_S
        next_at = 0.0
        is_idle = True
        while not self._stopping:
            await asyncio.sleep(max(0.0, next_at - time.monotonic()))
            next_at = time.monotonic() + self.subscription.spacing_s
            is_poll = is_idle and not self._woken.is_set()
            self._woken.clear()
            async with self._database.direct(is_poll=is_poll) as connection:
                read, is_more = await self._pass(connection)
                is_waiting = not read and await connection.fetchval(WAITING, *self._key)
            is_idle = not (read or is_waiting)
            if read and is_more:
                pause_s = HELD_BACK_START_S
            elif not is_waiting:
                pause_s, self._careful = HELD_BACK_START_S, 0
                self._lag.set(0)
                # not in step with the other topics' readers: they share a few connections
                await self._sleep(POLL_S * random.uniform(0.7, 1.3))  # noqa: S311 - no secret
            else:
                await self._sleep(pause_s)
                pause_s = min(pause_s * 2, HELD_BACK_MAX_S)

    async def _pass(self, connection: Connection) -> tuple[int, bool]:
        """Read and handle once; returns how many records, and whether to look again at once."""
        if self._careful:
            return await self._one(connection)
        started = time.monotonic()
        rows: list[asyncpg.Record] = []
        try:
            await self._batch(connection, rows)
        except HandlerFailedError:
            self._careful = len(rows)
            return 0, True
        return self._read(rows, time.monotonic() - started)

    async def _batch_shared(self, connection: Connection, rows: list[asyncpg.Record]) -> None:
        async with self._database.transaction_on(connection) as tx:
            rows += await tx.fetch(FETCH_AND_CLAIM, *self._key, *self._sizes, IS_UUID)
            if rows:
                await self._consumer.handle(tx, [row["ce"] for row in rows], _Claimed(self._key[0], rows))
                await finish(tx)

    async def _batch_alone(self, connection: Connection, rows: list[asyncpg.Record]) -> None:
        rows += await connection.fetch(FETCH_ALONE, *self._key, *self._sizes, IS_UUID)
        if rows:
            async with self._database.transaction_on(connection) as tx:
                await self._consumer.handle(tx, [row["ce"] for row in rows], _ClaimedLast(self._key, rows))
                await finish(tx, REDONE)

    @property
    def _sizes(self) -> tuple[int, int, int]:
        return self._limit, self._limit * self._width, self._width

    def _read(self, rows: Sequence[asyncpg.Record], took_s: float) -> tuple[int, bool]:
        if not rows:
            return 0, False
        self._lag.set((datetime.now(UTC) - min(row["ts"] for row in rows)).total_seconds())
        is_partial = len(rows) >= self._limit or self._width < self.subscription.topic.partitions
        if took_s > SLOW_S:
            # shorter transactions hold others back less, and fewer partitions leave some to the replicas
            self._limit, self._width = max(1, self._limit // 2), max(1, self._width // 2)
        elif took_s < FAST_S:
            self._limit = min(MAX_LIMIT, self._limit * 2)
            self._width = min(self.subscription.topic.partitions, self._width * 2)
        return len(rows), is_partial or bool(rows[0]["more"])

    async def _one(self, connection: Connection) -> tuple[int, bool]:
        """One record in a transaction of its own, after a batch failed somewhere."""
        async with self._database.transaction_on(connection) as tx:
            rows = await tx.fetch(FETCH, *self._key, 1, 1, 1, IS_UUID)
            if rows:
                delay_s = await self._consumer.handle_one(tx, rows[0]["ce"], _Move(self._key, rows))
                if delay_s is not None:
                    await tx.execute(RETRY_AT, *self._key, rows[0]["part"], delay_s)
                    return 1, True
        self._careful = max(self._careful - len(rows), 0) if rows else self._careful
        return len(rows), True

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()


class _Claimed:
    """What was claimed with the reading; an id in a form that PostgreSQL was not asked about is claimed now."""

    def __init__(self, group: str, rows: Sequence[asyncpg.Record]) -> None:
        self._group = group
        self._known = {row["id"]: row["is_new"] for row in rows}

    async def __call__(self, tx: Transaction, event_ids: Sequence[UUID]) -> set[UUID]:
        unseen = {event_id for event_id in event_ids if self._known.get(event_id)}
        others = [event_id for event_id in event_ids if event_id not in self._known]
        return unseen | await inbox.claim(tx, self._group, others)


class _ClaimedLast:
    """Moves the cursors and writes the inbox at the end."""

    def __init__(self, key: tuple[str, str], rows: Sequence[asyncpg.Record]) -> None:
        self._key = key
        self._known = {row["id"]: row["is_new"] for row in rows}
        last = {row["part"]: row for row in rows}
        names = ("part", "from_xid", "from_seq", "xid", "seq")
        self._moves = [(*key, *(row[name] for name in names)) for row in last.values()]

    async def __call__(self, tx: Transaction, event_ids: Sequence[UUID]) -> set[UUID]:
        await tx.write_at_end(MOVE_ALONE, self._moves)
        unseen = {event_id for event_id in event_ids if self._known.get(event_id)}
        await inbox.put(tx, self._key[0], unseen)
        return unseen | await inbox.claim(tx, self._key[0], [one for one in event_ids if one not in self._known])


class _Move:
    """Moves the cursors behind the rows and writes the inbox, in one statement."""

    def __init__(self, key: tuple[str, str], rows: Sequence[asyncpg.Record]) -> None:
        last = {row["part"]: row for row in rows}
        self._key = key
        self._parts = list(last)
        self._xids = [row["xid"] for row in last.values()]
        self._seqs = [row["seq"] for row in last.values()]

    async def __call__(self, tx: Transaction, event_ids: Sequence[UUID]) -> set[UUID]:
        rows = await tx.fetch(MOVE_AND_CLAIM, *self._key, self._parts, self._xids, self._seqs, event_ids)
        return {row["event_id"] for row in rows}
