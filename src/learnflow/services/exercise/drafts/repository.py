"""All SQL of drafts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from learnflow.contracts.sealed import SealedText
from learnflow.kit.database import Database, Record, Transaction

_DRAFTS = 0x4C46_1011
"""The class of our advisory locks for drafts (LearnFlow, migration 11); the second key is student and exercise."""

_LATEST = "select * from drafts where student_id = $1 and exercise_id = $2 order by version desc limit $3 offset $4"
_ADD = """
insert into drafts (student_id, exercise_id, version, code, code_hash) values ($1, $2, $3, $4, $5) returning *
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A version of what a student is at."""

    version: int
    code: SealedText
    code_hash: bytes
    saved_at: datetime


class Drafts:
    """What students are at."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lock(self, tx: Transaction, student_id: UUID, exercise_id: str) -> None:
        """One save at a time, so that versions are counted without gap or repeat."""
        await tx.execute("select pg_advisory_xact_lock($1, hashtext($2))", _DRAFTS, f"{student_id} {exercise_id}")

    async def versions(self, student_id: UUID, exercise_id: str, limit: int, offset: int = 0) -> list[Draft]:
        """The newest first; within a transaction when one is open."""
        rows = await self._database.fetch(_LATEST, student_id, exercise_id, limit, offset)
        return [_draft(row) for row in rows]

    async def count(self, student_id: UUID, exercise_id: str) -> int:
        count: int = await self._database.fetchval(
            "select count(*) from drafts where student_id = $1 and exercise_id = $2", student_id, exercise_id
        )
        return count

    async def add(
        self, tx: Transaction, student_id: UUID, exercise_id: str, version: int, code: SealedText, code_hash: bytes
    ) -> Draft:
        (row,) = await tx.fetch(_ADD, student_id, exercise_id, version, code, code_hash)
        return _draft(row)

    async def forget_before(self, tx: Transaction, student_id: UUID, exercise_id: str, version: int) -> None:
        await tx.execute(
            "delete from drafts where student_id = $1 and exercise_id = $2 and version < $3",
            student_id,
            exercise_id,
            version,
        )


def _draft(row: Record) -> Draft:
    return Draft(row["version"], row["code"], row["code_hash"], row["saved_at"])
