"""Transactions that begin late, savepoints, and a pool that hands over and throws away."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from uuid import uuid4

import asyncpg
import pytest

from learnflow.contracts.errors import Unavailable
from learnflow.kit.codecs import ARRAYS
from learnflow.kit.database import Database
from learnflow.kit.transaction import NOT_WAITED_FOR

INSERT = "insert into effects (event_id) values ($1)"
INSERT_MANY = "insert into effects (event_id) select unnest($1::uuid[])"


async def count(database: Database) -> int:
    return int(await database.fetchval("select count(*) from effects"))


async def test_a_last_statement_alone_is_durable_and_comes_before_the_callbacks(database: Database) -> None:
    seen: list[str] = []
    async with database.transaction() as tx:
        await tx.insert_last(INSERT_MANY, [(uuid4(),)])
        tx.after_commit(lambda: seen.append("committed"))
        assert seen == []
    assert seen == ["committed"]
    assert await count(database) == 1


async def test_a_last_statement_is_forgotten_when_the_block_raises(database: Database) -> None:
    with pytest.raises(LookupError):
        await _insert_and_fail(database)
    assert await count(database) == 0


async def _insert_and_fail(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.insert_last(INSERT_MANY, [(uuid4(),)])
        raise LookupError


async def test_a_query_after_a_last_statement_sees_it_and_both_are_one_transaction(database: Database) -> None:
    with pytest.raises(LookupError):
        await _insert_look_and_fail(database)
    assert await count(database) == 0


async def _insert_look_and_fail(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.insert_last(INSERT_MANY, [(uuid4(),)])
        assert await database.fetchval("select count(*) from effects") == 1
        raise LookupError


async def test_a_last_statement_that_the_server_refuses_undoes_everything(database: Database) -> None:
    with pytest.raises(asyncpg.DataError):
        await _refused_at_the_end(database)
    assert await count(database) == 0


async def _refused_at_the_end(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(INSERT, uuid4())
        await tx.insert_last("insert into effects (event_id) select unnest($1::text[])::uuid", [("no uuid",)])


async def test_rows_of_several_calls_are_one_statement_each_kind_in_its_order(database: Database) -> None:
    first, second, third = uuid4(), uuid4(), uuid4()
    async with database.transaction() as tx:
        await tx.insert_last(INSERT_MANY, [(first,)])
        await tx.insert_last(INSERT_MANY, [])
        await tx.insert_last(INSERT_MANY, [(second,), (third,)])
    rows = await database.fetch("select event_id, xmin::text, cmin::text from effects order by ctid")
    assert [row["event_id"] for row in rows] == [first, second, third]
    assert len({(row["xmin"], row["cmin"]) for row in rows}) == 1


async def test_rows_of_every_kind_are_written_in_one_round_trip_where_nothing_was_begun(database: Database) -> None:
    asked: list[str] = []
    connection = await database.connect()
    connection.add_query_logger(lambda query: asked.append(query.query))
    async with database.transaction_on(connection) as tx:
        assert [row["one"] for row in await tx.look("select 1 as one")] == [1]
        await tx.insert_last(INSERT_MANY, [(uuid4(),), (uuid4(),)])
        await tx.write_at_end(INSERT, [(uuid4(),)], one=INSERT)
    await asyncio.sleep(0)
    assert len(asked) == 2
    assert await count(database) == 3
    await connection.close()


async def test_what_waits_for_the_end_is_not_seen_before_it(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.write_at_end(INSERT_MANY, [(uuid4(),)])
        assert await tx.fetchval("select count(*) from effects") == 0
    assert await count(database) == 1


async def test_what_waits_for_the_end_goes_with_a_savepoint_that_fails(database: Database) -> None:
    async with database.transaction() as tx:
        with pytest.raises(LookupError):
            async with tx.savepoint() as inner:
                await inner.write_at_end(INSERT_MANY, [(uuid4(),)])
                await inner.finish()
                raise LookupError
    assert await count(database) == 0


@pytest.mark.parametrize(
    ("redone", "begins", "is_waited_for"),
    [(frozenset({INSERT_MANY}), False, False), (frozenset(), False, True), (frozenset({INSERT_MANY}), True, True)],
    ids=["redone", "not-redone", "with-others"],
)
async def test_only_a_commit_of_nothing_but_what_is_redone_does_not_wait_for_the_disk(
    database: Database, redone: frozenset[str], begins: bool, is_waited_for: bool
) -> None:
    asked: list[str] = []
    connection = await database.connect()
    connection.add_query_logger(lambda query: asked.append(query.query))
    async with database.transaction_on(connection) as tx:
        if begins:
            await tx.execute(INSERT, uuid4())
        await tx.write_at_end(INSERT_MANY, [(uuid4(),)])
        await tx.finish(redone)
    await asyncio.sleep(0)
    assert any(NOT_WAITED_FOR in query for query in asked) is not is_waited_for
    assert await connection.fetchval("show synchronous_commit") == "on"
    assert await count(database) == 1 + begins
    await connection.close()


async def test_a_failed_savepoint_takes_its_rows_and_callbacks_with_it(database: Database) -> None:
    seen: list[str] = []
    kept = uuid4()
    async with database.transaction() as tx:
        await tx.insert_last(INSERT_MANY, [(kept,)])
        with pytest.raises(LookupError):
            async with tx.savepoint() as inner:
                await inner.execute(INSERT, uuid4())
                inner.after_commit(lambda: seen.append("inner"))
                raise LookupError
        async with tx.savepoint() as inner:
            inner.after_commit(lambda: seen.append("second"))
    assert seen == ["second"]
    assert [row["event_id"] for row in await database.fetch("select event_id from effects")] == [kept]


async def test_more_tasks_than_connections_take_turns(class_dsn: str) -> None:
    small = Database(class_dsn, pool_size=2)
    await small.start()
    backends = await asyncio.gather(*(small.fetchval("select pg_backend_pid() from pg_sleep(0.01)") for _ in range(20)))
    await small.stop()
    assert len(set(backends)) <= 2


async def test_a_query_that_was_given_up_does_not_spoil_the_next(class_dsn: str) -> None:
    small = Database(class_dsn, pool_size=1)
    await small.start()
    for _ in range(3):
        slow = asyncio.create_task(small.fetchval("select pg_sleep(5)"))
        waiting = asyncio.create_task(small.fetchval("select 1"))
        await asyncio.sleep(0.05)
        slow.cancel()
        assert await waiting == 1
    given_up = [asyncio.create_task(small.fetchval("select pg_sleep(0.05)")) for _ in range(5)]
    await asyncio.sleep(0.01)
    for task in given_up[1:]:
        task.cancel()
    await asyncio.gather(*given_up, return_exceptions=True)
    assert await small.fetchval("select 2") == 2
    await small.stop()


async def test_a_cut_connection_is_replaced(class_dsn: str, database: Database) -> None:
    small = Database(class_dsn, pool_size=1)
    await small.start()
    backend = await small.fetchval("select pg_backend_pid()")
    await database.fetchval("select pg_terminate_backend($1)", backend)
    await asyncio.sleep(0.1)
    assert await small.fetchval("select pg_backend_pid()") != backend
    await small.stop()


async def test_a_pool_that_is_used_up_says_so_instead_of_waiting_for_ever(
    class_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learnflow.kit.database.TAKE_WITHIN_S", 0.1)
    small = Database(class_dsn, pool_size=1)
    await small.start()
    busy = asyncio.create_task(small.fetchval("select pg_sleep(0.5)"))
    await asyncio.sleep(0.05)
    with pytest.raises(Unavailable):
        await small.fetchval("select 1")
    await busy
    await small.stop()
    with pytest.raises(Unavailable):
        await small.fetchval("select 1")


async def test_a_connection_that_nobody_waits_for_any_more_is_closed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[asyncpg.Connection[asyncpg.Record]] = []
    reached = asyncio.Event()

    async def never_ready(connection: asyncpg.Connection[asyncpg.Record]) -> None:
        opened.append(connection)
        reached.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("learnflow.kit.database.prepare_connection", never_ready)
    waiting = asyncio.create_task(database.connect())
    await reached.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert opened[0].is_closed()


async def test_the_arrays_of_our_queries_are_known_without_asking_the_catalogue(database: Database) -> None:
    asked: list[str] = []
    values = {
        "bool": True,
        "bytea": b"b",
        "int2": 1,
        "int4": 2,
        "int8": 2**40,
        "float8": 1.5,
        "date": date(2026, 2, 28),
        "timestamptz": datetime(2026, 2, 28, 9, 30, tzinfo=UTC),
        "uuid": uuid4(),
        "jsonb": {"deep": [1, None]},
        "xid8": 2**40,
    }
    assert set(values) == set(ARRAYS)
    connection = await database.connect()
    try:
        connection.add_query_logger(lambda query: asked.append(query.query))
        for name, value in values.items():
            assert await connection.fetchval(f"select $1::{name}[]", [value, None]) == [value, None]
    finally:
        await connection.close()
    assert asked == [f"select $1::{name}[]" for name in values]
