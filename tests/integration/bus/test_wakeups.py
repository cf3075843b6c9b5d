"""Wake-ups: after the commit, coalesced, and back after the connection was cut."""

from __future__ import annotations

import pytest

from learnflow.kit.database import Database
from learnflow.kit.wakeups import Wakeups
from tests.integration.bus.conformance import eventually


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
    wakeups = Wakeups(database)
    wakeups.on("answers", heard.append)
    await wakeups.start()
    await eventually(lambda: heard == [""])
    for _ in range(100):
        wakeups.notify("answers", "same")
    await eventually(lambda: "same" in heard)
    await wakeups.stop()
    assert heard.count("same") == 1


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
