"""Behind a transaction pooler, as on Neon: statements through it, wake-ups and locks past it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import asyncpg
import pytest

from learnflow.kit.bus.base import Bus
from learnflow.kit.bus.log import LogBus
from learnflow.kit.database import Database
from learnflow.kit.migrate import upgrade
from learnflow.kit.wakeups import Wakeups
from tests.conftest import Server
from tests.integration.bus.conformance import FAST_BACKOFF_S, BusCases, MakeBus
from tests.integration.pgbouncer import PROGRAM, pgbouncer

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no pgbouncer here: apt install pgbouncer")


@pytest.fixture(scope="module")
def both_dsns(postgres_server: Server) -> Iterator[tuple[str, str]]:
    """The owner's DSN of a migrated database: through the pooler, and past it."""
    name = f"pooled_{uuid4().hex[:12]}"

    async def create() -> str:
        return await postgres_server.create_database(name, await postgres_server.migrated_template())

    direct = asyncio.run(create())
    with pgbouncer(direct) as pooled:
        yield pooled, direct
    asyncio.run(postgres_server.drop_database(name))


@pytest.fixture
async def database(both_dsns: tuple[str, str]) -> AsyncIterator[Database]:
    pooled, direct = both_dsns
    database = Database(pooled, direct_dsn=direct)
    await database.start()
    await database.execute("truncate bus_log, bus_cursor, bus_attempts, inbox, work")
    await database.execute("drop table if exists effects")
    await database.execute("create table effects (event_id uuid not null, at timestamptz default now())")
    yield database
    await database.stop()


@pytest.mark.plan("P-DEPLOY-pooler")
class TestLogBusBehindAPooler(BusCases):
    """The common cases of the bus, with the pooler in between."""

    @pytest.fixture
    def make_bus(self) -> MakeBus:
        def make(database: Database) -> Bus:
            return LogBus(database, backoff_s=FAST_BACKOFF_S)

        return make


async def test_a_hundred_queries_share_four_connections_of_the_server(database: Database) -> None:
    query = "select $1::int + 1"
    assert await asyncio.gather(*(database.fetchval(query, number) for number in range(100))) == list(range(1, 101))


async def test_a_transaction_keeps_what_it_set_and_leaves_nothing_behind(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute("set local lock_timeout = '7s'")
        assert await tx.fetchval("show lock_timeout") == "7s"
    assert await database.fetchval("show lock_timeout") == "0"


async def test_a_statement_kept_from_one_transaction_to_the_next_breaks_behind_a_pooler(
    both_dsns: tuple[str, str],
) -> None:
    # the reason for statement_cache_size=0: with asyncpg's own cache the same pooler fails
    connections = [await asyncpg.connect(both_dsns[0]) for _ in range(8)]
    with pytest.raises((asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)):
        for _ in range(5):
            await asyncio.gather(*(connection.fetchval("select $1::int", 1) for connection in connections))
    for connection in connections:
        connection.terminate()


async def test_wake_ups_go_past_the_pooler(database: Database) -> None:
    heard = asyncio.Event()
    listening, telling = Wakeups(database), Wakeups(database)
    listening.on("pooled", lambda payload: heard.set() if payload == "now" else None)
    for wakeups in (listening, telling):
        await wakeups.start()
    try:
        async with asyncio.timeout(10):
            while not heard.is_set():
                telling.notify("pooled", "now")
                await asyncio.sleep(0.05)
    finally:
        for wakeups in (listening, telling):
            await wakeups.stop()


async def test_migrations_take_their_lock_past_the_pooler(both_dsns: tuple[str, str]) -> None:
    assert await upgrade(both_dsns[1], role_secret="the-role-secret-of-the-tests") == []
