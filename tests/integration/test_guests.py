"""Guests: a student for a day, an account with its work when they register, and nothing when they do not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from learnflow.contracts.sealed import SealedText
from learnflow.kit.database import Database
from learnflow.kit.sealed import KeyMissing
from tests.integration.accounts_instance import Instance, bearer, new_email, registration, running

ASK = "insert into questions (id, user_id, query, language) values ($1, $2, $3, 'en')"


@pytest.fixture
async def gateway(settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[Instance]:
    async with running(settings_for) as instance:
        yield instance


async def new_guest(gateway: Instance, **body: Any) -> dict[str, Any]:
    answer = await gateway.post("/auth/guest", {"refresh_in": "body", **body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ask(gateway: Instance, owner: Database, user_id: str) -> UUID:
    query_id, student_id = uuid4(), UUID(user_id)
    await owner.execute(ASK, query_id, student_id, await gateway.parts.vault.seal(student_id, "What is a guest?"))
    return query_id


@pytest.mark.plan("P-EP-guest")
async def test_a_guest_is_a_student_without_an_address_for_a_day(gateway: Instance) -> None:
    guest = await new_guest(gateway, timezone="Asia/Tokyo")
    me = (await gateway.get("/me", guest["access_token"])).json()
    assert me == guest["user"]
    assert (me["email"], me["name"], me["role"], me["state"]) == (None, "Guest", "student", "guest")
    left = datetime.fromisoformat(me["expires_at"]) - datetime.now(UTC)
    assert 23.9 * 3600 < left.total_seconds() <= 24 * 3600


async def test_a_guest_needs_no_body_at_all_and_gets_a_cookie(gateway: Instance) -> None:
    answer = await gateway.client.post("/api/v1/auth/guest")
    assert answer.status_code == 201
    assert "learnflow_refresh=" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"language": "klingon!"}, "language"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"name": "Bob"}, "name"),
        ({"refresh_in": "header"}, "refresh_in"),
    ],
)
async def test_a_wrong_wish_is_named(gateway: Instance, body: dict[str, Any], field: str) -> None:
    answer = await gateway.post("/auth/guest", body)
    assert answer.status_code == 422
    assert [wrong["field"] for wrong in answer.json()["fields"]] == [field]


async def test_guests_are_limited_by_address(settings_for: Callable[..., dict[str, Any]]) -> None:
    async with (
        running(settings_for, guests_per_address=2) as school,
        running(settings_for, guests_per_address=2, address="198.51.100.9") as home,
    ):
        statuses = [(await school.post("/auth/guest")).status_code for _ in range(3)]
        assert statuses == [201, 201, 429]
        assert (await home.post("/auth/guest")).status_code == 201


@pytest.mark.plan("P-EP-guest")
async def test_a_guest_who_registers_keeps_id_and_work_in_new_sessions(
    gateway: Instance, owner_database: Database
) -> None:
    guest = await new_guest(gateway)
    query_id = await ask(gateway, owner_database, guest["user"]["id"])
    email = new_email()
    answer = await gateway.post("/auth/register", registration(email=email), headers=bearer(guest["access_token"]))
    assert answer.status_code == 201, answer.text
    user = answer.json()["user"]
    assert (user["id"], user["email"], user["state"]) == (guest["user"]["id"], email, "active")
    assert user["expires_at"] is None
    assert await owner_database.fetchval("select user_id from questions where id = $1", query_id) == UUID(user["id"])
    assert (await gateway.get("/me", guest["access_token"])).status_code == 401
    old = await gateway.post("/auth/refresh", {"refresh_token": guest["refresh_token"]})
    assert old.status_code == 401
    assert (await gateway.login(email)).json()["user"]["id"] == user["id"]


async def test_a_taken_address_leaves_the_guest_a_guest(gateway: Instance) -> None:
    email = new_email()
    await gateway.register(email=email)
    guest = await new_guest(gateway)
    answer = await gateway.post("/auth/register", registration(email=email), headers=bearer(guest["access_token"]))
    assert answer.status_code == 409
    assert (await gateway.get("/me", guest["access_token"])).json()["state"] == "guest"


async def test_of_simultaneous_registrations_of_one_guest_one_wins(gateway: Instance, owner_database: Database) -> None:
    guest = await new_guest(gateway)
    tries = [gateway.post("/auth/register", registration(), headers=bearer(guest["access_token"])) for _ in range(4)]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*tries))
    assert statuses == [201, 409, 409, 409]
    assert await owner_database.fetchval("select count(*) from users") == 1


async def test_of_two_guests_with_one_address_one_wins(gateway: Instance) -> None:
    guests = [await new_guest(gateway) for _ in range(2)]
    body = registration()
    tries = [gateway.post("/auth/register", body, headers=bearer(guest["access_token"])) for guest in guests]
    assert sorted(answer.status_code for answer in await asyncio.gather(*tries)) == [201, 409]


async def test_a_token_that_is_no_guests_changes_nothing_about_its_owner(gateway: Instance) -> None:
    student = await gateway.register()
    answer = await gateway.post("/auth/register", registration(), headers=bearer(student["access_token"]))
    assert answer.status_code == 201
    assert answer.json()["user"]["id"] != student["user"]["id"]
    assert (await gateway.get("/me", student["access_token"])).json() == student["user"]


async def test_registering_with_a_dead_token_is_refused_so_that_no_work_is_lost_unseen(
    gateway: Instance, owner_database: Database
) -> None:
    answer = await gateway.post("/auth/register", registration(), headers=bearer("no.token"))
    assert answer.status_code == 401
    assert await owner_database.fetchval("select count(*) from users") == 0


async def test_a_guest_has_no_password_to_change(gateway: Instance) -> None:
    guest = await new_guest(gateway)
    body = {"current_password": "guess", "new_password": "an even longer one"}
    answer = await gateway.post("/auth/password/change", body, headers=bearer(guest["access_token"]))
    assert answer.status_code == 409


@pytest.mark.plan("P-EP-guest")
async def test_a_guest_whose_day_is_over_is_erased_with_all_work(gateway: Instance, owner_database: Database) -> None:
    guest, other = await new_guest(gateway), await new_guest(gateway)
    guest_id = UUID(guest["user"]["id"])
    await ask(gateway, owner_database, guest["user"]["id"])
    sealed = await gateway.parts.vault.seal(guest_id, "planted")
    await owner_database.execute("update users set expires_at = now() where id = $1", guest_id)
    dead = await gateway.post("/auth/refresh", {"refresh_token": guest["refresh_token"]})
    assert dead.status_code == 401
    await gateway.parts.erasure.erase_expired()
    assert await owner_database.fetchval("select count(*) from users where id = $1", guest_id) == 0
    assert await owner_database.fetchval("select count(*) from questions") == 0
    with pytest.raises(KeyMissing):
        await gateway.parts.vault.open(guest_id, SealedText(sealed))
    assert (await gateway.get("/me", guest["access_token"])).status_code == 401
    assert (await gateway.get("/me", other["access_token"])).status_code == 200


async def test_a_session_of_a_guest_ends_with_the_guest(gateway: Instance, owner_database: Database) -> None:
    guest = await new_guest(gateway)
    await gateway.post("/auth/refresh", {"refresh_token": guest["refresh_token"]})
    longest = "select bool_and(s.expires_at <= u.expires_at) from sessions s join users u on u.id = s.user_id"
    assert await owner_database.fetchval(longest) is True


async def test_who_registered_in_time_is_not_erased(gateway: Instance, owner_database: Database) -> None:
    guest = await new_guest(gateway)
    await gateway.post("/auth/register", registration(), headers=bearer(guest["access_token"]))
    assert await gateway.parts.erasure.erase(UUID(guest["user"]["id"]), only_expired=True) is False
    await gateway.parts.erasure.erase_expired()
    assert await owner_database.fetchval("select count(*) from users") == 1
