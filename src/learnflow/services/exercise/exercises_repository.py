"""All SQL of the table of exercises."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from learnflow.curriculum import Task
from learnflow.kit.database import Database, Record, Transaction

_PUT = """
insert into exercises (exercise_id, topic_id, origin, title, kind, difficulty, task, created_by)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (exercise_id) do update set topic_id = excluded.topic_id, title = excluded.title, kind = excluded.kind,
    difficulty = excluded.difficulty, task = excluded.task, updated_at = now()
"""

LATEST_GENERATED = 200
"""So many of what was generated for one person are listed: whoever has more made does not slow everybody down."""
_VISIBLE = """
select * from exercises
where (origin = 'imported' or exercise_id in (
    select exercise_id from exercises where created_by = $1 order by created_at desc, exercise_id desc limit $3))
  and ($2::text is null or topic_id = $2)
order by origin desc, created_at, exercise_id
"""


@dataclass(frozen=True, slots=True)
class StoredExercise:
    """A row: an exercise that is not of the course; `created_by` is for whom it was generated."""

    exercise_id: str
    topic_id: str
    origin: Literal["imported", "generated"]
    task: Task
    created_by: UUID | None = None


class Exercises:
    """The exercises that were imported or generated."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, tx: Transaction, exercises: Sequence[StoredExercise]) -> None:
        """Add them, or put them in the place of those with the same id."""
        for one in exercises:
            level = one.task.level
            await tx.execute(
                _PUT,
                one.exercise_id,
                one.topic_id,
                one.origin,
                one.task.title,
                level.kind,
                level.difficulty,
                one.task.model_dump(mode="json", exclude_defaults=True),
                one.created_by,
            )

    async def find(self, exercise_id: str) -> StoredExercise | None:
        row = await self._database.fetchrow("select * from exercises where exercise_id = $1", exercise_id)
        return _stored(row) if row is not None else None

    async def visible(self, user_id: UUID, topic_id: str | None) -> list[StoredExercise]:
        """Imported ones, and the latest of those generated for this person, oldest first."""
        rows = await self._database.fetch(
            _VISIBLE,
            user_id,
            topic_id,
            LATEST_GENERATED,
        )
        return [_stored(row) for row in rows]

    async def imported(self) -> list[StoredExercise]:
        rows = await self._database.fetch("select * from exercises where origin = 'imported' order by exercise_id")
        return [_stored(row) for row in rows]


def _stored(row: Record) -> StoredExercise:
    task = Task.model_validate(row["task"])
    return StoredExercise(row["exercise_id"], row["topic_id"], row["origin"], task, row["created_by"])
