"""Password hashing: argon2id, two at a time, the same work for nobody."""

import asyncio
import threading
import time

import pytest

from learnflow.contracts.errors import Unavailable
from learnflow.kit import passwords as module
from learnflow.kit.passwords import AT_ONCE, PasswordCost, Passwords

CHEAP = PasswordCost(memory_kib=8, passes=1)


async def check(passwords: Passwords, password_hash: str | None, password: str) -> bool:
    async with passwords.turn() as turn:
        return await turn.verify(password_hash, password)


async def test_only_the_password_itself_verifies() -> None:
    passwords = Passwords(CHEAP)
    password_hash = await passwords.hash("correct horse")
    assert password_hash.startswith("$argon2id$")
    assert await check(passwords, password_hash, "correct horse")
    assert not await check(passwords, password_hash, "Correct horse")


async def test_two_hashes_of_one_password_differ() -> None:
    passwords = Passwords(CHEAP)
    assert await passwords.hash("correct horse") != await passwords.hash("correct horse")


async def test_an_accent_may_be_composed_either_way() -> None:
    passwords = Passwords(CHEAP)
    assert await check(passwords, await passwords.hash("caf\u00e9 noir"), "cafe\u0301 noir")


async def test_nobodys_password_is_never_right() -> None:
    assert not await check(Passwords(CHEAP), None, "correct horse")


async def test_a_broken_hash_verifies_nothing() -> None:
    assert not await check(Passwords(CHEAP), "$argon2id$nonsense", "correct horse")


async def test_a_hash_made_at_another_cost_is_outdated() -> None:
    cheap, dear = Passwords(CHEAP), Passwords(PasswordCost(memory_kib=16, passes=2))
    password_hash = await cheap.hash("correct horse")
    assert dear.is_outdated(password_hash)
    assert not cheap.is_outdated(password_hash)


@pytest.mark.plan("P-RULE-passwords")
async def test_at_most_two_are_hashed_at_once() -> None:
    passwords = Passwords(CHEAP)
    inside, most = 0, 0

    async def one() -> None:
        nonlocal inside, most
        async with passwords.turn() as turn:
            inside += 1
            most = max(most, inside)
            await turn.hash("correct horse")
            inside -= 1

    await asyncio.gather(*(one() for _ in range(10)))
    assert most == AT_ONCE


async def test_hashing_happens_outside_the_event_loop() -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0.001)

    heart = asyncio.create_task(beat())
    await Passwords(PasswordCost(memory_kib=8192, passes=4)).hash("correct horse")
    heart.cancel()
    assert beats > 3
    assert threading.current_thread() is threading.main_thread()


async def test_who_finds_too_many_waiting_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 1)
    passwords = Passwords(CHEAP)
    async with passwords.turn(), passwords.turn():
        waiting = asyncio.create_task(passwords.hash("one that waits"))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await passwords.hash("one too many")
    await waiting


async def test_an_unknown_account_takes_as_long_as_a_wrong_password() -> None:
    passwords = Passwords(PasswordCost(memory_kib=4096, passes=3))
    password_hash = await passwords.hash("correct horse")
    known, unknown = [], []
    for _ in range(5):
        started = time.perf_counter()
        await check(passwords, password_hash, "wrong")
        known.append(time.perf_counter() - started)
        started = time.perf_counter()
        await check(passwords, None, "wrong")
        unknown.append(time.perf_counter() - started)
    # the best of five on a shared machine: skipping the hash would be a hundredth, not a half
    assert min(known) / 3 < min(unknown) < min(known) * 3
