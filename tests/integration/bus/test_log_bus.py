"""The log driver: the common cases, replicas, and PostgreSQL dying under it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from learnflow.contracts.errors import Unavailable
from learnflow.contracts.events import CodeExecuted
from learnflow.kit.bus import retention
from learnflow.kit.bus.base import Bus, Event
from learnflow.kit.bus.log import LogBus
from learnflow.kit.bus.retention import trim
from learnflow.kit.bus.watch import OldestTransaction
from learnflow.kit.database import Database
from learnflow.kit.migrate import upgrade
from learnflow.runtime.embedded import EmbeddedPostgres
from tests.integration.bus.conformance import FAST_BACKOFF_S, TOPIC, BusCases, MakeBus, Seen, eventually, ran


class TestLogBus(BusCases):
    """The common cases."""

    @pytest.fixture
    def make_bus(self) -> MakeBus:
        def make(database: Database) -> Bus:
            return LogBus(database, backoff_s=FAST_BACKOFF_S)

        return make


class TestLogBusAlone(BusCases):
    """The same for a service of one process, which looks before it locks; a second one is waste, and nothing worse."""

    @pytest.fixture
    def make_bus(self) -> MakeBus:
        def make(database: Database) -> Bus:
            return LogBus(database, backoff_s=FAST_BACKOFF_S, is_alone=True)

        return make

    async def test_two_readers_of_one_group_share_the_work(self, make_bus: MakeBus, database: Database) -> None:
        one, two = Seen(lambda _event: asyncio.sleep(0.005)), Seen(lambda _event: asyncio.sleep(0.005))
        students = [uuid4() for _ in range(40)]
        async with (
            self.running(make_bus, database, {CodeExecuted: one}) as bus,
            self.running(make_bus, database, {CodeExecuted: two}),
        ):
            for number in range(5):
                await self.publish(bus, database, *(ran(number, student) for student in students))
            for _ in range(2000):
                if (await self.effects(database)).total() >= 200:
                    break
                await asyncio.sleep(0.01)
        assert set((await self.effects(database)).values()) == {1}
        assert len(await self.effects(database)) == 200


async def test_a_reader_that_was_not_alone_after_all_undoes_what_it_did(database: Database) -> None:
    async def overtaken(_event: Event) -> None:
        other = await asyncpg.connect(database.dsn)
        await other.execute(
            "update bus_cursor set xid = l.xid, seq = l.seq from bus_log l where l.part = bus_cursor.part"
        )
        await other.close()

    bus, seen = LogBus(database, is_alone=True), Seen(overtaken)
    bus.subscribe(TOPIC, "group", {CodeExecuted: seen})
    await bus.start()
    async with database.transaction() as tx:
        await bus.publish(tx, [ran(1, uuid4())])
    await eventually(lambda: bool(seen.events))
    await bus.stop()
    assert len(seen.events) == 1
    assert await database.fetchval("select count(*) from effects") == 0
    assert await database.fetchval("select count(*) from inbox") == 0


@pytest.fixture
def mortal_postgres() -> Iterator[EmbeddedPostgres]:
    """A server of this test's own, since it is killed."""
    folder = Path(tempfile.mkdtemp(prefix="learnflow-bus-"))
    folder.chmod(0o711)
    postgres = EmbeddedPostgres(folder / "postgres", log_file=folder / "postgresql.log")
    postgres.start()
    yield postgres
    postgres.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("is_alone", [False, True], ids=["shared", "alone"])
async def test_a_killed_postgresql_loses_and_doubles_nothing(mortal_postgres: EmbeddedPostgres, is_alone: bool) -> None:
    dsn = mortal_postgres.dsn()
    await upgrade(dsn, role_secret="of the tests")
    database, student, seen, acknowledged = Database(dsn), uuid4(), Seen(), list[UUID]()
    await database.start()
    await database.execute("create table effects (event_id uuid not null)")
    bus = LogBus(database, is_alone=is_alone)
    bus.subscribe(TOPIC, "group", {CodeExecuted: seen})
    await bus.start()
    writing = asyncio.create_task(_write(bus, database, student, acknowledged))
    await eventually(lambda: len(acknowledged) > 20)
    assert mortal_postgres.pid is not None
    os.kill(mortal_postgres.pid, signal.SIGKILL)
    await eventually(lambda: mortal_postgres.poll() is not None)
    before = len(acknowledged)
    await asyncio.to_thread(mortal_postgres.start)
    await eventually(lambda: len(acknowledged) > before + 20)
    await writing
    await eventually(lambda: set(acknowledged) <= set(seen.ids))
    await bus.stop()
    effects = Counter(row["event_id"] for row in await database.fetch("select event_id from effects"))
    await database.stop()
    assert set(acknowledged) <= set(effects)
    assert set(effects.values()) == {1}


async def _write(bus: LogBus, database: Database, student: UUID, acknowledged: list[UUID]) -> None:
    for number in range(200):
        event = ran(number, student)
        try:
            async with database.transaction() as tx:
                await bus.publish(tx, [event])
        except Unavailable:
            await asyncio.sleep(0.05)
        else:
            acknowledged.append(event.id)
            await asyncio.sleep(0.005)


async def test_trimming_takes_what_all_groups_have_read_and_keeps_what_one_has_not(database: Database) -> None:
    bus, seen = LogBus(database), Seen()
    bus.subscribe(TOPIC, "group", {CodeExecuted: seen})
    await bus.start()
    async with database.transaction() as tx:
        await bus.publish(tx, [ran(1, uuid4())])
    await eventually(lambda: bool(seen.events))
    await bus.stop()
    async with database.transaction() as tx:
        await bus.publish(tx, [ran(2, uuid4())])
    assert await trim(database) == 0
    assert await trim(database, read_kept_for=timedelta(0)) == 1
    assert await database.fetchval("select count(*) from bus_log") == 1


async def test_trimming_goes_on_until_nothing_is_left_and_has_the_rights_it_needs(
    database_for: Callable[[str], Awaitable[Database]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    progress = await database_for("progress")
    bus = LogBus(progress)
    async with progress.transaction() as tx:
        await bus.publish(tx, [ran(number, uuid4()) for number in range(5)])
    monkeypatch.setattr(retention, "TOPICS", {TOPIC.name: replace(TOPIC, kept_for=timedelta(0))})
    await retention.Trimming(progress).tick()
    assert await progress.fetchval("select count(*) from bus_log") == 0


async def test_a_group_that_stands_still_does_not_hold_the_log_for_ever(database: Database) -> None:
    bus = LogBus(database)
    async with database.transaction() as tx:
        await bus.publish(tx, [ran(1, uuid4())])
        await tx.execute("insert into bus_cursor (grp, topic, part) select 'dead', topic, part from bus_log")
        await tx.execute("update bus_log set ts = now() - interval '31 days'")
    assert await trim(database) == 1


async def test_the_age_of_the_oldest_open_transaction_is_seen(database: Database) -> None:
    watch = OldestTransaction(database)
    async with database.transaction() as tx:
        await tx.fetchval("select pg_current_xact_id()")
        await asyncio.create_task(_burn_a_number(database.dsn))
        await watch.sample()
        await asyncio.sleep(0.05)
        assert await watch.sample() >= 0.05
    await watch.sample()
    assert await watch.sample() < 0.05


async def _burn_a_number(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("select pg_current_xact_id()")
    await connection.close()
