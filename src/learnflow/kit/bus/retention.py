"""Trimming: the log below the lowest cursor, and whatever is older than its topic keeps."""

from __future__ import annotations

from datetime import timedelta

import structlog

from learnflow.contracts.topics import TOPICS
from learnflow.kit.background import Periodic
from learnflow.kit.database import Database

log = structlog.get_logger()

BATCH = 5_000
"""Rows of one statement: a short one, so that nobody waits for it."""

READ_KEPT_FOR = timedelta(days=1)
"""How long an event that every group has read stays, for whoever looks into yesterday."""

# a cursor that is behind holds its rows, but not past kept_for: a dead group cannot hold the log for ever
TRIM_READ = """
delete from bus_log where ctid = any(array(
    select l.ctid from bus_log l join (
        select distinct on (part) part, xid, seq from bus_cursor where topic = $1 order by part, xid, seq
    ) low on l.part = low.part and (l.xid, l.seq) <= (low.xid, low.seq)
    where l.topic = $1 and l.ts < now() - $2::interval limit $3))
"""
TRIM_OLD = """
delete from bus_log where ctid = any(array(
    select ctid from bus_log where topic = any($1) and ts < now() - $2::interval limit $3))
"""
TRIM_INBOX = "delete from inbox where at < now() - $1::interval"
TRIM_ATTEMPTS = "delete from bus_attempts where at < now() - $1::interval"
"""Left behind by events that succeeded in a batch after they had failed alone."""


async def trim(database: Database, *, read_kept_for: timedelta = READ_KEPT_FOR) -> int:
    """Delete what is no longer needed and return how many events went; dead letters live as long as their topic.

    Needs the rights of progress or of the owner.
    """
    deleted = 0
    for topic in TOPICS.values():
        deleted += await _in_batches(database, TRIM_READ, topic.name, read_kept_for)
        deleted += await _in_batches(database, TRIM_OLD, [topic.name, topic.dead_letter], topic.kept_for)
    oldest = max(topic.kept_for for topic in TOPICS.values())
    await database.execute(TRIM_INBOX, oldest)
    await database.execute(TRIM_ATTEMPTS, oldest)
    return deleted


async def _in_batches(database: Database, statement: str, *args: object) -> int:
    deleted = 0
    while True:
        status = await database.execute(statement, *args, BATCH)
        count = int(status.rsplit(" ", 1)[1])
        deleted += count
        if count < BATCH:
            return deleted


class Trimming(Periodic):
    """A part that trims the log every quarter of an hour; harmless in several instances."""

    name = "trimming"
    every_s = 900.0

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    async def tick(self) -> None:
        log.info("bus.trim.finished", events=await trim(self._database))
