"""One consumer group on Kafka in this process: effects in PostgreSQL, offsets on a timer after them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from learnflow.kit import inbox
from learnflow.kit.bus.consumer import Consumer, HandlerFailedError
from learnflow.kit.database import Database, Transaction
from learnflow.kit.wakeups import next_backoff

if TYPE_CHECKING:
    from aiokafka.structs import ConsumerRecord

log = structlog.get_logger()

COMMIT_EVERY_S = 0.1
FETCH_WAIT_MS = 250
MAX_RECORDS = 500
SLOW_AFTER_S = 0.05
REVOKE_WAIT_S = 3.0
STOP_S = 12.0
SESSION_TIMEOUT_MS = 10_000


class KafkaReader(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """Reads the topics of one group; each partition in order, partitions side by side."""

    def __init__(
        self,
        database: Database,
        servers: str,
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
            "bootstrap_servers": servers,
            "group_id": group,
            # a static member that comes back within the session gets its partitions without a rebalance
            "group_instance_id": f"{group}-{instance}" if instance else None,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "session_timeout_ms": session_timeout_ms,
            "heartbeat_interval_ms": session_timeout_ms // 10,
            "metadata_max_age_ms": 10_000,
        }
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._work: dict[TopicPartition, asyncio.Task[None]] = {}
        self._done: dict[TopicPartition, int] = {}
        self._kafka: AIOKafkaConsumer | None = None
        self.is_reading = False

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
        committer: asyncio.Task[None] | None = None
        try:
            await kafka.start()
            self.is_reading = True
            committer = asyncio.create_task(self._commit_often(), name=f"kafka offsets {self._group}")
            while not self._stopping.is_set():
                await self._pass(kafka)
            await self._release(set(self._work), REVOKE_WAIT_S)
        finally:
            self.is_reading = False
            if committer is not None:
                await _cancelled(committer)
            await self._release(set(self._work), 0)
            await self._commit()
            self._done.clear()
            await kafka.stop()

    async def _pass(self, kafka: AIOKafkaConsumer) -> None:
        """Take what there is; partitions whose work goes on are paused, so that the others do not wait for them."""
        for partition, records in (await kafka.getmany(timeout_ms=FETCH_WAIT_MS, max_records=MAX_RECORDS)).items():
            task = asyncio.create_task(self._handle(partition, records), name=f"{partition}")
            self._work[partition] = task
            task.add_done_callback(partial(self._ended, partition))
        running = {at: task for at, task in self._work.items() if at not in kafka.paused()}
        if running:
            await asyncio.wait(running.values(), timeout=SLOW_AFTER_S)
            kafka.pause(*(at for at, task in running.items() if not task.done() and at in kafka.assignment()))

    def _ended(self, partition: TopicPartition, task: asyncio.Task[None]) -> None:
        if self._work.get(partition) is task:
            del self._work[partition]
        kafka = self._kafka
        if kafka is not None and partition in kafka.paused():
            kafka.resume(partition)

    async def _handle(self, partition: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        """Handle the records of one partition; PostgreSQL being away only makes it take longer."""
        backoff_s = 0.0
        while True:
            try:
                await self._batch(self._consumers[partition.topic], records)
                self._done[partition] = records[-1].offset + 1
                return
            # asyncpg raises errors of several families when the server dies
            except Exception as error:  # noqa: BLE001 - whatever it was, the records are handled again
                log.warning("kafka.database.lost", group=self._group, error=type(error).__name__)
                backoff_s = next_backoff(backoff_s)
                await asyncio.sleep(backoff_s)

    async def _batch(self, consumer: Consumer, records: Sequence[ConsumerRecord]) -> None:
        try:
            async with self._database.transaction() as tx:
                await consumer.handle(tx, [record.value or b"" for record in records], self._claim)
        except HandlerFailedError:
            for record in records:
                await self._one(consumer, record.value or b"")

    async def _one(self, consumer: Consumer, raw: bytes) -> None:
        while True:
            async with self._database.transaction() as tx:
                delay_s = await consumer.handle_one(tx, raw, self._claim)
            if delay_s is None:
                return
            await asyncio.sleep(delay_s)

    async def _claim(self, tx: Transaction, event_ids: Sequence[UUID]) -> set[UUID]:
        return await inbox.claim(tx, self._group, event_ids) if event_ids else set()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Finish or abandon the work on what is taken away, then commit what was finished."""
        await self._release(revoked & set(self._work), REVOKE_WAIT_S)
        await self._commit()
        for partition in revoked:
            self._done.pop(partition, None)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Reading begins at the committed offset by itself."""

    async def _release(self, partitions: set[TopicPartition], wait_s: float) -> None:
        tasks = [self._work[partition] for partition in partitions if partition in self._work]
        if tasks:
            await asyncio.wait(tasks, timeout=wait_s)
            await asyncio.gather(*(_cancelled(task) for task in tasks))

    async def _commit_often(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_EVERY_S)
            await self._commit()

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
