"""All SQL of struggle: alerts, and the exercises that students are at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from learnflow.contracts.events import (
    CodeExecuted,
    ExerciseGraded,
    ExerciseOpened,
    ExerciseSubmitted,
    QuestionAsked,
    StudentActive,
)
from learnflow.kit.database import Database, Record, Transaction
from learnflow.services.progress.casebook import Alert, Casebook
from learnflow.services.progress.struggle import Sign

HISTORY = 60
"""Runs and submissions of a student that the rules look back at."""
SIGNS = tuple(
    fact.event_type
    for fact in (ExerciseOpened, CodeExecuted, ExerciseSubmitted, ExerciseGraded, QuestionAsked, StudentActive)
)
"""An open, edit, run, submission or question."""
_COLUMNS = (
    "id, user_id, trigger, topic_id, exercise_id, exercises, severity, state, since, last_seen_at, times, evidence, "
    "seen_ids, acknowledged_by, acknowledged_at, snoozed_until, resolved_at, resolved_by, resolution"
)
_INSERT = f"""
    insert into alerts ({_COLUMNS})
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
"""  # noqa: S608 - a constant
_ADD = """
    update alerts set exercise_id = $2, exercises = $3, severity = $4, since = $5, last_seen_at = $6, times = $7,
        evidence = $8, seen_ids = $9 where id = $1 and state <> 'resolved'
"""
_CLOSE = """
    update alerts set state = 'resolved', resolved_at = $2, resolution = 'passed' where id = $1 and state <> 'resolved'
"""
_USED = """
    select user_id, trigger, topic_id, max(resolved_at) as until from alerts
    where user_id = any($1::uuid[]) and state = 'resolved' group by user_id, trigger, topic_id
"""
_HISTORY = """
    select u.id as user_id, e.* from unnest($1::uuid[]) u (id), unnest($2::text[]) k (type),
    lateral (select type, time, coalesce(data ->> 'execution_id', data ->> 'submission_id') as id,
                    data ->> 'status' as status, data ->> 'passed' = 'true' as passed,
                    data ->> 'error_type' as error_type, data ->> 'topic_id' as topic_id,
                    data ->> 'exercise_id' as exercise_id
             from events where user_id = u.id and type = k.type order by time desc limit $3) e
"""
_AT_WORK = """
    insert into open_work as w (user_id, exercise_id, topic_id, started_at, due_at)
    select user_id, exercise_id, topic_id, at, at + interval '10 minutes'
    from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) s (user_id, exercise_id, topic_id, at)
    on conflict (user_id, exercise_id) do update set
        started_at = case when w.parked_at < excluded.started_at - interval '12 hours'
                          then excluded.started_at else w.started_at end,
        active_s = case when w.parked_at < excluded.started_at - interval '12 hours' then 0 else w.active_s end,
        threshold_s = case when w.parked_at < excluded.started_at - interval '12 hours' then 600
                           else w.threshold_s end,
        due_at = excluded.started_at + make_interval(secs => case
            when w.parked_at < excluded.started_at - interval '12 hours' then 600 else w.threshold_s - w.active_s end),
        parked_at = null
    where w.due_at is null
"""
_SIGNS = """
    select time as at, coalesce(data ->> 'exercise_id', data -> 'context' ->> 'exercise_id') as exercise_id
    from events where user_id = $1 and type = any($2::text[]) and time between $3 and $4
        and coalesce(data ->> 'kind', 'heartbeat') = 'heartbeat'
    order by time
"""
_MINE = """
    from teaching t join alerts a on a.user_id = t.student_id
    where t.teacher_id = $1 and ($2::text is null or a.severity = $2) and ($5::uuid is null or a.user_id = $5)
"""
_STATE = "case when a.state = 'snoozed' and a.snoozed_until <= $4 then 'open' else a.state end"
# the index of open alerts serves where the condition is written out
_UNRESOLVED = f"{_MINE} and a.state <> 'resolved' and ($3::text is null or {_STATE} = $3)"
_RESOLVED = f"{_MINE} and a.state = $3 and $4::timestamptz is not null"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alerts of a teacher's own students; without a status those that are not resolved."""

    severity: str | None = None
    status: str | None = None
    student_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class OpenWork:
    """An exercise that a student is at; `threshold_s` of active work are not to be passed."""

    user_id: UUID
    exercise_id: str
    topic_id: str | None
    started_at: datetime
    threshold_s: int


class Alerts:
    """Alerts of students."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def books(self, tx: Transaction, user_ids: Sequence[UUID]) -> dict[UUID, Casebook]:
        """The unresolved alerts of each, and what evidence is used up."""
        books = {user_id: Casebook(user_id) for user_id in user_ids}
        query = "select * from alerts where user_id = any($1::uuid[]) and state <> 'resolved'"
        for row in await tx.fetch(query, user_ids):
            alert = _alert(row)
            books[alert.student_id].alerts[alert.place] = alert
        for row in await tx.fetch(_USED, user_ids):
            books[row["user_id"]].used_until[row["trigger"], row["topic_id"]] = row["until"]
        return books

    async def write(self, tx: Transaction, book: Casebook) -> None:
        """Write what changed; state is written only by a new alert and by closing one, the rest is the teachers'."""
        await tx.executemany(_INSERT, [_row(alert) for alert in book.new])
        for alert in book.changed:
            await tx.execute(
                _ADD,
                alert.id,
                alert.exercise_id,
                alert.exercises,
                alert.severity,
                alert.since,
                alert.last_seen_at,
                alert.times,
                alert.evidence,
                alert.seen_ids,
            )
        known = {alert.id for alert in book.new}
        await tx.executemany(_CLOSE, [(one.id, one.resolved_at) for one in book.closed if one.id not in known])

    async def page(
        self, teacher_id: UUID, wanted: Wanted, now: datetime, limit: int, offset: int
    ) -> tuple[list[Alert], int]:
        """Alerts of a teacher's own students, the gravest and latest first, and how many there are."""
        values = (teacher_id, wanted.severity, wanted.status, now, wanted.student_id)
        where = _RESOLVED if wanted.status == "resolved" else _UNRESOLVED
        rows = await self._database.fetch(
            f"""select a.* {where} order by array_position(array['high', 'medium', 'low'], a.severity),
                a.last_seen_at desc, a.id limit $6 offset $7""",
            *values,
            limit,
            offset,
        )
        total: int = await self._database.fetchval(f"select count(*) {where}", *values)
        return [_alert(row) for row in rows], total

    async def all_of(self, user_id: UUID) -> list[Alert]:
        """All alerts that there were about a student."""
        rows = await self._database.fetch("select * from alerts where user_id = $1 order by since", user_id)
        return [_alert(row) for row in rows]

    async def get(self, alert_id: UUID) -> Alert | None:
        """One alert."""
        row = await self._database.fetchrow("select * from alerts where id = $1", alert_id)
        return _alert(row) if row else None

    async def acknowledge(self, tx: Transaction, alert_id: UUID, teacher_id: UUID, at: datetime) -> Alert | None:
        """Somebody looks after it; None when it is closed."""
        return _maybe(
            await tx.fetchrow(
                """update alerts set state = 'acknowledged', acknowledged_by = $2, acknowledged_at = $3,
                   snoozed_until = null where id = $1 and state <> 'resolved' returning *""",
                alert_id,
                teacher_id,
                at,
            )
        )

    async def snooze(self, tx: Transaction, alert_id: UUID, until: datetime) -> Alert | None:
        """Silent until then; None when it is closed."""
        return _maybe(
            await tx.fetchrow(
                """update alerts set state = 'snoozed', snoozed_until = $2 where id = $1 and state <> 'resolved'
                   returning *""",
                alert_id,
                until,
            )
        )

    async def resolve(self, tx: Transaction, alert_id: UUID, teacher_id: UUID, at: datetime) -> Alert | None:
        """Close it; None when it is closed already."""
        return _maybe(
            await tx.fetchrow(
                """update alerts set state = 'resolved', resolved_at = $3, resolved_by = $2,
                   resolution = 'resolved_by_teacher' where id = $1 and state <> 'resolved' returning *""",
                alert_id,
                teacher_id,
                at,
            )
        )

    async def wake(self, tx: Transaction, now: datetime) -> list[Alert]:
        """Open again what was silent long enough."""
        rows = await tx.fetch(
            """update alerts set state = 'open', snoozed_until = null where id in (
                   select id from alerts where state = 'snoozed' and snoozed_until <= $1 for update skip locked)
               returning *""",
            now,
        )
        return [_alert(row) for row in rows]


class Work:
    """What students did lately, read from the facts, and the exercises that they are at."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def history(self, tx: Transaction, user_ids: Sequence[UUID]) -> list[Record]:
        """The latest runs and submissions of each."""
        types = [CodeExecuted.event_type, ExerciseGraded.event_type]
        return await tx.fetch(_HISTORY, user_ids, types, HISTORY)

    async def at_work(self, tx: Transaction, first: Mapping[tuple[UUID, str], tuple[str | None, datetime]]) -> None:
        """Students are at these exercises, by student and exercise: its topic and the first sign."""
        if first:
            rows = [(*key, *first[key]) for key in sorted(first)]
            await tx.execute(_AT_WORK, *map(list, zip(*rows, strict=True)))

    async def finished(self, tx: Transaction, done: Iterable[tuple[UUID, str]]) -> None:
        """These exercises are passed, or begin anew."""
        query = "delete from open_work where user_id = $1 and exercise_id = $2"
        await tx.executemany(query, sorted(set(done)))

    async def restart(self, tx: Transaction, user_id: UUID, exercise_ids: Sequence[str], now: datetime) -> None:
        """Count active time anew: what was there before was looked at."""
        await tx.execute(
            """update open_work set started_at = $3, active_s = 0, threshold_s = 600,
               due_at = case when due_at is null then null else $3 + interval '10 minutes' end
               where user_id = $1 and exercise_id = any($2::text[])""",
            user_id,
            list(exercise_ids),
            now,
        )

    async def due(self, now: datetime, limit: int) -> list[tuple[UUID, str]]:
        """Whose active time may have passed the threshold by now."""
        query = "select user_id, exercise_id from open_work where due_at <= $1 order by due_at limit $2"
        return [(row["user_id"], row["exercise_id"]) for row in await self._database.fetch(query, now, limit)]

    async def still_due(self, tx: Transaction, user_id: UUID, exercise_id: str, now: datetime) -> OpenWork | None:
        """The same, asked again under the student's lock; what is passed by now is forgotten."""
        await tx.execute(
            """delete from open_work w using exercise_scores s where w.user_id = $1 and w.exercise_id = $2
               and s.user_id = w.user_id and s.exercise_id = w.exercise_id and s.passed""",
            user_id,
            exercise_id,
        )
        row = await tx.fetchrow(
            """select user_id, exercise_id, topic_id, started_at, threshold_s from open_work
               where user_id = $1 and exercise_id = $2 and due_at <= $3""",
            user_id,
            exercise_id,
            now,
        )
        return OpenWork(**row) if row else None

    async def signs(self, tx: Transaction, user_id: UUID, since: datetime, until: datetime) -> list[Sign]:
        """All signs of a student's work in order of time."""
        rows = await tx.fetch(_SIGNS, user_id, list(SIGNS), since, until)
        return [Sign(row["at"], row["exercise_id"]) for row in rows]

    async def reckoned(
        self, tx: Transaction, work: OpenWork, active_s: float, threshold_s: int, due_at: datetime | None, now: datetime
    ) -> None:
        """When to look again; None while nobody is at it."""
        await tx.execute(
            """update open_work set active_s = $3, threshold_s = $4, due_at = $5,
               parked_at = case when $5::timestamptz is null then $6::timestamptz end
               where user_id = $1 and exercise_id = $2""",
            work.user_id,
            work.exercise_id,
            active_s,
            threshold_s,
            due_at,
            now,
        )


def _alert(row: Record) -> Alert:
    fields = dict(row.items())
    return Alert(student_id=fields.pop("user_id"), **fields)


def _maybe(row: Record | None) -> Alert | None:
    return _alert(row) if row else None


def _row(alert: Alert) -> tuple[object, ...]:
    fields = asdict(alert) | {"user_id": alert.student_id}
    return tuple(fields[name] for name in _COLUMNS.split(", "))
