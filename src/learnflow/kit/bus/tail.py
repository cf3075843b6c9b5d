"""Looking at the log while it grows, for a person: nothing is handled and no cursor moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from learnflow.kit.database import Database

LAST = """
select seq, topic, ts, ce from bus_log where $1::text is null or topic = $1 order by seq desc limit $2
"""
FRESH = """
select seq, topic, ts, ce from bus_log where ($1::text is null or topic = $1) and seq > $2 order by seq
"""
LOOK_BACK = 500
"""A number is taken before its commit, so an event may appear below one that was seen already."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One event of the log as it travelled; what was sealed stays sealed."""

    seq: int
    topic: str
    ts: datetime
    ce: Mapping[str, Any]


class Tail:
    """The end of the log, of one topic or of all."""

    def __init__(self, database: Database, topic: str | None = None) -> None:
        self._database = database
        self._topic = topic
        self._seen: set[int] = set()
        self._begun_after = 0

    async def last(self, count: int) -> list[Logged]:
        """The last events, oldest first."""
        rows = await self._database.fetch(LAST, self._topic, max(count, LOOK_BACK))
        events = [Logged(**row) for row in reversed(rows)]
        self._seen = {event.seq for event in events}
        self._begun_after = min(self._seen, default=1) - 1
        return events[-count:]

    async def fresh(self) -> list[Logged]:
        """What has come since the last call."""
        newest = max(self._seen, default=0)
        rows = await self._database.fetch(FRESH, self._topic, max(newest - LOOK_BACK, self._begun_after))
        events = [Logged(**row) for row in rows if row["seq"] not in self._seen]
        self._seen = {seq for seq in self._seen if seq > newest - LOOK_BACK} | {event.seq for event in events}
        return events
