"""How zygotes relieve each other: judged before they serve, and never to the loss of what is known to be good."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator

import pytest

from learnflow.contracts.errors import Unavailable
from learnflow.services.code_execution import canary, zygotes
from learnflow.services.code_execution.isolation import Isolation
from learnflow.services.code_execution.outcome import Program
from learnflow.services.code_execution.sandbox import Sandbox
from learnflow.services.code_execution.settings import Settings
from learnflow.services.code_execution.zygote import Failed, Zygote
from learnflow.services.code_execution.zygotes import Stop, Zygotes
from tests.integration.test_sandbox_engine import engine, family_of, until

HELLO = Program("print(42)")
TOO_BUSY = Isolation(0, reason="the canary did not come back in time", is_known=False)
BROKEN = Isolation(0, {"seccomp": "failed(it let a socket through)"}, "seccomp is broken")


def judged(seen: Isolation) -> Callable[[Zygote], object]:
    async def judge(_: Zygote) -> Isolation:
        return seen

    return judge


def wear(running: Zygotes, monkeypatch: pytest.MonkeyPatch) -> Zygote:
    """Its zygote is due to be relieved with the next run."""
    before = running.serving[0]
    monkeypatch.setattr(zygotes, "MOST_RUNS", before.runs + 1)
    return before


async def test_a_canary_that_ran_out_of_time_relieves_nobody_and_the_reason_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with engine() as running:
        good = running.isolation
        monkeypatch.setattr(zygotes, "judge_zygote", judged(TOO_BUSY))
        before = wear(running, monkeypatch)
        await running.run(HELLO)
        await until(lambda: running.isolation.reason != good.reason)

        assert running.serving == [before]
        assert (running.isolation.level, running.isolation.layers) == (good.level, good.layers)
        assert running.isolation.reason == "not renewed: the canary did not come back in time"
        assert (await running.run(HELLO)).stdout == "42\n"


async def test_a_zygote_that_does_not_come_up_relieves_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    async with engine() as running:
        good = running.isolation

        async def fail(_: Zygote) -> None:
            raise Failed("namespaces", "unshare: no more of them")

        monkeypatch.setattr(Zygote, "start", fail)
        before = wear(running, monkeypatch)
        await running.run(HELLO)
        await until(lambda: running.isolation.reason != good.reason)

        assert (running.serving, running.isolation.level) == ([before], good.level)
        assert "unshare: no more of them" in str(running.isolation.reason)


async def test_what_a_canary_did_see_is_the_level_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async with engine() as running:
        good = running.isolation
        monkeypatch.setattr(zygotes, "judge_zygote", judged(BROKEN))
        before = wear(running, monkeypatch)
        outcome = await running.run(HELLO)
        await until(lambda: before not in running.serving)

        assert outcome.isolation is not None
        assert outcome.isolation.level == good.level  # it ran in the zygote that was good
        assert running.isolation == BROKEN


async def test_with_nothing_to_run_it_in_the_reason_is_said_until_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox, freed = Sandbox(Settings(parked_runs=0)), []
    await sandbox.start()
    try:
        running = sandbox.zygotes()
        good = sandbox.isolation.level
        with monkeypatch.context() as broken:
            broken.setattr(zygotes, "judge_zygote", judged(TOO_BUSY))
            for pid in family_of(running)[:1] * running._count:
                os.kill(pid, signal.SIGKILL)
            await until(lambda: sandbox.isolation.level == 0)
            assert "did not come back in time" in str(await sandbox.reason_not_ready())
            with pytest.raises(Unavailable, match="did not come back in time"):
                await sandbox.run(HELLO, Stop(), lambda: freed.append(1))
        await until(lambda: sandbox.isolation.level == good)
        assert (await sandbox.run(HELLO, Stop(), lambda: freed.append(1))).stdout == "42\n"
        await until(lambda: len(freed) == 2)  # a refused run gives its place back too
    finally:
        await sandbox.stop()


async def test_the_run_after_a_killed_zygote_waits_for_the_next_one() -> None:
    async with engine() as running:
        before = running.serving[0]
        os.kill(family_of(running)[0], signal.SIGKILL)
        await until(lambda: not before.is_up)
        answers = await asyncio.gather(*(running.run(HELLO) for _ in range(5)))
        assert [answer.stdout for answer in answers] == ["42\n"] * 5
        assert len(running.serving) == 1


async def test_a_zygote_whose_parked_child_ended_is_odd_and_is_relieved() -> None:
    async with engine(2) as running:
        if not running.way.plan.namespaces:
            pytest.skip("without namespaces nothing is parked, and the level says so")
        before = running.serving[0]
        await until(lambda: len(family_of(running)) == 5)
        os.kill(family_of(running)[-1], signal.SIGKILL)
        await until(lambda: before not in running.serving)
        assert before.is_odd
        assert (await running.run(HELLO)).stdout == "42\n"


def taking_turns(*seen: Isolation) -> tuple[list[bool], Callable[..., object]]:
    """A canary that comes back with these, one after the other; and by which way it was sent each time."""
    ways: list[bool] = []
    left: Iterator[Isolation] = iter(seen)

    async def judge_once(_: Zygote, timeout_s: float, *, parked: bool) -> Isolation:
        ways.append(parked)
        return next(left)

    return ways, judge_once


async def test_the_canary_goes_by_a_parked_child_too_and_the_lesser_level_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with engine(1) as running:
        if not running.way.plan.namespaces:
            pytest.skip("without namespaces nothing is parked, and the level says so")
        ways, judge_once = taking_turns(Isolation(3), Isolation(1, reason="landlock is failed"))
        monkeypatch.setattr(canary, "_judge_once", judge_once)

        assert (await canary.judge_zygote(running.serving[0])).reason == "landlock is failed"
        assert ways == [False, True]


async def test_a_canary_that_is_late_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with engine() as running:
        ways, judge_once = taking_turns(TOO_BUSY, TOO_BUSY, Isolation(2))
        monkeypatch.setattr(canary, "_judge_once", judge_once)

        assert (await canary.judge_zygote(running.serving[0])).level == 2
        assert len(ways) == 3
