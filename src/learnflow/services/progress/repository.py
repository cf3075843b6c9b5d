"""All SQL of the progress tables: the log of facts, active days, and what is counted from them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from learnflow.contracts.events import CodeExecuted, ConceptExplained, HintGiven, QuestionAsked
from learnflow.kit.database import Database, Transaction

_INSERT = """
    insert into events (event_id, user_id, type, topic, data, time, service, correlation_id, traceparent)
    select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[], $7::text[],
                         $8::uuid[], $9::text[])
    on conflict (event_id) do nothing
    returning event_id
"""
_COUNTS = """
    select type, data ->> 'status' as status, data ->> 'rung' as rung, data ->> 'concept' as concept,
           count(*) as facts, max(time) as latest
    from events where user_id = $1 and type = any($2::text[]) group by 1, 2, 3, 4 order by latest desc
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
        """Keep the facts that are new; their ids."""
        columns = (
            [fact.event_id for fact in facts],
            [fact.user_id for fact in facts],
            [fact.type for fact in facts],
            [fact.topic for fact in facts],
            [fact.data for fact in facts],
            [fact.time for fact in facts],
            [fact.service for fact in facts],
            [fact.correlation_id for fact in facts],
            [fact.traceparent for fact in facts],
        )
        return {row["event_id"] for row in await tx.fetch(_INSERT, *columns)}

    async def hops(self, correlation_id: UUID) -> list[Hop]:
        """Every fact that a question led to, in order of time."""
        rows = await self._database.fetch(
            "select time, service, type, topic, event_id from events where correlation_id = $1 "
            "order by time, received_at, event_id limit 1000",
            correlation_id,
        )
        return [Hop(**row) for row in rows]

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


_COUNTED = (QuestionAsked, ConceptExplained, CodeExecuted, HintGiven)


class ActivityDays:
    """Days on which students were active, and the time zone in which a day is theirs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def zones(self, user_ids: Sequence[UUID]) -> dict[UUID, str]:
        """Student -> name of their time zone, for those who still exist."""
        rows = await self._database.fetch("select id, timezone from users where id = any($1::uuid[])", user_ids)
        return {row["id"]: row["timezone"] for row in rows}

    async def add(self, tx: Transaction, facts_of_day: Counter[tuple[UUID, date]]) -> None:
        """Count facts into their days; sorted, so that two writers never wait for each other in a circle."""
        keys = sorted(facts_of_day)
        await tx.execute(
            """insert into activity_days as d (user_id, day, facts)
               select * from unnest($1::uuid[], $2::date[], $3::integer[])
               on conflict (user_id, day) do update set facts = d.facts + excluded.facts""",
            [user_id for user_id, _ in keys],
            [day for _, day in keys],
            [facts_of_day[key] for key in keys],
        )

    async def of(self, user_id: UUID) -> list[date]:
        """A student's active days in order."""
        rows = await self._database.fetch("select day from activity_days where user_id = $1 order by day", user_id)
        return [row["day"] for row in rows]


class Mastery:
    """Stored mastery of topics and its components, 0-100."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def store(
        self, tx: Transaction, user_id: UUID, topic_id: str, mastery: float, parts: dict[str, float]
    ) -> None:
        """Replace a topic's mastery and the given components."""
        await tx.execute(
            """insert into progress (user_id, topic_id, mastery) values ($1, $2, $3::float8::numeric)
               on conflict (user_id, topic_id) do update set mastery = excluded.mastery, updated_at = now()""",
            user_id,
            topic_id,
            mastery,
        )
        await tx.execute(
            """insert into progress_components (user_id, topic_id, component, score)
               select $1, $2, * from unnest($3::text[], $4::float8[])
               on conflict (user_id, topic_id, component) do update set score = excluded.score, updated_at = now()""",
            user_id,
            topic_id,
            list(parts),
            list(parts.values()),
        )

    async def of(self, user_id: UUID) -> dict[str, float]:
        """Topic -> mastery."""
        rows = await self._database.fetch(
            "select topic_id, mastery::float8 as mastery from progress where user_id = $1 order by topic_id", user_id
        )
        return {row["topic_id"]: row["mastery"] for row in rows}

    async def components_of(self, user_id: UUID, topic_id: str) -> dict[str, float]:
        """Component -> score."""
        rows = await self._database.fetch(
            "select component, score::float8 as score from progress_components where user_id = $1 and topic_id = $2",
            user_id,
            topic_id,
        )
        return {row["component"]: row["score"] for row in rows}
