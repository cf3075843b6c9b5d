"""All SQL of the progress tables: the log of facts, active days, and what is counted from them."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from learnflow.contracts.events import (
    CodeExecuted,
    ConceptExplained,
    ExerciseGraded,
    HintGiven,
    QuestionAsked,
    QuizGraded,
)
from learnflow.kit.database import Database, Record, Transaction
from learnflow.services.progress.mistakes import Outcome
from learnflow.services.progress.streaks import day_of, zone_named

_INSERT = """
    insert into events (event_id, user_id, type, topic, data, time, service, correlation_id, traceparent)
    select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[], $7::text[],
                         $8::uuid[], $9::text[])
    on conflict (event_id) do nothing
"""
_KNOWN = "select event_id from events where event_id = any($1::uuid[])"
_ADD_DAYS = """
    insert into activity_days as d (user_id, day, facts, last_at)
    select * from unnest($1::uuid[], $2::date[], $3::integer[], $4::timestamptz[])
    on conflict (user_id, day) do update
    set facts = d.facts + excluded.facts, last_at = greatest(d.last_at, excluded.last_at)
    returning user_id, xmax = 0 as is_new
"""
_MISSING_DAYS = """
    insert into activity_days (user_id, day, facts, last_at)
    select u.id, (e.time at time zone u.timezone)::date, count(*), max(e.time)
    from users u join events e on e.user_id = u.id
    where u.id = $1 and e.type = any($2::text[]) group by 1, 2
    on conflict do nothing
"""
_OF_STUDENT = """
    select type, data, time, correlation_id from events
    where user_id = $1 and type = any($2::text[]) order by time
"""
_COUNTS = """
    select type, data ->> 'status' as status, data ->> 'rung' as rung, data ->> 'concept' as concept,
           count(*) as facts, max(time) as latest
    from events where user_id = $1 and type = any($2::text[]) group by 1, 2, 3, 4 order by latest desc
"""

_OUTCOMES = """
    select data ->> 'topic_id' as topic_id, data ->> 'exercise_id' as exercise_id,
           coalesce((data ->> 'passed')::boolean, false) as passed, data -> 'misconceptions' as misconceptions
    from events where user_id = $1 and type = any($2::text[]) order by time desc limit 200
"""


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact as it is kept; sealed fields of `data` stay sealed."""

    event_id: UUID
    user_id: UUID
    type: str
    topic: str
    data: dict[str, Any]
    time: datetime
    service: str
    correlation_id: UUID
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a question's way."""

    time: datetime
    service: str
    type: str
    topic: str
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Counts:
    """A student's facts, counted; `concepts` latest first."""

    questions: int
    concepts: tuple[str, ...]
    runs: Counter[str]
    hints: Counter[int]


class FactLog:
    """The log of all facts; written in batches, each fact once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, tx: Transaction, facts: Sequence[FactRow]) -> set[UUID]:
        """Keep the facts that are new, before the next query or with the commit; their ids."""
        known = {row["event_id"] for row in await tx.look(_KNOWN, [fact.event_id for fact in facts])}
        new = [fact for fact in facts if fact.event_id not in known]
        await tx.insert_last(_INSERT, [_columns(fact) for fact in new])
        return {fact.event_id for fact in new}

    async def hops(self, correlation_id: UUID) -> list[Hop]:
        """Every fact that a question led to, in order of time."""
        rows = await self._database.fetch(
            "select time, service, type, topic, event_id from events where correlation_id = $1 "
            "order by time, received_at, event_id limit 1000",
            correlation_id,
        )
        return [Hop(**row) for row in rows]

    async def of_student(self, user_id: UUID, types: Collection[str]) -> list[Record]:
        """All facts of these types about a student, in order of time."""
        return await self._database.fetch(_OF_STUDENT, user_id, list(types))

    async def by_type(self, user_id: UUID) -> dict[str, int]:
        """How many facts of each type there are about a student."""
        query = "select type, count(*) as facts from events where user_id = $1 group by type order by type"
        return {row["type"]: row["facts"] for row in await self._database.fetch(query, user_id)}

    async def counts(self, user_id: UUID) -> Counts:
        """What a student did, by type and outcome."""
        rows = await self._database.fetch(_COUNTS, user_id, [fact.event_type for fact in _COUNTED])
        of: dict[str, list[Any]] = {fact.event_type: [] for fact in _COUNTED}
        for row in rows:
            of[row["type"]].append(row)
        return Counts(
            questions=sum(row["facts"] for row in of[QuestionAsked.event_type]),
            concepts=tuple(dict.fromkeys(row["concept"] for row in of[ConceptExplained.event_type])),
            runs=Counter({row["status"]: row["facts"] for row in of[CodeExecuted.event_type]}),
            hints=Counter({int(row["rung"]): row["facts"] for row in of[HintGiven.event_type]}),
        )

    async def outcomes(self, user_id: UUID) -> list[Outcome]:
        """The latest graded exercises and quizzes, the latest first."""
        rows = await self._database.fetch(_OUTCOMES, user_id, [ExerciseGraded.event_type, QuizGraded.event_type])
        return [
            Outcome(row["topic_id"], row["exercise_id"], row["passed"], tuple(row["misconceptions"] or ()))
            for row in rows
        ]

    async def holds_question(self, user_id: UUID, query_id: UUID) -> bool:
        """Has the fact that this question was asked arrived yet?"""
        return bool(
            await self._database.fetchval(
                "select exists (select from events where correlation_id = $1 and user_id = $2 and type = $3)",
                query_id,
                user_id,
                QuestionAsked.event_type,
            )
        )


def _columns(fact: FactRow) -> tuple[object, ...]:
    return (
        fact.event_id,
        fact.user_id,
        fact.type,
        fact.topic,
        fact.data,
        fact.time,
        fact.service,
        fact.correlation_id,
        fact.traceparent,
    )


_COUNTED = (QuestionAsked, ConceptExplained, CodeExecuted, HintGiven)


@dataclass(frozen=True, slots=True)
class Person:
    """Whose facts they are: the zone in which a day is theirs, and whether they learn here."""

    timezone: str
    role: str

    def day_of(self, moment: datetime) -> date:
        return day_of(moment, zone_named(self.timezone))


class ActivityDays:
    """Days on which students were active, and the people whose days they are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def people(self, user_ids: Iterable[UUID]) -> dict[UUID, Person]:
        """Those of them who still exist."""
        query = "select id, timezone, role from users where id = any($1::uuid[])"
        rows = await self._database.look(query, list(user_ids))
        return {row["id"]: Person(row["timezone"], row["role"]) for row in rows}

    async def people_after(self, last: UUID, limit: int = 500) -> list[UUID]:
        """The next ids of people, in order."""
        rows = await self._database.fetch("select id from users where id > $1 order by id limit $2", last, limit)
        return [row["id"] for row in rows]

    async def add_missing(self, user_id: UUID, types: Collection[str]) -> None:
        """Add the days of these facts that are not there."""
        await self._database.execute(_MISSING_DAYS, user_id, list(types))

    async def add(self, tx: Transaction, moments: Mapping[tuple[UUID, date], Sequence[datetime]]) -> set[UUID]:
        """Count moments into their days; who was not active on such a day before.

        Sorted, so that two writers never wait for each other in a circle.
        """
        keys = sorted(moments)
        if not keys:
            return set()
        rows = await tx.fetch(
            _ADD_DAYS,
            [user_id for user_id, _ in keys],
            [day for _, day in keys],
            [len(moments[key]) for key in keys],
            [max(moments[key]) for key in keys],
        )
        return {row["user_id"] for row in rows if row["is_new"]}

    async def since(self, tx: Transaction, user_ids: Sequence[UUID], first: date) -> dict[UUID, list[date]]:
        """The active days from a day on."""
        days: dict[UUID, list[date]] = {user_id: [] for user_id in user_ids}
        query = "select user_id, day from activity_days where user_id = any($1::uuid[]) and day >= $2"
        for row in await tx.fetch(query, user_ids, first):
            days[row["user_id"]].append(row["day"])
        return days

    async def of(self, user_id: UUID) -> list[date]:
        """A student's active days in order."""
        return (await self.of_many([user_id]))[user_id].days

    async def of_many(self, user_ids: Sequence[UUID]) -> dict[UUID, "Active"]:
        """The active days of many, in order."""
        active = {user_id: Active([], None) for user_id in user_ids}
        query = "select user_id, day, last_at from activity_days where user_id = any($1::uuid[]) order by day"
        for row in await self._database.fetch(query, list(user_ids)):
            active[row["user_id"]].days.append(row["day"])
            active[row["user_id"]].last_at = row["last_at"]
        return active


@dataclass(slots=True)
class Active:
    """A student's active days, and the latest sign of activity."""

    days: list[date]
    last_at: datetime | None
