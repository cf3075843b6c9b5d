"""Writing into the log: with the caller's transaction, on every driver."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cache
from typing import Any

import asyncpg
import orjson
import structlog
from prometheus_client import Counter

from learnflow.contracts.topics import Topic
from learnflow.kit.bus import metrics
from learnflow.kit.bus.base import Event, channel_of, partition_of
from learnflow.kit.bus.subscription import NotAnEventError, Raw, parse
from learnflow.kit.database import Transaction
from learnflow.kit.wakeups import Wakeups

log = structlog.get_logger()

INSERT_ONE = "insert into bus_log (topic, part, key, ce) values ($1, $2, $3, $4::text::jsonb)"
INSERT_MANY = """
insert into bus_log (topic, part, key, ce)
select topic, part, key, ce::jsonb
from unnest($1::text[], $2::int2[], $3::text[], $4::text[]) with ordinality as e (topic, part, key, ce, no)
order by no
"""

DEAD_GROUP = "deadlettergroup"
DEAD_REASON = "deadletterreason"
DEAD_ATTEMPTS = "deadletterattempts"


class Outbox:
    """Appends events to `bus_log` and wakes their readers after the commit."""

    def __init__(self, wakeups: Wakeups) -> None:
        self._wakeups = wakeups

    async def publish(self, tx: Transaction, events: Sequence[Event]) -> None:
        """Append in the given order; nothing happens unless the transaction commits."""
        if not events:
            return
        rows = [_row(event) for event in events]
        await tx.insert_last(INSERT_MANY, rows, one=INSERT_ONE)
        tx.after_commit(lambda: self._committed([topic for topic, *_ in rows]))

    def _committed(self, topics: Sequence[str]) -> None:
        for topic in topics:
            counter, channel = _published(topic)
            counter.inc()
            self._wakeups.notify(channel)


@cache
def _published(topic: str) -> tuple[Counter, str]:
    return metrics.PUBLISHED.labels(topic), channel_of(topic)


def to_json(event: Event) -> str:
    """The event as structured CloudEvents JSON; absent attributes are left out, as CloudEvents asks."""
    absent = {"traceparent", "traceid"} if event.traceparent is None else None
    return event.model_dump_json(exclude=absent)


def _row(event: Event) -> tuple[str, int, str, str]:
    topic: Topic = event.data.topic
    return topic.name, partition_of(event.partitionkey, topic.partitions), event.partitionkey, to_json(event)


async def write_dead_letter(tx: Transaction, topic: Topic, group: str, raw: Raw, *, reason: str, attempts: int) -> None:
    """Put a record that `group` gives up into `<topic>.dead-letter`, as it came, with three attributes more."""
    notes = {DEAD_GROUP: group, DEAD_REASON: reason, DEAD_ATTEMPTS: attempts}
    envelope = _envelope_of(raw)
    try:
        async with tx.savepoint() as inner:
            await _insert_dead(inner, topic, {**(envelope or _packed(raw)), **notes})
    except asyncpg.DataError:
        # JSON that jsonb refuses: NUL, a number beyond numeric
        await _insert_dead(tx, topic, {**_packed(raw), **notes})
    metrics.DEAD_LETTERS.labels(topic.name, group).inc()
    log.warning(
        "bus.event.dead",
        topic=topic.name,
        group=group,
        event_id=envelope["id"] if envelope else None,
        reason=reason,
        attempts=attempts,
    )


async def _insert_dead(tx: Transaction, topic: Topic, envelope: dict[str, Any]) -> None:
    key = envelope.get("partitionkey")
    await tx.execute(
        INSERT_ONE, topic.dead_letter, 0, key if isinstance(key, str) else "", orjson.dumps(envelope).decode()
    )


def _envelope_of(raw: Raw) -> dict[str, Any] | None:
    try:
        return parse(raw)
    except NotAnEventError:
        return None


def _packed(raw: Raw) -> dict[str, Any]:
    return {"data_base64": base64.b64encode(raw.encode() if isinstance(raw, str) else raw).decode()}
