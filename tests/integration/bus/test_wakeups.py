"""Wake-ups: after the commit, coalesced, and back after the connection was cut."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from learnflow.kit.database import Database
from learnflow.kit.wakeups import Wakeups
from tests.integration.bus.conformance import eventually

OWN_SESSIONS = "select count(*) from pg_stat_activity where application_name = 'rested'"


@pytest.fixture
async def rested(database: Database) -> AsyncIterator[Database]:
    """A Database that has opened nothing yet."""
    rested = Database(f"{database.dsn}{'&' if '?' in database.dsn else '?'}application_name=rested")
    await rested.start()
    yield rested
    await rested.stop()


async def test_a_wake_up_comes_after_the_commit_and_never_after_a_rollback(database: Database) -> None:
    heard: list[str] = []
    wakeups = Wakeups(database)
    wakeups.on("answers", heard.append)
    await wakeups.start()
    await eventually(lambda: heard == [""])
    with pytest.raises(LookupError):
        await _notify_and_fail(wakeups, database)
    async with database.transaction() as tx:
        wakeups.notify_after_commit(tx, "answers", "two")
        assert heard == [""]
    await eventually(lambda: heard == ["", "two"])
    await wakeups.stop()


async def _notify_and_fail(wakeups: Wakeups, database: Database) -> None:
    async with database.transaction() as tx:
        wakeups.notify_after_commit(tx, "answers", "one")
        raise LookupError


@pytest.mark.parametrize(("is_alone", "told"), [(True, 0), (False, 1)])
async def test_peers_are_woken_at_once_here_and_by_notify_where_there_are_others(
    database: Database, is_alone: bool, told: int
) -> None:
    here, elsewhere = Wakeups(database, is_alone=is_alone), Wakeups(database)
    heard: list[str] = []
    heard_elsewhere: list[str] = []
    here.on("answers", heard.append)
    elsewhere.on("answers", heard_elsewhere.append)
    for wakeups in (here, elsewhere):
        await wakeups.start()
    await eventually(lambda: heard == heard_elsewhere == [""])
    async with database.transaction() as tx:
        here.wake_peers_after_commit(tx, "answers", "two")
        assert heard == [""]
    assert heard[1:] == ["two"]
    here.notify("answers", "last")
    await eventually(lambda: heard_elsewhere[-1] == "last")
    assert heard_elsewhere.count("two") == told
    for wakeups in (here, elsewhere):
        await wakeups.stop()


async def test_equal_wake_ups_of_a_moment_become_one(database: Database) -> None:
    heard: list[str] = []
    here, elsewhere = Wakeups(database), Wakeups(database)
    elsewhere.on("answers", heard.append)
    for wakeups in (here, elsewhere):
        await wakeups.start()
    await eventually(lambda: heard == [""])
    for _ in range(100):
        here.notify("answers", "same")
    await eventually(lambda: "same" in heard)
    for wakeups in (here, elsewhere):
        await wakeups.stop()
    assert heard.count("same") == 1


async def test_who_notifies_is_called_back_at_once_and_not_again_by_the_server(database: Database) -> None:
    heard: list[str] = []
    wakeups = Wakeups(database)
    wakeups.on("answers", heard.append)
    await wakeups.start()
    await eventually(lambda: heard == [""])
    wakeups.notify("answers", "mine")
    assert heard == ["", "mine"]
    await database.execute("select pg_notify('answers', 'of another')")
    await eventually(lambda: heard[-1] == "of another")
    await wakeups.stop()
    assert heard == ["", "mine", "of another"]


async def test_a_cut_connection_comes_back_and_says_so(database: Database) -> None:
    heard: list[str] = []
    wakeups = Wakeups(database)
    wakeups.on("answers", heard.append)
    await wakeups.start()
    await eventually(lambda: heard == [""])
    await database.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where pid <> pg_backend_pid() and datname = current_database()"
    )
    await eventually(lambda: heard == ["", ""])
    wakeups.notify("answers", "again")
    await eventually(lambda: heard[-1] == "again")
    assert await wakeups.reason_not_ready() is None
    await wakeups.stop()
    assert await wakeups.reason_not_ready() is not None


async def test_a_callback_that_fails_does_not_stop_the_others(database: Database) -> None:
    heard: list[str] = []

    def fail(_payload: str) -> None:
        raise ValueError

    wakeups = Wakeups(database)
    wakeups.on("answers", fail)
    wakeups.on("answers", heard.append)
    await wakeups.start()
    await eventually(lambda: heard == [""])
    wakeups.off("answers", heard.append)
    await wakeups.stop()


async def test_polls_and_the_first_question_after_a_rest_open_no_second_connection(rested: Database) -> None:
    wakeups = Wakeups(rested)
    await wakeups.start()
    await eventually(lambda: rested.listening is not None)
    [polled] = await rested.poll(OWN_SESSIONS)
    assert polled[0] == 1
    assert await rested.fetchval(OWN_SESSIONS) == 1
    await wakeups.stop()
    assert rested.listening is None


async def test_a_question_beside_a_poll_does_not_wait_for_it(rested: Database) -> None:
    wakeups = Wakeups(rested)
    await wakeups.start()
    await eventually(lambda: rested.listening is not None)
    async with rested.direct(is_poll=True) as polling:
        assert polling is not None
        assert await rested.fetchval(OWN_SESSIONS) == 2
    await wakeups.stop()


async def test_a_wake_up_is_heard_though_the_connection_was_lent_meanwhile(rested: Database) -> None:
    heard: list[str] = []
    wakeups = Wakeups(rested)
    wakeups.on("answers", heard.append)
    await wakeups.start()
    await eventually(lambda: rested.listening is not None)
    async with rested.direct(is_poll=True) as polling, polling.transaction():
        await rested.execute("select pg_notify('answers', 'meanwhile')")
        await polling.fetchval("select 1")
    await eventually(lambda: heard == ["", "meanwhile"])
    await wakeups.stop()


async def test_while_the_listening_connection_is_lost_polls_go_over_another(rested: Database) -> None:
    wakeups = Wakeups(rested)
    await wakeups.start()
    await eventually(lambda: rested.listening is not None)
    assert rested.listening is not None
    rested.listening.connection.terminate()
    [polled] = await rested.poll("select 7")
    assert polled[0] == 7
    await wakeups.stop()
