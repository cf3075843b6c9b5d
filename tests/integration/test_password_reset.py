"""A forgotten password: the same answer for every address, a link that works once, and all sessions ended."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from learnflow.contracts.errors import NotFound
from learnflow.kit.database import Database
from tests.integration.accounts_instance import Instance, Mailbox, new_email, registration, running

NEW = "an even longer password"


@pytest.fixture
async def gateway(settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[Instance]:
    async with running(settings_for) as instance:
        yield instance


@pytest.fixture
def mailbox(settings_for: Callable[..., dict[str, Any]], gateway: Instance) -> Mailbox:
    return Mailbox(settings_for, gateway)


async def finish(gateway: Instance, token: str, password: str = NEW) -> httpx.Response:
    return await gateway.post("/auth/password/reset", {"token": token, "new_password": password})


@pytest.mark.plan("P-EP-password-reset")
async def test_a_link_sets_the_password_once_and_ends_all_sessions(gateway: Instance, mailbox: Mailbox) -> None:
    email = new_email()
    registered = await gateway.register(email=email)
    assert (await gateway.post("/auth/password/reset", {"email": email.upper()})).status_code == 202
    await mailbox.mail.tick()
    assert mailbox.roles == ["service"]
    letter = mailbox.sent[0]
    assert (letter["user_id"], letter["kind"]) == (registered["user"]["id"], "account")
    token = mailbox.token()
    assert (await finish(gateway, token)).status_code == 204
    assert (await gateway.get("/me", registered["access_token"])).status_code == 401
    assert (await gateway.login(email)).status_code == 401
    assert (await gateway.login(email, NEW)).status_code == 200
    again = await finish(gateway, token, "yet another password")
    assert (again.status_code, again.json()["fields"][0]["field"]) == (422, "token")


async def test_every_address_gets_the_same_answer_and_only_a_known_one_a_letter(
    gateway: Instance, mailbox: Mailbox, owner_database: Database
) -> None:
    known, unknown = new_email(), new_email()
    await gateway.register(email=known)
    answers = [await gateway.post("/auth/password/reset", {"email": email}) for email in (known, unknown)]
    assert answers[0].status_code == answers[1].status_code == 202
    assert answers[0].content == answers[1].content
    rows = await owner_database.fetch("select kind, consent_id, attempts from account_messages")
    assert len({tuple(row) for row in rows}) == 1
    await mailbox.mail.tick()
    assert len(mailbox.sent) == 1
    assert await owner_database.fetchval("select count(*) from account_messages") == 0


async def test_asking_again_and_again_fills_no_mailbox_and_tells_nothing(gateway: Instance, mailbox: Mailbox) -> None:
    known, unknown = new_email(), new_email()
    await gateway.register(email=known)
    for email in (known, unknown):
        statuses = [(await gateway.post("/auth/password/reset", {"email": email})).status_code for _ in range(5)]
        assert statuses == [202] * 5
    await mailbox.mail.tick()
    assert len(mailbox.sent) == 3


async def test_an_address_may_not_ask_or_guess_without_end(gateway: Instance) -> None:
    statuses = [(await finish(gateway, f"a guess {number}")).status_code for number in range(61)]
    assert statuses == [422] * 60 + [429]
    assert (await gateway.post("/auth/password/reset", {"email": new_email()})).status_code == 429


async def test_a_letter_waits_while_the_notification_service_is_away(
    gateway: Instance, mailbox: Mailbox, owner_database: Database
) -> None:
    email = new_email()
    await gateway.register(email=email)
    mailbox.is_away = True
    await gateway.post("/auth/password/reset", {"email": email})
    await mailbox.mail.tick()
    assert await owner_database.fetchval("select attempts from account_messages") == 1
    mailbox.is_away = False
    await mailbox.mail.tick()
    assert mailbox.sent == []
    await owner_database.execute("update account_messages set next_at = now()")
    await mailbox.mail.tick()
    assert (await finish(gateway, mailbox.token())).status_code == 204


async def test_two_instances_send_one_letter(
    settings_for: Callable[..., dict[str, Any]], gateway: Instance, mailbox: Mailbox
) -> None:
    async with running(settings_for) as other:
        second = Mailbox(settings_for, other)
        email = new_email()
        await gateway.register(email=email)
        await gateway.post("/auth/password/reset", {"email": email})
        await asyncio.gather(mailbox.mail.tick(), second.mail.tick())
        assert len(mailbox.sent) + len(second.sent) == 1


async def test_used_expired_and_invented_links_get_one_and_the_same_answer(
    gateway: Instance, owner_database: Database
) -> None:
    email = new_email()
    await gateway.register(email=email)
    used, other, expired = [await gateway.parts.reset.link_for(email) for _ in range(3)]
    await finish(gateway, used)
    late = await gateway.parts.reset.link_for(email)
    await owner_database.execute("update reset_tokens set expires_at = now()")
    answers = [await finish(gateway, token) for token in (used, other, expired, late, "invented", "x" * 200)]
    assert {answer.status_code for answer in answers} == {422}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert (await gateway.login(email, NEW)).status_code == 200


async def test_of_simultaneous_uses_of_a_link_one_wins(gateway: Instance) -> None:
    email = new_email()
    await gateway.register(email=email)
    token = await gateway.parts.reset.link_for(email)
    answers = await asyncio.gather(*(finish(gateway, token) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [204, 422, 422]


async def test_no_table_holds_the_token(gateway: Instance, owner_database: Database) -> None:
    email = new_email()
    await gateway.register(email=email)
    token = await gateway.parts.reset.link_for(email)
    assert token not in str([dict(row) for row in await owner_database.fetch("select * from reset_tokens")])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "email"),
        ({"email": "a@b.example", "token": "x", "new_password": NEW}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b.example", "new_password": NEW}, "new_password"),
        ({"token": "x"}, "new_password"),
        ({"token": "x", "new_password": "short 7"}, "new_password"),
        ({"token": "x" * 201, "new_password": NEW}, "token"),
        ({"email": "a@b.example", "user_id": "1"}, "user_id"),
    ],
)
async def test_a_wrong_body_is_named(gateway: Instance, body: dict[str, Any], field: str) -> None:
    answer = await gateway.post("/auth/password/reset", body)
    assert answer.status_code == 422
    assert field in [wrong["field"] for wrong in answer.json()["fields"]]


async def test_the_operator_makes_a_link_for_accounts_that_there_are(gateway: Instance) -> None:
    with pytest.raises(NotFound):
        await gateway.parts.reset.link_for(new_email())


async def test_who_sets_a_password_by_link_gets_in_although_strangers_guess(
    settings_for: Callable[..., dict[str, Any]],
) -> None:
    async with running(settings_for, sign_in_failures_per_account=2) as gateway:
        email = new_email()
        await gateway.post("/auth/register", registration(email=email))
        gateway.client.cookies.clear()
        for _ in range(3):
            await gateway.login(email, "a guess")
        assert (await gateway.login(email)).status_code == 429
        assert (await finish(gateway, await gateway.parts.reset.link_for(email))).status_code == 204
        mark = dict(gateway.client.cookies)
        gateway.client.cookies.clear()
        for _ in range(3):
            await gateway.login(email, "a guess")
        gateway.client.cookies.update(mark)
        assert (await gateway.login(email, NEW)).status_code == 200
