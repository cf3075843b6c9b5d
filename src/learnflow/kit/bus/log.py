"""The `log` driver: the log in PostgreSQL is outbox, broker and archive in one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from learnflow.contracts.events import Fact
from learnflow.contracts.topics import Topic
from learnflow.kit.bus.base import SPACING_S, BatchHandler, Event, Handler, channel_of
from learnflow.kit.bus.consumer import BACKOFF_S, Consumer
from learnflow.kit.bus.outbox import Outbox
from learnflow.kit.bus.reader import Reader
from learnflow.kit.bus.subscription import Subscriptions
from learnflow.kit.bus.watch import OldestTransaction
from learnflow.kit.database import Database, Transaction
from learnflow.kit.wakeups import Wakeups


class LogBus:
    """Publishes into and reads from `bus_log`."""

    name = "bus"

    def __init__(
        self,
        database: Database,
        *,
        wakeups: Wakeups | None = None,
        backoff_s: Sequence[float] = BACKOFF_S,
        is_alone: bool = False,
    ) -> None:
        """`is_alone`: no other process of this service runs, so its readers need not lock before they look."""
        self._database = database
        self._is_alone = is_alone
        self._wakeups = wakeups or Wakeups(database)
        self._own_wakeups = None if wakeups else self._wakeups
        self._outbox = Outbox(self._wakeups)
        self._watch = OldestTransaction(database)
        self._subscriptions = Subscriptions()
        self._backoff_s = backoff_s
        self._readers: list[Reader] = []

    async def publish(self, tx: Transaction, events: Sequence[Event]) -> None:
        await self._outbox.publish(tx, events)

    def subscribe(self, topic: Topic, group: str, handlers: Mapping[type[Fact], Handler]) -> None:
        self._subscriptions.of(topic, group).add(handlers)

    def subscribe_all(self, topic: Topic, group: str, handler: BatchHandler, *, spacing_s: float = SPACING_S) -> None:
        self._subscriptions.of(topic, group).add_batch(handler, spacing_s)

    async def start(self) -> None:
        if self._own_wakeups is not None:
            await self._own_wakeups.start()
        for subscription in self._subscriptions:
            consumer = Consumer(subscription, backoff_s=self._backoff_s)
            reader = Reader(self._database, consumer, is_alone=self._is_alone)
            self._wakeups.on(channel_of(subscription.topic.name), reader.wake)
            await reader.start()
            self._readers.append(reader)
        await self._watch.start()

    async def stop(self) -> None:
        """Every reader finishes the batch in hand and commits it."""
        await self._watch.stop()
        await asyncio.gather(*(reader.stop() for reader in self._readers))
        for reader in self._readers:
            self._wakeups.off(channel_of(reader.subscription.topic.name), reader.wake)
        self._readers.clear()
        if self._own_wakeups is not None:
            await self._own_wakeups.stop()

    async def reason_not_ready(self) -> str | None:
        away = [reader.subscription.topic.name for reader in self._readers if not reader.is_reading]
        return f"the bus does not read {', '.join(away)} yet" if away else None
