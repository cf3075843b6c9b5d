"""SQL of assignments, and of the best scores of many students. A grade that passes marks them done (`repository`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from learnflow.kit.database import Database, Transaction

_ADD = """
insert into assignments as a (id, exercise_id, topic_id, student_id, assigned_by, due_at)
select n.id, $3, $4, n.student_id, $5, $6 from unnest($1::uuid[], $2::uuid[]) as n (id, student_id)
on conflict (student_id, exercise_id) where done_at is null
do update set due_at = coalesce(excluded.due_at, a.due_at)
returning *
"""
_PAGE = """
select * from assignments where student_id = $1 and ($2::boolean is null or (done_at is not null) = $2)
order by done_at is not null, assigned_at desc, id desc limit $3 offset $4
"""
_BEST = """
select student_id, exercise_id, min(topic_id) as topic_id, max(score) as best_score, bool_or(passed) as passed,
       bool_or(passed and not aided) as passed_unaided, count(*) as attempts
from submissions where student_id = any($1::uuid[]) and graded_at is not null
group by student_id, exercise_id order by exercise_id, student_id
"""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A row: an exercise that a student is to do."""

    id: UUID
    exercise_id: str
    topic_id: str
    student_id: UUID
    assigned_by: UUID | None
    assigned_at: datetime
    due_at: datetime | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Best:
    """The best of a student's graded submissions of one exercise."""

    student_id: UUID
    exercise_id: str
    topic_id: str
    best_score: float
    passed: bool
    passed_unaided: bool
    attempts: int


class Assignments:
    """What teachers gave their students to do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        tx: Transaction,
        new: Sequence[tuple[UUID, UUID]],
        exercise_id: str,
        topic_id: str,
        assigned_by: UUID,
        due_at: datetime | None,
    ) -> list[Assignment]:
        """One open assignment for each (new id, student): the new one, or the one that was open already."""
        # in one order, so that two teachers who assign to the same students at once do not wait for each other
        ids, students = zip(*sorted(new, key=lambda pair: pair[1]), strict=True)
        rows = await tx.fetch(_ADD, list(ids), list(students), exercise_id, topic_id, assigned_by, due_at)
        return [Assignment(**row) for row in rows]

    async def page(self, student_id: UUID, done: bool | None, limit: int, offset: int) -> list[Assignment]:
        """A student's assignments: what is to do first, then the newest."""
        return [Assignment(**row) for row in await self._database.fetch(_PAGE, student_id, done, limit, offset)]

    async def count(self, student_id: UUID, done: bool | None) -> int:
        count: int = await self._database.fetchval(
            """select count(*) from assignments
               where student_id = $1 and ($2::boolean is null or (done_at is not null) = $2)""",
            student_id,
            done,
        )
        return count

    async def best(self, student_ids: Sequence[UUID]) -> list[Best]:
        """The best score of each of these students on each exercise they handed in."""
        return [Best(**row) for row in await self._database.fetch(_BEST, list(student_ids))]
