"""SQL of what a person may see of themselves: sessions, classes, looks of others."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from learnflow.kit.database import Database, Record


@dataclass(frozen=True, slots=True)
class LookRow:
    """A look of another person at the student's record."""

    id: UUID
    viewer_id: UUID
    viewer_role: str
    what: str
    allowed: bool
    at: datetime


class PrivacyRepository:
    """Reads across the gateway's own tables, for one person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def looks(self, student_id: UUID, limit: int, offset: int) -> list[LookRow]:
        """The newest first."""
        rows = await self._database.fetch(
            """select id, viewer_id, viewer_role, what, allowed, at from access_records
               where student_id = $1 order by at desc, id desc limit $2 offset $3""",
            student_id,
            limit,
            offset,
        )
        return [LookRow(**row) for row in rows]

    async def count_looks(self, student_id: UUID) -> int:
        count: int = await self._database.fetchval(
            "select count(*) from access_records where student_id = $1", student_id
        )
        return count

    async def sessions(self, user_id: UUID) -> list[Record]:
        return await self._database.fetch(
            """select id, created_at, last_used_at, expires_at, ended_at, end_reason from sessions
               where user_id = $1 order by created_at""",
            user_id,
        )

    async def classes(self, user_id: UUID) -> list[Record]:
        """Classes that the person learns or teaches in; `name` is sealed under the key of `created_by`."""
        return await self._database.fetch(
            """select c.id, c.name, c.created_by, m.role, m.joined_at, c.archived_at from classes c join (
                   select class_id, 'student' as role, joined_at from enrolments where student_id = $1
                   union all
                   select class_id, case when is_owner then 'owner' else 'teacher' end, null
                   from class_teachers where teacher_id = $1) m on m.class_id = c.id
               order by m.joined_at, c.id""",
            user_id,
        )

    async def ratings(self, user_id: UUID) -> list[Record]:
        return await self._database.fetch(
            "select query_id, helpful, comment, rated_at from ratings where user_id = $1 order by rated_at", user_id
        )

    async def owns_a_living_class(self, teacher_id: UUID) -> bool:
        """A class that would go with its maker although students learn in it."""
        owns: bool = await self._database.fetchval(
            """select exists (select from classes c join enrolments e on e.class_id = c.id
                              where c.created_by = $1 and c.archived_at is null and e.student_id <> $1)""",
            teacher_id,
        )
        return owns

    async def record_operator(self, operator_id: UUID, student_id: UUID, what: str) -> None:
        """The operator looks at somebody's record by the command line: it is kept like every look."""
        await self._database.fetchval("select look_at_student($1, 'admin', $2, $3)", operator_id, student_id, what)
