"""Claimed work: outside of transactions, once, renewed, given up after five attempts."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from learnflow.kit.bus.dead_letters import dead_letters
from learnflow.kit.database import Database, Transaction, forbid_inside_transaction
from learnflow.kit.work import Finish, Run, WorkItem, WorkQueue
from tests.integration.bus.conformance import FAST_BACKOFF_S, TOPIC, eventually, ran


class Worker:
    """Does the work in `seconds` and writes an effect; fails the first `failures` times."""

    def __init__(self, seconds: float = 0, failures: int = 0) -> None:
        self.seconds, self.failures = seconds, failures
        self.items: list[WorkItem] = []
        self.finished: list[UUID] = []
        self.at_once = self.most_at_once = 0

    async def __call__(self, item: WorkItem) -> Finish:
        forbid_inside_transaction("work")
        self.items.append(item)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.at_once -= 1
        if len(self.items) <= self.failures:
            raise ConnectionError
        return self._finish(item.event.id)

    def _finish(self, event_id: UUID) -> Finish:
        async def finish(tx: Transaction) -> None:
            await tx.execute("insert into effects (event_id) values ($1)", event_id)
            tx.after_commit(lambda: self.finished.append(event_id))

        return finish


def queue_of(database: Database, run: Run, concurrency: int = 4) -> WorkQueue:
    return WorkQueue(database, "group", run, concurrency=concurrency, backoff_s=FAST_BACKOFF_S)


async def put(database: Database, queue: WorkQueue, count: int = 1) -> list[UUID]:
    events = [ran(number, uuid4()) for number in range(count)]
    async with database.transaction() as tx:
        for event in events:
            await queue.put(tx, event)
    return [event.id for event in events]


async def effects(database: Database) -> list[UUID]:
    return sorted(row["event_id"] for row in await database.fetch("select event_id from effects"))


async def test_work_is_done_once_and_its_row_is_gone(database: Database) -> None:
    worker = Worker()
    queue = queue_of(database, worker)
    await queue.start()
    ids = await put(database, queue, 10)
    await eventually(lambda: len(worker.finished) >= 10)
    await queue.stop()
    assert await effects(database) == sorted(ids)
    assert {item.attempt for item in worker.items} == {1}
    assert await database.fetchval("select count(*) from work") == 0


async def test_no_more_than_the_concurrency_runs_at_once(database: Database) -> None:
    worker = Worker(seconds=0.05)
    queue = queue_of(database, worker, concurrency=2)
    await queue.start()
    await put(database, queue, 6)
    await eventually(lambda: len(worker.finished) >= 6)
    await queue.stop()
    assert worker.most_at_once == 2


async def test_work_that_lasts_longer_than_a_lease_is_not_taken_by_another(database: Database) -> None:
    one, two = Worker(seconds=1.6), Worker(seconds=1.6)
    queues = queue_of(database, one), queue_of(database, two)
    for queue in queues:
        await queue.start()
    ids = await put(database, queues[0])
    await eventually(lambda: bool(one.finished or two.finished))
    for queue in queues:
        await queue.stop()
    assert len(one.items) + len(two.items) == 1
    assert await effects(database) == ids


async def test_the_work_of_a_dead_process_is_taken_over_when_its_lease_ends(database: Database) -> None:
    dead, alive = Worker(seconds=60), Worker()
    dying = queue_of(database, dead, concurrency=1)
    await dying.start()
    ids = await put(database, dying)
    await eventually(lambda: bool(dead.items))
    await database.execute("update work set lease_token = gen_random_uuid()")
    queue = queue_of(database, alive)
    await queue.start()
    await eventually(lambda: bool(alive.finished))
    await queue.stop()
    await dying.stop()
    assert [item.attempt for item in alive.items] == [2]
    assert await effects(database) == ids


async def test_an_answer_whose_lease_is_lost_is_thrown_away(database: Database) -> None:
    worker = Worker(seconds=0.3)
    queue = queue_of(database, worker, concurrency=1)
    await queue.start()
    await put(database, queue)
    await eventually(lambda: bool(worker.items))
    await database.execute("update work set lease_token = gen_random_uuid(), lease_until = now() + interval '1 hour'")
    await asyncio.sleep(0.5)
    await queue.stop()
    assert await effects(database) == []
    assert await database.fetchval("select count(*) from work") == 1


async def test_failing_work_is_tried_again_and_then_done(database: Database) -> None:
    worker = Worker(failures=2)
    queue = queue_of(database, worker)
    await queue.start()
    ids = await put(database, queue)
    await eventually(lambda: bool(worker.finished))
    await queue.stop()
    assert [item.attempt for item in worker.items] == [1, 2, 3]
    assert await effects(database) == ids


async def test_work_that_fails_five_times_becomes_a_dead_letter(database: Database) -> None:
    worker = Worker(failures=99)
    queue = queue_of(database, worker)
    await queue.start()
    (event_id,) = await put(database, queue)
    await eventually(lambda: len(worker.items) >= 5)
    await asyncio.sleep(0.2)
    await queue.stop()
    (letter,) = await dead_letters(database, TOPIC)
    assert (letter.event_id, letter.attempts, letter.reason) == (event_id, 5, "the work raised ConnectionError")
    assert len(worker.items) == 5
    assert await database.fetchval("select count(*) from work") == 0


async def test_stopping_gives_unfinished_work_back_without_counting_the_attempt(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learnflow.kit.work.STOP_S", 0.05)
    slow, quick = Worker(seconds=60), Worker()
    stopping = queue_of(database, slow)
    await stopping.start()
    await put(database, stopping)
    await eventually(lambda: bool(slow.items))
    await stopping.stop()
    queue = queue_of(database, quick)
    await queue.start()
    await eventually(lambda: bool(quick.finished))
    await queue.stop()
    assert [item.attempt for item in quick.items] == [1]
