"""The `kafka` driver: the log is the outbox, the relay carries it to Kafka, the groups read from there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from learnflow.contracts.events import Fact
from learnflow.contracts.services import Service
from learnflow.contracts.topics import Topic
from learnflow.kit.bus.base import SPACING_S, BatchHandler, Event, Handler
from learnflow.kit.bus.consumer import BACKOFF_S, Consumer
from learnflow.kit.bus.kafka_address import KafkaAddress
from learnflow.kit.bus.kafka_carrier import KafkaCarrier
from learnflow.kit.bus.kafka_reader import SESSION_TIMEOUT_MS, KafkaReader
from learnflow.kit.bus.kafka_topics import quiet_aiokafka
from learnflow.kit.bus.outbox import Outbox
from learnflow.kit.bus.relay import Relay
from learnflow.kit.bus.subscription import Subscriptions
from learnflow.kit.bus.watch import OldestTransaction
from learnflow.kit.database import Database, Transaction
from learnflow.kit.wakeups import Wakeups


class KafkaBus:
    """Publishes into `bus_log`, relays it to Kafka and reads from Kafka."""

    name = "bus"

    def __init__(
        self,
        address: KafkaAddress,
        database: Database,
        service: Service,
        *,
        wakeups: Wakeups | None = None,
        instance: str | None = None,
        backoff_s: Sequence[float] = BACKOFF_S,
        session_timeout_ms: int = SESSION_TIMEOUT_MS,
    ) -> None:
        self._address = address
        self._database = database
        self._service = service
        self._instance = instance
        self._backoff_s = backoff_s
        self._session_timeout_ms = session_timeout_ms
        self._wakeups = wakeups or Wakeups(database)
        self._own_wakeups = None if wakeups else self._wakeups
        self._outbox = Outbox(self._wakeups)
        self._relay = Relay(database, KafkaCarrier(address), self._wakeups)
        self._watch = OldestTransaction(database)
        self._subscriptions = Subscriptions()
        self._readers: list[KafkaReader] = []

    async def publish(self, tx: Transaction, events: Sequence[Event]) -> None:
        await self._outbox.publish(tx, events)

    def subscribe(self, topic: Topic, group: str, handlers: Mapping[type[Fact], Handler]) -> None:
        self._subscriptions.of(topic, group).add(handlers)

    def subscribe_all(self, topic: Topic, group: str, handler: BatchHandler, *, spacing_s: float = SPACING_S) -> None:
        self._subscriptions.of(topic, group).add_batch(handler, spacing_s)

    async def start(self) -> None:
        quiet_aiokafka()
        if self._own_wakeups is not None:
            await self._own_wakeups.start()
        await self._relay.start()
        self._readers = [self._reader(group) for group in sorted({one.group for one in self._subscriptions})]
        for reader in self._readers:
            await reader.start()
        await self._watch.start()

    async def stop(self) -> None:
        """Every reader finishes what is in hand and commits it; then the relay, so that the effects go out too."""
        await self._watch.stop()
        await asyncio.gather(*(reader.stop() for reader in self._readers))
        self._readers.clear()
        await self._relay.stop()
        if self._own_wakeups is not None:
            await self._own_wakeups.stop()

    async def reason_not_ready(self) -> str | None:
        if not all(reader.is_reading for reader in self._readers):
            return f"Kafka at {self._address.servers} does not answer"
        missing = {topic for reader in self._readers for topic in reader.missing}
        if missing:
            return f"Kafka lacks topics: {', '.join(sorted(missing))}"
        return await self._relay.reason_not_ready()

    def _reader(self, group: str) -> KafkaReader:
        consumers = {
            one.topic.name: Consumer(one, backoff_s=self._backoff_s)
            for one in self._subscriptions
            if one.group == group
        }
        return KafkaReader(
            self._database,
            self._address,
            group,
            consumers,
            instance=self._instance,
            session_timeout_ms=self._session_timeout_ms,
        )
