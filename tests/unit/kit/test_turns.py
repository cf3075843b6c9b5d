"""Turns: one person's many never stand in front of another's one."""

import asyncio
from uuid import uuid4

import pytest

from learnflow.contracts.errors import TooMany, Unavailable
from learnflow.kit.turns import Turns

ONE, OTHER = uuid4(), uuid4()


async def test_a_person_has_one_turn_at_a_time_and_another_does_not_wait_for_the_rest() -> None:
    turns, order, done = Turns(at_once=2, most=5), [], asyncio.Event()

    async def work(name: str, person_id: object) -> None:
        async with turns.of(person_id):  # type: ignore[arg-type]
            order.append(name)
            await done.wait()

    async with asyncio.TaskGroup() as group:
        for n in range(4):
            group.create_task(work(f"one {n}", ONE))
        group.create_task(work("other", OTHER))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert order == ["one 0", "other"]
        done.set()
    assert order == ["one 0", "other", "one 1", "one 2", "one 3"]


async def test_more_of_one_person_than_may_wait_are_refused() -> None:
    turns = Turns(at_once=2, most=1)
    async with turns.of(ONE):
        with pytest.raises(TooMany, match="1 of yours"):
            async with turns.of(ONE):
                pytest.fail("a second one was let in")
        async with turns.of(OTHER):
            pass
    async with turns.of(ONE):
        pass


async def test_who_waits_too_long_is_told_and_holds_nothing() -> None:
    turns = Turns(at_once=1, most=5)
    async with turns.of(ONE):
        with pytest.raises(Unavailable):
            async with turns.of(OTHER, wait_s=0.01):
                pytest.fail("it was not free")
    async with turns.of(OTHER, wait_s=0.01):
        pass


async def test_a_failure_gives_the_turn_back() -> None:
    turns = Turns(at_once=1, most=1)
    with pytest.raises(ValueError, match="broken"):
        async with turns.of(ONE):
            raise ValueError("broken")
    async with turns.of(OTHER, wait_s=0.01):
        pass
