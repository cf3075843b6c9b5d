"""What the sidecar delivers of one topic to one group: records that wait for a transaction go into it together.

The sidecar has one record of a partition under way at a time, so records that are here at once are of different
students' partitions: their order among each other is free, and one that fails holds up nobody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from uuid import UUID

import structlog

from learnflow.contracts.errors import Unavailable
from learnflow.kit import inbox
from learnflow.kit.bus.consumer import Consumer, HandlerFailedError, finish
from learnflow.kit.bus.subscription import Subscription
from learnflow.kit.database import Database, Transaction

log = structlog.get_logger()

AT_ONCE = 3
"""Transactions of one topic at a time: an idle reader begins at once, a busy one gets larger batches."""

STOP_S = 12.0
NOT_NOW = "This service does not take events now; the sidecar sends them again."


class Receiver:
    """Handles records as they come; `take` returns when the effects of a record are committed."""

    def __init__(self, database: Database, consumer: Consumer) -> None:
        self._database = database
        self._consumer = consumer
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._running: set[asyncio.Task[None]] = set()
        self._alone: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._here = 0
        self._next_at = 0.0
        self._pausing: asyncio.TimerHandle | None = None

    @property
    def subscription(self) -> Subscription:
        return self._consumer.subscription

    async def start(self) -> None:
        self._stopping.clear()

    async def stop(self) -> None:
        """Take no more, and finish what is in hand."""
        self._stopping.set()
        if self._running or self._alone:
            await asyncio.wait(self._running | self._alone, timeout=STOP_S)
        # what fails in a batch goes on alone
        left = self._running | self._alone
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        self._refuse()

    async def take(self, raw: bytes) -> None:
        """Handle a record; Unavailable when it has to be sent again."""
        if self._stopping.is_set():
            raise Unavailable(NOT_NOW)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((raw, done))
        self._here += 1
        try:
            self._begin()
            await done
        finally:
            self._here -= 1

    def _begin(self) -> None:
        if not self._waiting or len(self._running) >= AT_ONCE or self._stopping.is_set():
            return
        if self._may_grow():
            self._begin_later()
            return
        self._next_at = asyncio.get_running_loop().time() + self.subscription.spacing_s
        task = asyncio.create_task(self._work(), name=f"dapr {self.subscription.topic.name}")
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _may_grow(self) -> bool:
        """A batch has just begun, and a partition may still bring a record; with one of each nothing more can come."""
        is_early = asyncio.get_running_loop().time() < self._next_at
        return is_early and self._here < self.subscription.topic.partitions

    def _begin_later(self) -> None:
        if self._pausing is None:
            self._pausing = asyncio.get_running_loop().call_at(self._next_at, self._paused)

    def _paused(self) -> None:
        self._pausing = None
        self._begin()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if self._stopping.is_set():
            self._refuse()
        else:
            self._begin()

    def _refuse(self) -> None:
        taken, self._waiting = self._waiting, []
        self._tell([done for _, done in taken], NOT_NOW)

    async def _work(self) -> None:
        # others that are delivered in this turn of the loop come along
        await asyncio.sleep(0)
        taken, self._waiting = self._waiting, []
        with self._answering([done for _, done in taken]):
            try:
                async with self._database.transaction() as tx:
                    await self._consumer.handle(tx, [raw for raw, _ in taken], self._claim)
                    await finish(tx)
            except HandlerFailedError:
                self._go_on_alone(taken)
            else:
                for _, done in taken:
                    _settle(done, None)

    @contextmanager
    def _answering(self, waiting: Sequence[asyncio.Future[None]]) -> Iterator[None]:
        """Whatever goes wrong, whoever waits hears of it, and the sidecar sends the records again."""
        try:
            yield
        except asyncio.CancelledError:
            self._tell(waiting, NOT_NOW)
            raise
        # asyncpg raises errors of several families when the server dies
        except Exception as error:  # noqa: BLE001 - see above
            log.warning("dapr.database.lost", topic=self.subscription.topic.name, error=type(error).__name__)
            self._tell(waiting, "The database does not answer; the sidecar sends the event again.")

    def _tell(self, waiting: Sequence[asyncio.Future[None]], problem: str) -> None:
        for done in waiting:
            _settle(done, Unavailable(problem))

    def _go_on_alone(self, taken: Sequence[tuple[bytes, asyncio.Future[None]]]) -> None:
        """Each record by itself, so that one that fails again and again holds up nobody else."""
        for raw, done in taken:
            task = asyncio.create_task(self._one(raw, done), name=f"dapr {self.subscription.topic.name} alone")
            self._alone.add(task)
            task.add_done_callback(self._alone.discard)

    async def _one(self, raw: bytes, done: asyncio.Future[None]) -> None:
        """One record with the pauses between its attempts, until it is done or buried."""
        with self._answering([done]):
            while not self._stopping.is_set():
                async with self._database.transaction() as tx:
                    delay_s = await self._consumer.handle_one(tx, raw, self._claim)
                if delay_s is None:
                    _settle(done, None)
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(delay_s):
                        await self._stopping.wait()
            self._tell([done], NOT_NOW)

    async def _claim(self, tx: Transaction, event_ids: Sequence[UUID]) -> set[UUID]:
        return await inbox.claim(tx, self.subscription.group, event_ids)


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    """Tell whoever waits for a record; the sidecar may have gone away meanwhile."""
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
