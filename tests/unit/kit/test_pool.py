"""The pool opens a connection when one is needed for longer than a moment, and not before."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from learnflow.kit.pool import PATIENCE_S, Kept, Pool

if TYPE_CHECKING:
    from learnflow.kit.pool import Connection


class FakeConnection:
    def __init__(self) -> None:
        self.closed = False

    def is_closed(self) -> bool:
        return self.closed

    def is_in_transaction(self) -> bool:
        return False

    def terminate(self) -> None:
        self.closed = True

    async def close(self, timeout: float) -> None:
        self.closed = True


class Opened:
    """A pool's `connect`, which counts."""

    def __init__(self) -> None:
        self.all: list[FakeConnection] = []

    async def __call__(self) -> Connection:
        self.all.append(FakeConnection())
        return cast("Connection", self.all[-1])


async def use(pool: Pool, seconds: float) -> None:
    connection = await pool.take(1)
    await asyncio.sleep(seconds)
    pool.give_back(connection)


async def test_short_uses_at_the_same_time_share_one_connection() -> None:
    opened = Opened()
    pool = Pool(opened, 6)
    await use(pool, 0)
    await asyncio.gather(*(use(pool, 0) for _ in range(5)))
    assert len(opened.all) == 1


async def test_a_use_that_lasts_does_not_keep_the_others_waiting() -> None:
    opened = Opened()
    pool = Pool(opened, 6)
    lasting = asyncio.create_task(use(pool, 10 * PATIENCE_S))
    await asyncio.sleep(0)
    await use(pool, 0)
    assert not lasting.done()
    assert len(opened.all) == 2
    await lasting


async def test_a_connection_that_comes_back_closed_is_replaced() -> None:
    opened = Opened()
    pool = Pool(opened, 6)
    broken = await pool.take(1)
    waiting = asyncio.create_task(pool.take(1))
    await asyncio.sleep(0)
    broken.terminate()
    pool.give_back(broken)
    assert not (await waiting).is_closed()
    assert len(opened.all) == 2


async def test_never_more_than_the_size_are_open_and_every_caller_gets_its_turn() -> None:
    opened = Opened()
    pool = Pool(opened, 2)
    await asyncio.gather(*(use(pool, 2 * PATIENCE_S) for _ in range(6)))
    assert len(opened.all) == 2


async def test_what_is_idle_for_long_is_closed_though_nobody_uses_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learnflow.kit.pool.IDLE_S", 0.02)
    opened = Opened()
    pool = Pool(opened, 6)
    await use(pool, 0)
    await asyncio.sleep(0.1)
    assert opened.all[0].closed


async def test_what_is_used_again_and_again_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learnflow.kit.pool.IDLE_S", 0.1)
    opened = Opened()
    pool = Pool(opened, 6)
    for _ in range(10):
        await use(pool, 0)
        await asyncio.sleep(0.02)
    assert len(opened.all) == 1
    assert not opened.all[0].closed


async def test_a_pool_rests_when_nothing_was_lent_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learnflow.kit.pool.REST_S", 0.02)
    pool = Pool(Opened(), 6)
    assert pool.is_resting()
    connection = await pool.take(1)
    await asyncio.sleep(0.05)
    assert not pool.is_resting()
    pool.give_back(connection)
    assert not pool.is_resting()
    await asyncio.sleep(0.05)
    assert pool.is_resting()


async def test_a_kept_connection_is_lent_to_one_at_a_time() -> None:
    kept = Kept(await Opened()())
    connection = await kept.take(1)
    assert not kept.is_free()
    with pytest.raises(TimeoutError):
        await kept.take(0.01)
    kept.give_back(connection)
    assert kept.is_free()
    assert await kept.take(1) is connection


async def test_a_kept_connection_that_was_lost_is_lent_to_nobody() -> None:
    kept = Kept(await Opened()())
    kept.connection.terminate()
    for _ in range(2):
        with pytest.raises(ConnectionError):
            await kept.take(1)
