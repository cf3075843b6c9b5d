"""SQL of classes, their teachers and students, and rosters. Queries join the open transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from learnflow.kit.database import Database

_TAUGHT = """
    select c.id, c.name, c.join_code, c.settings, c.created_by, c.created_at, c.archived_at, t.is_owner,
           (select count(*) from enrolments e where e.class_id = c.id) as students,
           (select count(*) from roster_invitations i where i.class_id = c.id and i.expires_at > now()) as invited
    from classes c join class_teachers t on t.class_id = c.id
    """
_JOINED = """
    select c.id, c.name, c.join_code, c.settings, c.created_by, c.created_at, c.archived_at, p.is_invitation
    from (select class_id, false as is_invitation, joined_at as at from enrolments where student_id = $1
          union all
          select i.class_id, true, i.invited_at from roster_invitations i join users u on u.email_index = i.email_index
          where u.id = $1 and i.expires_at > now()) as p
    join classes c on c.id = p.class_id where c.archived_at is null
    order by p.is_invitation desc, p.at desc, c.id
    """


@dataclass(frozen=True, slots=True)
class TaughtRow:
    """A class as its teachers have it: `name` is sealed under the key of `created_by`."""

    id: UUID
    name: str
    join_code: str
    settings: Mapping[str, Any]
    created_by: UUID
    created_at: datetime
    archived_at: datetime | None
    is_owner: bool
    students: int
    invited: int


@dataclass(frozen=True, slots=True)
class JoinedRow:
    """A class that a student is in, or is invited to."""

    id: UUID
    name: str
    join_code: str
    settings: Mapping[str, Any]
    created_by: UUID
    created_at: datetime
    archived_at: datetime | None
    is_invitation: bool


@dataclass(frozen=True, slots=True)
class TeacherRow:
    """One who teaches a class; `name` is sealed under their own key."""

    class_id: UUID
    teacher_id: UUID
    is_owner: bool
    name: str


@dataclass(frozen=True, slots=True)
class StudentRow:
    """One who learns in a class; `name` is sealed under their own key."""

    student_id: UUID
    name: str
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """One who is on a roster and has not joined; both texts are sealed under the key of the class's maker."""

    id: UUID
    name: str
    email: str
    invited_at: datetime


class ClassesRepository:
    """All SQL of classes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, class_id: UUID, name: str, join_code: str, teacher_id: UUID) -> bool:
        """False when the code is taken, or there is this class."""
        added = await self._database.fetchval(
            """with made as (insert into classes (id, name, join_code, created_by) values ($1, $2, $3, $4)
                             on conflict do nothing returning id)
               insert into class_teachers (class_id, teacher_id, is_owner) select id, $4, true from made
               returning true""",
            class_id,
            name,
            join_code,
            teacher_id,
        )
        return added is not None

    async def taught(self, teacher_id: UUID, *, archived: bool, limit: int, offset: int) -> list[TaughtRow]:
        rows = await self._database.fetch(
            _TAUGHT
            + """where t.teacher_id = $1 and (c.archived_at is not null) = $2
                 order by c.created_at desc, c.id limit $3 offset $4""",
            teacher_id,
            archived,
            limit,
            offset,
        )
        return [TaughtRow(**row) for row in rows]

    async def count_taught(self, teacher_id: UUID, *, archived: bool) -> int:
        count: int = await self._database.fetchval(
            """select count(*) from class_teachers t join classes c on c.id = t.class_id
               where t.teacher_id = $1 and (c.archived_at is not null) = $2""",
            teacher_id,
            archived,
        )
        return count

    async def one_taught(self, class_id: UUID, teacher_id: UUID) -> TaughtRow | None:
        row = await self._database.fetchrow(_TAUGHT + "where c.id = $1 and t.teacher_id = $2", class_id, teacher_id)
        return None if row is None else TaughtRow(**row)

    async def joined(self, student_id: UUID) -> list[JoinedRow]:
        """Invitations first, then the classes that the student is in."""
        return [JoinedRow(**row) for row in await self._database.fetch(_JOINED, student_id)]

    async def open_class(self, join_code: str) -> UUID | None:
        """The class with this code, unless it is archived."""
        found: UUID | None = await self._database.fetchval(
            "select id from classes where join_code = $1 and archived_at is null", join_code
        )
        return found

    async def teachers(self, class_ids: Sequence[UUID]) -> list[TeacherRow]:
        """The teachers of these classes, the owners first."""
        rows = await self._database.fetch(
            """select t.class_id, t.teacher_id, t.is_owner, u.name
               from class_teachers t join users u on u.id = t.teacher_id
               where t.class_id = any($1::uuid[]) order by t.is_owner desc, u.created_at, u.id""",
            list(class_ids),
        )
        return [TeacherRow(**row) for row in rows]

    async def teacher_by_email(self, email_index: bytes) -> UUID | None:
        found: UUID | None = await self._database.fetchval(
            "select id from users where email_index = $1 and role = 'teacher'", email_index
        )
        return found

    async def add_teacher(self, class_id: UUID, teacher_id: UUID) -> None:
        await self._database.execute(
            "insert into class_teachers (class_id, teacher_id) values ($1, $2) on conflict do nothing",
            class_id,
            teacher_id,
        )

    async def remove_teacher(self, class_id: UUID, teacher_id: UUID) -> None:
        """The owner stays."""
        await self._database.execute(
            "delete from class_teachers where class_id = $1 and teacher_id = $2 and not is_owner", class_id, teacher_id
        )

    async def update(
        self, class_id: UUID, *, name: str | None, settings: Mapping[str, Any], archived: bool | None
    ) -> None:
        """Change what is given; a setting that is null is taken away."""
        await self._database.execute(
            """update classes set name = coalesce($2, name), settings = jsonb_strip_nulls(settings || $3),
                   archived_at = case when $4 then coalesce(archived_at, now()) when not $4 then null
                                      else archived_at end
               where id = $1""",
            class_id,
            name,
            dict(settings),
            archived,
        )

    async def set_code(self, class_id: UUID, join_code: str) -> bool:
        """False when the code is taken."""
        done = await self._database.execute(
            """update classes set join_code = $2
               where id = $1 and not exists (select from classes where join_code = $2)""",
            class_id,
            join_code,
        )
        return done == "UPDATE 1"

    async def enrol(self, class_id: UUID, student_id: UUID) -> bool:
        """Put a student in, and take them off the roster; False when they are in already."""
        await self._database.execute(
            """delete from roster_invitations i using users u
               where u.id = $2 and i.class_id = $1 and i.email_index = u.email_index""",
            class_id,
            student_id,
        )
        done = await self._database.execute(
            "insert into enrolments (class_id, student_id) values ($1, $2) on conflict do nothing", class_id, student_id
        )
        return done == "INSERT 0 1"

    async def classes_awaiting(self, email_index: bytes) -> list[UUID]:
        """The classes on whose rosters this address is."""
        rows = await self._database.fetch(
            """select i.class_id from roster_invitations i join classes c on c.id = i.class_id
               where i.email_index = $1 and i.expires_at > now() and c.archived_at is null""",
            email_index,
        )
        return [row["class_id"] for row in rows]

    async def remove(self, class_id: UUID, who: UUID) -> None:
        """Take out a student, or an invitation, by its id."""
        await self._database.execute("delete from enrolments where class_id = $1 and student_id = $2", class_id, who)
        await self._database.execute("delete from roster_invitations where class_id = $1 and id = $2", class_id, who)

    async def students(self, class_id: UUID, limit: int | None, offset: int) -> list[StudentRow]:
        rows = await self._database.fetch(
            """select e.student_id, u.name, e.joined_at from enrolments e join users u on u.id = e.student_id
               where e.class_id = $1 order by e.joined_at, e.student_id limit $2 offset $3""",
            class_id,
            limit,
            offset,
        )
        return [StudentRow(**row) for row in rows]

    async def maker_of(self, class_id: UUID) -> UUID:
        """Under whose key the class's own texts are sealed."""
        maker: UUID = await self._database.fetchval("select created_by from classes where id = $1", class_id)
        return maker

    async def name_of(self, user_id: UUID) -> str | None:
        """A user's name as it is sealed."""
        found: str | None = await self._database.fetchval("select name from users where id = $1", user_id)
        return found

    async def invitations(self, class_id: UUID) -> list[InvitationRow]:
        rows = await self._database.fetch(
            """select id, name, email, invited_at from roster_invitations
               where class_id = $1 and expires_at > now() order by invited_at, id""",
            class_id,
        )
        return [InvitationRow(**row) for row in rows]

    async def standing(self, class_id: UUID, email_indexes: Sequence[bytes]) -> dict[bytes, str]:
        """Which of these addresses are `in_class` or `invited_already`; the others are not named."""
        rows = await self._database.fetch(
            """select i.email_index, 'invited_already' as standing from roster_invitations i
               where i.class_id = $1 and i.email_index = any($2::bytea[]) and i.expires_at > now()
               union all
               select u.email_index, 'in_class' from users u join enrolments e on e.student_id = u.id
               where e.class_id = $1 and u.email_index = any($2::bytea[])""",
            class_id,
            list(email_indexes),
        )
        return {row["email_index"]: row["standing"] for row in rows}

    async def invite(self, class_id: UUID, people: Sequence[tuple[bytes, str, str]]) -> None:
        """Put (address index, sealed address, sealed name) on the roster; who is there keeps their line."""
        if people:
            await self._database.execute(
                """insert into roster_invitations as i (class_id, email_index, email, name)
                   select $1, * from unnest($2::bytea[], $3::text[], $4::text[])
                   on conflict (class_id, email_index) do update
                   set email = excluded.email, name = excluded.name, invited_at = now(),
                       expires_at = excluded.expires_at
                   where i.expires_at <= now()""",
                class_id,
                *(list(column) for column in zip(*people, strict=True)),
            )
