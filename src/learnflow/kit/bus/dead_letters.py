"""Looking at dead letters and sending them once more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from learnflow.contracts.topics import TOPICS, Topic
from learnflow.kit import inbox
from learnflow.kit.bus.base import channel_of, partition_of
from learnflow.kit.bus.outbox import DEAD_ATTEMPTS, DEAD_GROUP, DEAD_REASON, INSERT_ONE
from learnflow.kit.bus.subscription import REPLAY_FOR
from learnflow.kit.database import Database, Transaction

LIST = "select seq, ts, ce from bus_log where topic = $1 order by xid, seq"
TAKE = "delete from bus_log where topic = $1 and ($2::text is null or ce ->> 'id' = $2) returning seq, ts, ce"
NOTIFY = "select pg_notify($1, '')"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One event that `group` gave up, with the reason; `event` is as it travelled, sealed where it was sealed.

    `event_id` is None for a record that was no CloudEvent at all.
    """

    event_id: UUID | None
    group: str
    reason: str
    attempts: int
    died_at: datetime
    event: Mapping[str, Any]


async def dead_letters(database: Database, topic: Topic | str) -> list[DeadLetter]:
    """The dead letters of a topic, oldest first."""
    rows = await database.fetch(LIST, _topic(topic).dead_letter)
    return [_letter(row["ts"], row["ce"]) for row in rows]


async def replay(database: Database, topic: Topic | str, event_id: UUID | None = None) -> int:
    """Send one dead letter (None: all) of a topic to the group that gave it up, and only to it.

    Needs the owner's rights, since it takes the letters out of the log. Returns how many were sent.
    """
    wanted = _topic(topic)
    async with database.transaction() as tx:
        rows = await tx.fetch(TAKE, wanted.dead_letter, str(event_id) if event_id else None)
        for row in sorted(rows, key=lambda row: row["seq"]):
            await _send(tx, wanted, _letter(row["ts"], row["ce"]))
        # in the transaction, unlike everywhere else: a command has no connection that lives on
        await tx.execute(NOTIFY, channel_of(wanted.name))
    return len(rows)


async def _send(tx: Transaction, topic: Topic, letter: DeadLetter) -> None:
    if letter.event_id is not None:
        await inbox.forget(tx, letter.group, letter.event_id)
    key = str(letter.event.get("partitionkey", ""))
    text = orjson.dumps({**letter.event, REPLAY_FOR: letter.group}).decode()
    await tx.execute(INSERT_ONE, topic.name, partition_of(key, topic.partitions), key, text)


def _letter(died_at: datetime, stored: Mapping[str, Any]) -> DeadLetter:
    event = dict(stored)
    group, reason, attempts = event.pop(DEAD_GROUP), event.pop(DEAD_REASON), event.pop(DEAD_ATTEMPTS)
    event.pop(REPLAY_FOR, None)
    return DeadLetter(_uuid(event.get("id")), group, reason, attempts, died_at, event)


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _topic(topic: Topic | str) -> Topic:
    return topic if isinstance(topic, Topic) else TOPICS[topic]
