"""The relay's way to Dapr: one bulk publish a topic at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import orjson

from learnflow.contracts.errors import Unavailable
from learnflow.kit.sidecar import Sidecar

if TYPE_CHECKING:
    import asyncpg

PUBLISH_WITHIN_S = 40.0
MOST_BYTES = 1_000_000
"""Below maxMessageBytes of the component, with room for key and headers."""

PUBSUB = "pubsub"
"""The name of the component in deploy/dapr."""
# as it is: the record on Kafka is our CloudEvent to the byte, the same as the kafka driver writes, and what is no
# CloudEvent reaches the reader, who buries it by our rules, instead of stopping the sidecar
OPTIONS = "metadata.rawPayload=true&metadata.content-type=application/cloudevents%2Bjson"


class DaprCarrier:
    """Order per key: the rows of a topic go in one request, and the next one waits for its answer."""

    name = "the Dapr sidecar"

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar

    async def open(self, _partitions: Mapping[str, int]) -> None:
        """The topics are the broker's operator's: a sidecar cannot make them."""
        if (reason := await self._sidecar.reason_not_ready()) is not None:
            raise Unavailable(reason)

    async def send(self, rows: Sequence[asyncpg.Record]) -> list[asyncpg.Record]:
        too_large = [row for row in rows if len(row["ce"].encode()) > MOST_BYTES]
        await self._send([row for row in rows if row not in too_large] if too_large else rows)
        return too_large

    async def why_stalled(self) -> str:
        return await self._sidecar.reason_not_ready() or f"{self.name} does not take events"

    async def _send(self, rows: Sequence[asyncpg.Record]) -> None:
        by_topic = groupby(rows, key=lambda row: row["topic"])
        sending = [
            asyncio.create_task(self._bulk(topic, [_entry(n, row) for n, row in enumerate(group)]))
            for topic, group in by_topic
        ]
        try:
            await asyncio.gather(*sending)
        finally:
            # one topic failed: what is under way elsewhere has to end before anybody sends it again
            await asyncio.gather(*sending, return_exceptions=True)

    async def close(self) -> None:
        """The connections belong to the bus."""

    async def _bulk(self, topic: str, entries: Sequence[dict[str, Any]]) -> None:
        answer = await self._sidecar.request(
            "POST",
            f"/v1.0/publish/bulk/{PUBSUB}/{topic}?{OPTIONS}",
            content=orjson.dumps(entries),
            headers={"Content-Type": "application/json"},
            timeout_s=PUBLISH_WITHIN_S,
        )
        if answer.status_code != 204:
            raise Unavailable(f"The Dapr sidecar answered {answer.status_code} for {topic}.")


def _entry(number: int, row: asyncpg.Record) -> dict[str, Any]:
    # text, because the sidecar would write JSON anew, with its own order and numbers
    return {
        "entryId": str(number),
        "event": row["ce"],
        "contentType": "text/plain",
        "metadata": {"partitionKey": row["key"]},
    }
