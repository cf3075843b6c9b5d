"""Erasing a student reaches every table of every service, those that come later too."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

THINGS = {"id", "event_id", "query_id", "correlation_id", "session_id", "submission_id", "attempt_id", "lesson_id"}
THINGS |= {"alert_id", "notice_id", "execution_id", "class_id", "assignment_id", "review_id", "quiz_id", "etag"}
"""Names of columns that hold the id of a thing: they do not say whose row it is."""

NOBODYS = {
    "alerts.acknowledged_by": "the teacher who did it; an id of nobody once they are erased",
    "alerts.resolved_by": "the same",
    "access_records.viewer_id": "says to another student who looked; an id of nobody once the viewer is erased",
    "erasures.erased_id": "what is left on purpose, for a month, so that late events are swept",
    "idempotency.claim": "an attempt at a request",
    "work.lease_token": "a claim of a worker",
}
"""Other columns that hold ids but do not say whose row it is, with what they hold."""

STILL_NAMED = {"bus_log", "erasures"}
"""bus_log keeps ids and sealed texts that nobody can open any more, until its time is over."""

ID_COLUMNS = """
select c.relname || '.' || a.attname as column,
       exists (select from student_columns() s where s.place = c.oid::regclass and s.named = a.attname) as is_covered,
       exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'f' and k.conkey = array[a.attnum]
               and k.confdeltype in ('c', 'n')) as goes_with_another,
       exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'f' and k.conkey = array[a.attnum]
               and k.confdeltype not in ('c', 'n')) as holds_another
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname in ('public', 'keys') and a.attnum > 0 and not a.attisdropped
  and a.atttypid = 'uuid'::regtype order by 1
"""
TABLES = """
select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname in ('public', 'keys') order by 1
"""
PERSONS_COLUMNS = """
select place::text as tab, named::text as col from student_columns()
union
select k.conrelid::regclass::text, a.attname::text
from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
where k.contype = 'f' and k.confrelid = 'users'::regclass and k.confdeltype = 'c' order by 1, 2
"""
REQUIRED = """
select a.attname as name, format_type(a.atttypid, null) as type, a.attidentity::text as identity
from pg_attribute a where a.attrelid = $1::text::regclass and a.attnum > 0 and not a.attisdropped
  and a.attgenerated = '' order by a.attnum
"""
CHECKS = """
select conrelid::regclass::text as tab, conname as name from pg_constraint
where contype = 'c' and conrelid <> 0 and connamespace = any(array['public'::regnamespace, 'keys'::regnamespace])
"""
VALUES: dict[str, Any] = {
    "uuid": uuid4,
    "text": lambda: uuid4().hex,
    "name": lambda: uuid4().hex,
    "bytea": lambda: uuid4().bytes,
    "jsonb": lambda: "{}",
    "boolean": lambda: False,
    "timestamp with time zone": lambda: dt.datetime.now(dt.UTC),
    "date": lambda: dt.date(2026, 1, 1),
    "numeric": lambda: 1,
    "double precision": lambda: 1.0,
    "real": lambda: 1.0,
    "interval": lambda: dt.timedelta(1),
}


@pytest.fixture
async def owner(owner_dsn: str) -> Any:
    connection = await asyncpg.connect(owner_dsn)
    yield connection
    await connection.close()


async def test_every_id_says_whose_row_it_is_or_stands_on_the_list(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    rows = await owner.fetch(ID_COLUMNS)
    is_known = {row["column"]: row["is_covered"] or row["goes_with_another"] for row in rows}
    listed = {column for column in is_known if column in NOBODYS or column.split(".")[1] in THINGS}
    unknown = [column for column, known in is_known.items() if not known and column not in listed]
    assert unknown == [], "call it user_id or student_id, let it cascade from users, or explain it in NOBODYS"
    assert sorted(set(NOBODYS) - set(is_known)) == [], "stands in NOBODYS, but there is no such column"


async def test_nothing_keeps_a_row_of_a_student_from_going(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    held = [row["column"] for row in await owner.fetch(ID_COLUMNS) if row["holds_another"]]
    assert held == [], "a reference by id needs `on delete cascade` or `on delete set null`"


@pytest.mark.plan("P-RULE-erasure")
async def test_after_erasure_no_table_names_the_student(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    student, other = uuid4(), uuid4()
    for check in await owner.fetch(CHECKS):
        await owner.execute(f'alter table {check["tab"]} drop constraint "{check["name"]}"')
    for column in await owner.fetch(PERSONS_COLUMNS):
        for person in (student, other):
            await _plant(owner, column["tab"], column["col"], person)
    named = [row["name"] for row in await owner.fetch(TABLES) if await _names(owner, row["name"], student)]
    assert {"questions", "events", "rungs", "keys.student_keys"} <= set(named)
    assert await owner.fetchval("select erase_student($1)", student) > 0
    still = {row["name"] for row in await owner.fetch(TABLES) if await _names(owner, row["name"], student)}
    assert still - STILL_NAMED == set()
    left = {row["name"] for row in await owner.fetch(TABLES) if await _names(owner, row["name"], other)}
    assert left >= set(named) - STILL_NAMED, "somebody else's rows went too"


async def _plant(owner: asyncpg.Connection[asyncpg.Record], table: str, column: str, person: UUID) -> None:
    """A row that names the person in this column; every other value is made up, and points nowhere."""
    columns = [row for row in await owner.fetch(REQUIRED, table) if row["identity"] != "a"]
    values = [person if row["name"] == column else _made_up(row["type"]) for row in columns]
    names = ", ".join(f'"{row["name"]}"' for row in columns)
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    async with owner.transaction():
        await owner.execute("set local session_replication_role = replica")
        await owner.execute(f"insert into users (id, role, name) values ('{person}', '', '') on conflict do nothing")
        await owner.execute(f"insert into {table} ({names}) values ({places})", *values)


def _made_up(kind: str) -> Any:
    if kind.endswith("[]"):
        return []
    return VALUES[kind]() if kind in VALUES else 1


async def _names(owner: asyncpg.Connection[asyncpg.Record], table: str, person: UUID) -> bool:
    found = await owner.fetchval(
        f"select exists (select from {table} t where t::text like '%' || $1::text || '%')", str(person)
    )
    return bool(found)


async def test_work_limits_and_state_of_the_student_go_too(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    student = uuid4()
    event = f'{{"subject": "{student}"}}'
    await owner.execute("insert into work (grp, event_id, ce) values ('debug', $1, $2)", uuid4(), event)
    await owner.execute("insert into limits values ('questions', $1, '{}', now())", str(student))
    await owner.execute("insert into state (owner, key, value) values ('lf_debug', $1, '{}')", f"lessons/{student}/1")
    await owner.execute("insert into state (owner, key, value) values ('lf_debug', 'card', '{}')")
    await owner.fetchval("select erase_student($1)", student)
    counts = [await owner.fetchval(f"select count(*) from {table}") for table in ("work", "limits", "state")]
    assert counts == [0, 0, 1]


@pytest.mark.parametrize("service", ["triage", "websocket", "progress"])
async def test_no_other_service_may_erase(service: str, service_dsn: Any) -> None:
    connection = await asyncpg.connect(service_dsn(service))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetchval("select erase_student($1)", uuid4())
        assert await connection.fetchval("select may_use_model($1)", uuid4()) is False
    finally:
        await connection.close()
