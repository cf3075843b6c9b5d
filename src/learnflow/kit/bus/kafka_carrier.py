"""The relay's way to Kafka: one idempotent producer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from learnflow.contracts.topics import wanted_partitions
from learnflow.kit.bus.kafka_address import KafkaAddress
from learnflow.kit.bus.kafka_topics import ensure_topics, missing_topics

if TYPE_CHECKING:
    import asyncpg

REQUEST_TIMEOUT_MS = 40_000
ANSWER_S = 2.0
CONNECT_S = 5.0
HEADERS = [("content-type", b"application/cloudevents+json; charset=UTF-8")]


class KafkaCarrier:
    """Sends in order, and waits for the acknowledgements together."""

    def __init__(self, address: KafkaAddress) -> None:
        self._address = address
        self._producer: AIOKafkaProducer | None = None
        self.name = f"Kafka at {address.servers}"

    async def open(self, partitions: Mapping[str, int]) -> None:
        self._producer = AIOKafkaProducer(
            **self._address.options(),
            acks="all",
            enable_idempotence=True,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        # a broker that took the connection while it was starting may never answer on it
        async with asyncio.timeout(CONNECT_S):
            await self._producer.start()
        await ensure_topics(self._address, partitions)

    async def send(self, rows: Sequence[asyncpg.Record]) -> list[asyncpg.Record]:
        producer = self._producer
        if producer is None:
            raise RuntimeError("not open")
        # each `send` is awaited in turn, which keeps the order; the acknowledgements are awaited together
        sent, too_large = [], []
        for row in rows:
            event, key = row["ce"].encode(), row["key"].encode()
            try:
                sent.append(await producer.send(row["topic"], event, key=key, headers=HEADERS))
            except MessageSizeTooLargeError:
                too_large.append(row)
        await asyncio.gather(*sent)
        return too_large

    async def why_stalled(self) -> str:
        """What Kafka lacks, in words; topics that somebody deleted are made again."""
        try:
            async with asyncio.timeout(ANSWER_S):
                missing = await missing_topics(self._address)
        except Exception:  # noqa: BLE001 - aiokafka raises errors of many families while a broker is away
            return f"{self.name} does not answer"
        if missing:
            wanted = {name: count for name, count in wanted_partitions().items() if name in missing}
            await ensure_topics(self._address, wanted)
            return f"Kafka lacks topics: {', '.join(sorted(missing))}"
        return f"{self.name} does not take events"

    async def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()
