"""The bus as everybody sees it: events, handlers, and the protocol that each driver fulfils."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from learnflow.contracts.envelope import CloudEvent
from learnflow.contracts.events import Fact
from learnflow.contracts.topics import Topic
from learnflow.kit.database import Transaction
from learnflow.kit.part import Part
from learnflow.kit.tracing import current_traceparent

Event = CloudEvent[Any]
"""One event; `data` is an instance of a Fact subclass (in a batch handler: the JSON object as a dict)."""

Handler = Callable[[Transaction, Event], Awaitable[None]]
"""Handles one event inside the transaction that also holds its inbox row and the reader's cursor."""

BatchHandler = Callable[[Transaction, Sequence[Event]], Awaitable[None]]
"""Handles events of every type, several at a time; `data` is the JSON object as it travelled."""

SPACING_S = 0.001
"""Between the beginnings of two batches: costs an idle reader nothing, and gives a busy one larger batches."""


def new_event(data: Fact, *, source: str, student_id: UUID, correlation_id: UUID) -> Event:
    """Wrap a fact; the trace that is current here goes on in whoever reads the event.

    `source` is "/learnflow/<service>"; `correlation_id` is the question or request that began it.
    """
    traceparent = current_traceparent()
    return Event(
        source=source,
        type=data.event_type,
        subject=str(student_id),
        partitionkey=str(student_id),
        correlationid=str(correlation_id),
        traceparent=traceparent,
        traceid=traceparent,
        data=data,
    )


def partition_of(key: str, partitions: int) -> int:
    """The partition of a key: the same in every process and every release."""
    return zlib.crc32(key.encode()) % partitions


def channel_of(topic: str) -> str:
    """The channel on which PostgreSQL says that a topic has something new."""
    return "bus:" + topic


class Bus(Part, Protocol):
    """What services use; `make_bus` gives the driver that the settings name.

    Delivery is at least once and in order per student. What a handler does in its transaction happens
    exactly once, because the transaction holds the inbox row of the event. A handler that raises is tried
    again with growing pauses, five times in all; then the event goes to `<topic>.dead-letter` and the next
    one is handled.
    """

    async def publish(self, tx: Transaction, events: Sequence[Event]) -> None:
        """Write the events with the caller's transaction: they exist when it commits, and not otherwise."""
        ...

    def subscribe(self, topic: Topic, group: str, handlers: Mapping[type[Fact], Handler]) -> None:
        """Before `start`: handle these types of a topic; other types are skipped."""
        ...

    def subscribe_all(self, topic: Topic, group: str, handler: BatchHandler, *, spacing_s: float = SPACING_S) -> None:
        """Before `start`: handle every event of a topic, of known and unknown type, in batches.

        `spacing_s` is the least time between two batches: who is in no hurry reads many at once, at a tenth of the
        cost.

        May stand beside `subscribe` for the same topic and group: both run in the same transaction,
        this one first.
        """
        ...
