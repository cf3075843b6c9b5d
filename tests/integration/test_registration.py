"""Invitations of teachers, and how many registrations an address may have."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from learnflow.kit.database import Database
from tests.integration.accounts_instance import Instance, bearer, registration, running


@pytest.fixture
async def gateway(settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[Instance]:
    async with running(settings_for) as instance:
        yield instance


@pytest.mark.plan("P-RULE-invitations")
async def test_an_invitation_makes_one_teacher(gateway: Instance) -> None:
    code = await gateway.parts.registration.invite_teacher()
    teacher = await gateway.register(invitation_code=code)
    assert teacher["user"]["role"] == "teacher"
    principal = await gateway.parts.verifier.verify(teacher["access_token"])
    assert principal.role == "teacher"
    again = await gateway.post("/auth/register", registration(invitation_code=code))
    assert again.status_code == 422
    assert again.json()["fields"][0]["field"] == "invitation_code"


async def test_a_code_is_good_however_it_is_typed(gateway: Instance) -> None:
    code = await gateway.parts.registration.invite_teacher()
    typed = f" {code.lower().replace('-', ' ')} "
    assert (await gateway.register(invitation_code=typed))["user"]["role"] == "teacher"


async def test_the_database_does_not_hold_the_code(gateway: Instance, owner_database: Database) -> None:
    code = await gateway.parts.registration.invite_teacher()
    row = str(dict((await owner_database.fetch("select * from invitations"))[0]))
    assert code not in row
    assert code.replace("-", "") not in row


async def test_wrong_expired_and_used_codes_get_one_and_the_same_answer(
    gateway: Instance, owner_database: Database
) -> None:
    used = await gateway.parts.registration.invite_teacher()
    await gateway.register(invitation_code=used)
    expired = await gateway.parts.registration.invite_teacher(timedelta(days=1))
    await owner_database.execute("update invitations set expires_at = now() where used_at is null")
    answers = [
        await gateway.post("/auth/register", registration(invitation_code=code))
        for code in (used, expired, "ABCDE-FGHJK-MNPQR-STUVW", "x", "-", "'; drop table users; --")
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert await owner_database.fetchval("select count(*) from users") == 1


async def test_of_simultaneous_uses_of_a_code_one_wins(gateway: Instance, owner_database: Database) -> None:
    code = await gateway.parts.registration.invite_teacher()
    tries = [gateway.post("/auth/register", registration(invitation_code=code)) for _ in range(4)]
    assert sorted(answer.status_code for answer in await asyncio.gather(*tries)) == [201, 422, 422, 422]
    assert await owner_database.fetchval("select count(*) from users") == 1
    assert await owner_database.fetchval("select count(*) from keys.student_keys") == 1


async def test_a_taken_address_leaves_the_invitation_unused(gateway: Instance) -> None:
    code = await gateway.parts.registration.invite_teacher()
    taken = registration()
    await gateway.register(**taken)
    refused = await gateway.post("/auth/register", {**taken, "invitation_code": code})
    assert refused.status_code == 409
    assert (await gateway.register(invitation_code=code))["user"]["role"] == "teacher"


async def test_a_guest_does_not_become_a_teacher(gateway: Instance) -> None:
    code = await gateway.parts.registration.invite_teacher()
    guest = (await gateway.post("/auth/guest", {"refresh_in": "body"})).json()
    answer = await gateway.post(
        "/auth/register", registration(invitation_code=code), headers=bearer(guest["access_token"])
    )
    assert answer.status_code == 422
    assert (await gateway.get("/me", guest["access_token"])).json()["role"] == "student"


@pytest.mark.plan("P-RULE-limits")
async def test_registrations_are_limited_by_address(settings_for: Callable[..., dict[str, Any]]) -> None:
    async with (
        running(settings_for, registrations_per_address=2) as school,
        running(settings_for, registrations_per_address=2, address="198.51.100.9") as home,
    ):
        wrong = registration(invitation_code="a guess")
        statuses = [(await school.post("/auth/register", body)).status_code for body in (wrong, registration(), wrong)]
        assert statuses == [422, 201, 429]
        assert (await home.post("/auth/register", registration())).status_code == 201
