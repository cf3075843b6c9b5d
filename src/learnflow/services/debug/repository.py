"""All SQL of debug's tables: the rungs and the error patterns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from learnflow.kit.database import Transaction
from learnflow.services.debug.ladder import Rung

_LADDERS = 0x4C46_0005
"""The class of our advisory locks (LearnFlow, migration 5); the second key is the student."""

_SAVE = """
    insert into rungs (student_id, scope, open, opened_at, shown, finding, spent, sketch, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (student_id, scope) do update set open = excluded.open, opened_at = excluded.opened_at,
        shown = excluded.shown, finding = excluded.finding, spent = excluded.spent, sketch = excluded.sketch,
        updated_at = excluded.updated_at
"""
_COUNT = """
    insert into error_patterns (student_id, error_type, misconception, seen, last_seen_at) values ($1, $2, $3, 1, $4)
    on conflict (student_id, error_type, misconception)
    do update set seen = error_patterns.seen + 1, last_seen_at = excluded.last_seen_at
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of programs without exercise or conversation: its scope and the sketch of its last program."""

    scope: str
    sketch: Sequence[int]


class Rungs:
    """The ladders of the students; every method works in the caller's transaction."""

    async def lock(self, tx: Transaction, student_id: UUID) -> None:
        """One question at a time climbs a student's ladders, whichever instance answers it."""
        await tx.execute("select pg_advisory_xact_lock($1, hashtext($2))", _LADDERS, str(student_id))

    async def find(self, tx: Transaction, student_id: UUID, scope: str) -> Rung | None:
        row = await tx.fetchrow("select * from rungs where student_id = $1 and scope = $2", student_id, scope)
        return _rung(row) if row is not None else None

    async def lines(self, tx: Transaction, student_id: UUID, since: datetime) -> list[Line]:
        """The student's latest lines of programs, newest first."""
        rows = await tx.fetch(
            "select scope, sketch from rungs where student_id = $1 and updated_at >= $2 and scope like 'line:%' "
            "order by updated_at desc limit 20",
            student_id,
            since,
        )
        return [Line(row["scope"], row["sketch"]) for row in rows]

    async def save(
        self, tx: Transaction, student_id: UUID, scope: str, rung: Rung, sketch: Sequence[int], now: datetime
    ) -> None:
        values = (rung.open, rung.opened_at, rung.shown, rung.finding, list(rung.spent), list(sketch), now)
        await tx.execute(_SAVE, student_id, scope, *values)

    async def count_error(
        self, tx: Transaction, student_id: UUID, error_type: str, misconception: str, now: datetime
    ) -> None:
        await tx.execute(_COUNT, student_id, error_type, misconception, now)


def _rung(row: asyncpg.Record) -> Rung:
    return Rung(row["open"], row["opened_at"], row["shown"], row["finding"], tuple(row["spent"]))
