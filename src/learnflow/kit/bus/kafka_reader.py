"""One consumer group on Kafka in this process: effects in PostgreSQL, offsets on a timer after them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from learnflow.kit import inbox
from learnflow.kit.bus import metrics
from learnflow.kit.bus.consumer import Consumer, HandlerFailedError, finish
from learnflow.kit.bus.kafka_address import KafkaAddress
from learnflow.kit.database import Database, Transaction
from learnflow.kit.wakeups import next_backoff

if TYPE_CHECKING:
    from aiokafka.structs import ConsumerRecord

log = structlog.get_logger()

COMMIT_EVERY_S = 0.25
FETCH_WAIT_MS = 250
MAX_RECORDS = 500
SLOW_AFTER_S = 0.05
TOGETHER_S = 1.0
"""A handler that hangs holds up the other partitions no longer than this."""
APART_S = 5.0
"""What was too slow together is not tried together again at once."""
REVOKE_WAIT_S = 3.0
LOOK_EVERY_S, LOOK_S = 2.0, 3.0
STOP_S = 12.0
JOIN_S = 15.0
"""A broker that took the connection while it was starting may never answer on it; a group waits for a dead member's
session before it goes on."""
SESSION_TIMEOUT_MS = 10_000

Records = Mapping[TopicPartition, Sequence["ConsumerRecord"]]


class _NotTogetherError(Exception):
    """A handler failed, or several partitions took too long in one transaction; nothing of it happened."""


class KafkaReader(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """Reads the topics of one group; each partition in order, partitions side by side."""

    def __init__(
        self,
        database: Database,
        address: KafkaAddress,
        group: str,
        consumers: Mapping[str, Consumer],
        *,
        instance: str | None = None,
        session_timeout_ms: int = SESSION_TIMEOUT_MS,
    ) -> None:
        self._database = database
        self._group = group
        self._consumers = consumers
        self._options: dict[str, Any] = {
            **address.options(),
            "group_id": group,
            # a static member that comes back within the session gets its partitions without a rebalance
            "group_instance_id": f"{group}-{instance}" if instance else None,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "session_timeout_ms": session_timeout_ms,
            "heartbeat_interval_ms": session_timeout_ms // 10,
            "metadata_max_age_ms": 10_000,
        }
        self._spacing_s = min(consumer.subscription.spacing_s for consumer in consumers.values())
        self._next_at = 0.0
        self._apart_until = 0.0
        self._lag = {topic: metrics.LAG_SECONDS.labels(topic, group) for topic in consumers}
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._work: dict[TopicPartition, asyncio.Task[None]] = {}
        self._done: dict[TopicPartition, int] = {}
        self._kafka: AIOKafkaConsumer | None = None
        self.is_reading = False
        self.missing: set[str] = set()

    async def start(self) -> None:
        self._stopping.clear()
        self._task = asyncio.create_task(self._run(), name=f"kafka {self._group}")

    async def stop(self) -> None:
        """Finish what is in hand, commit the offsets and leave."""
        if self._task is not None:
            self._stopping.set()
            await asyncio.wait({self._task}, timeout=STOP_S)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        backoff_s = 0.0
        while not self._stopping.is_set():
            try:
                await self._connected()
                backoff_s = 0.0
            # aiokafka raises errors of its own, of the protocol and of asyncio when a broker dies
            except Exception as error:  # noqa: BLE001 - whatever it was, the way out is a new consumer
                log.warning("kafka.reader.lost", group=self._group, error=type(error).__name__)
            backoff_s = next_backoff(backoff_s)
            await _wait(self._stopping, backoff_s)

    async def _connected(self) -> None:
        kafka = self._kafka = AIOKafkaConsumer(**self._options)
        kafka.subscribe(list(self._consumers), listener=self)
        beside: list[asyncio.Task[None]] = []
        try:
            async with asyncio.timeout(JOIN_S):
                await kafka.start()
            self.is_reading = True
            beside = [asyncio.create_task(self._commit_often()), asyncio.create_task(self._look_often(kafka))]
            while not self._stopping.is_set():
                await self._pass(kafka)
            await self._release(set(self._work), REVOKE_WAIT_S)
        finally:
            await asyncio.gather(*(_cancelled(task) for task in beside))
            self.is_reading = False
            await self._release(set(self._work), 0)
            await self._commit()
            self._done.clear()
            await kafka.stop()

    async def _pass(self, kafka: AIOKafkaConsumer) -> None:
        """Take what there is; partitions whose work goes on are paused, so that the others do not wait for them."""
        await asyncio.sleep(max(0.0, self._next_at - time.monotonic()))
        self._next_at = time.monotonic() + self._spacing_s
        fetched = await kafka.getmany(timeout_ms=FETCH_WAIT_MS, max_records=MAX_RECORDS)
        self._measure_lag(fetched)
        if time.monotonic() < self._apart_until:
            self._begin_apart(fetched)
        elif fetched:
            self._begin(fetched)
        running = {task for at, task in self._work.items() if at not in kafka.paused()}
        if running:
            await asyncio.wait(running, timeout=SLOW_AFTER_S)
            # whatever works now: what failed together goes on apart
            kafka.pause(*((self._work.keys() & kafka.assignment()) - kafka.paused()))

    def _begin(self, fetched: Records) -> None:
        task = asyncio.create_task(self._handle(fetched), name=f"kafka {self._group} handles")
        self._work.update(dict.fromkeys(fetched, task))
        task.add_done_callback(partial(self._ended, tuple(fetched)))

    def _begin_apart(self, fetched: Records) -> None:
        for partition, records in fetched.items():
            self._begin({partition: records})

    def _ended(self, partitions: Sequence[TopicPartition], task: asyncio.Task[None]) -> None:
        mine = [at for at in partitions if self._work.get(at) is task]
        for partition in mine:
            del self._work[partition]
        if self._kafka is not None:
            self._kafka.resume(*(self._kafka.paused() & set(mine)))

    def _measure_lag(self, fetched: Records) -> None:
        """How old the oldest record is that came now; nothing new and nothing in hand is no lag."""
        oldest: dict[str, float] = {}
        for partition, records in fetched.items():
            at_s = records[0].timestamp / 1000
            oldest[partition.topic] = min(at_s, oldest.get(partition.topic, at_s))
        for topic, lag in self._lag.items():
            if topic in oldest:
                lag.set(max(0.0, time.time() - oldest[topic]))
            elif not any(partition.topic == topic for partition in self._work):
                lag.set(0)

    async def _handle(self, fetched: Records) -> None:
        """Handle together; when somebody fails or is slow each partition alone, and its records one by one."""
        try:
            await self._surely(partial(self._batch, fetched))
        except _NotTogetherError as error:
            if len(fetched) > 1:
                self._apart_until = time.monotonic() + APART_S * isinstance(error.__cause__, TimeoutError)
                self._begin_apart(fetched)
            else:
                await self._one_by_one(fetched)
            return
        self._done.update({partition: records[-1].offset + 1 for partition, records in fetched.items()})

    async def _one_by_one(self, fetched: Records) -> None:
        for partition, records in fetched.items():
            consumer = self._consumers[partition.topic]
            for record in records:
                await self._surely(partial(self._one, consumer, record.value or b""))
                self._done[partition] = record.offset + 1

    async def _surely(self, work: Callable[[], Awaitable[None]]) -> None:
        """PostgreSQL being away only makes it take longer."""
        backoff_s = 0.0
        while True:
            try:
                await work()
                return
            except _NotTogetherError:
                raise
            # asyncpg raises errors of several families when the server dies
            except Exception as error:  # noqa: BLE001 - whatever it was, the records are handled again
                log.warning("kafka.database.lost", group=self._group, error=type(error).__name__)
                backoff_s = next_backoff(backoff_s)
                await asyncio.sleep(backoff_s)

    async def _batch(self, fetched: Records) -> None:
        """One transaction for all: a tenth of the work of one for each record, a fifth of one for each partition."""
        by_topic: dict[str, list[bytes]] = {}
        for partition, records in fetched.items():
            by_topic.setdefault(partition.topic, []).extend(record.value or b"" for record in records)
        async with self._database.transaction() as tx:
            try:
                async with asyncio.timeout(TOGETHER_S if len(fetched) > 1 else None):
                    for topic, records in by_topic.items():
                        await self._consumers[topic].handle(tx, records, self._claim)
                    await finish(tx)
            except (HandlerFailedError, TimeoutError) as error:
                raise _NotTogetherError from error

    async def _one(self, consumer: Consumer, raw: bytes) -> None:
        while True:
            async with self._database.transaction() as tx:
                delay_s = await consumer.handle_one(tx, raw, self._claim)
            if delay_s is None:
                return
            await asyncio.sleep(delay_s)

    async def _claim(self, tx: Transaction, event_ids: Sequence[UUID]) -> set[UUID]:
        return await inbox.claim(tx, self._group, event_ids)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Finish or abandon the work on what is taken away, then commit what was finished."""
        await self._release(revoked & set(self._work), REVOKE_WAIT_S)
        await self._commit()
        for partition in revoked:
            self._done.pop(partition, None)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Reading begins at the committed offset by itself."""

    async def _release(self, partitions: set[TopicPartition], wait_s: float) -> None:
        """Wait for the work on them, then cancel it; what is done together may go on apart meanwhile."""
        until = time.monotonic() + wait_s
        while tasks := {self._work[at] for at in partitions & self._work.keys()}:
            left_s = until - time.monotonic()
            if left_s > 0:
                await asyncio.wait(tasks, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.gather(*(_cancelled(task) for task in tasks))

    async def _commit_often(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_EVERY_S)
            await self._commit()

    async def _look_often(self, kafka: AIOKafkaConsumer) -> None:
        """aiokafka waits in silence for a broker or a topic that is away; readiness is to know."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                async with asyncio.timeout(LOOK_S):
                    self.missing = self._consumers.keys() - await kafka.topics()
                self.is_reading = True
            # raised when the broker does not answer, in many families
            except Exception:  # noqa: BLE001 - see above
                self.is_reading = False

    async def _commit(self) -> None:
        kafka = self._kafka
        if kafka is None or not self._done:
            return
        done = {at: offset for at, offset in self._done.items() if at in kafka.assignment()}
        self._done = {}
        if not done:
            return
        try:
            await kafka.commit(done)
        # a rebalance or a dead broker: whoever reads next begins earlier, and the inbox knows what was done
        except Exception as error:  # noqa: BLE001 - see above
            log.info("kafka.commit.failed", group=self._group, error=type(error).__name__)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
