"""Children under 13: nothing before a guardian has agreed twice, and everything erased when they do not."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from learnflow.contracts.errors import NotFound
from learnflow.kit.database import Database
from tests.integration.accounts_instance import (
    PASSWORD,
    Instance,
    Mailbox,
    bearer,
    new_email,
    registration,
    running,
)

GUARDIAN = "parent@home.example"


@pytest.fixture
async def gateway(settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[Instance]:
    async with running(settings_for) as instance:
        yield instance


@pytest.fixture
def mailbox(settings_for: Callable[..., dict[str, Any]], gateway: Instance) -> Mailbox:
    return Mailbox(settings_for, gateway)


async def child(gateway: Instance, **more: Any) -> httpx.Response:
    return await gateway.post(
        "/auth/register", registration(under_13=True, guardian_email=GUARDIAN, name="Little Ada", **more)
    )


async def decide(gateway: Instance, token: str, decision: str = "give", **more: Any) -> httpx.Response:
    return await gateway.post(f"/consents/{token}", {"decision": decision, **more})


async def letter(mailbox: Mailbox) -> str:
    await mailbox.mail.tick()
    assert mailbox.sent[-1]["email"] == GUARDIAN
    return mailbox.token()


async def may_use_model(owner: Database) -> bool:
    return bool(await owner.fetchval("select may_use_model(id) from users"))


@pytest.mark.plan("P-RULE-consent")
async def test_a_guardian_agrees_twice_and_the_child_signs_in(
    gateway: Instance, mailbox: Mailbox, owner_database: Database
) -> None:
    email = new_email()
    registered = await child(gateway, email=email)
    assert registered.status_code == 202
    assert registered.json()["user"]["state"] == "awaiting_consent"
    assert "access_token" not in registered.text
    assert "Set-Cookie" not in registered.headers
    refused = await gateway.login(email)
    assert (refused.status_code, refused.json()["code"]) == (403, "awaiting_consent")

    first = await letter(mailbox)
    asked = (await gateway.client.get(f"/api/v1/consents/{first}")).json()
    assert (asked["name"], asked["state"], asked["model"]) == ("Little Ada", "asked", False)
    assert (await decide(gateway, first)).json() == {"state": "confirm_again", "model": False}
    assert (await gateway.login(email)).status_code == 403
    assert (await decide(gateway, first)).status_code == 404

    second = await letter(mailbox)
    assert (await decide(gateway, second)).json() == {"state": "given", "model": False}
    signed_in = await gateway.login(email)
    assert signed_in.json()["user"]["state"] == "active"
    assert await may_use_model(owner_database) is False


@pytest.mark.plan("P-RULE-consent")
async def test_a_model_needs_a_consent_of_its_own_which_may_be_taken_back(
    gateway: Instance, mailbox: Mailbox, owner_database: Database
) -> None:
    await child(gateway)
    await decide(gateway, await letter(mailbox), model=True)
    assert await may_use_model(owner_database) is False
    second = await letter(mailbox)
    assert (await decide(gateway, second, model=True)).json()["model"] is True
    assert await may_use_model(owner_database) is True
    await decide(gateway, second, model=False)
    assert await may_use_model(owner_database) is False


async def test_who_is_older_needs_no_guardian_for_a_model(gateway: Instance, owner_database: Database) -> None:
    await gateway.register()
    assert await may_use_model(owner_database) is True


@pytest.mark.parametrize("step", [1, 2, 3])
async def test_a_refusal_erases_everything_at_any_time(
    gateway: Instance, mailbox: Mailbox, owner_database: Database, step: int
) -> None:
    email = new_email()
    await child(gateway, email=email)
    token = await letter(mailbox)
    if step > 1:
        await decide(gateway, token)
        token = await letter(mailbox)
    access = ""
    if step > 2:
        await decide(gateway, token, model=True)
        access = (await gateway.login(email)).json()["access_token"]
    assert (await decide(gateway, token, "refuse")).json()["state"] == "refused"
    for table in ("users", "consents", "sessions", "keys.student_keys"):
        assert await owner_database.fetchval(f"select count(*) from {table}") == 0
    assert (await decide(gateway, token)).status_code == 404
    assert (await gateway.login(email)).status_code == 401
    if access:
        assert (await gateway.get("/me", access)).status_code == 401


async def test_without_an_answer_the_child_is_erased_after_fourteen_days(
    gateway: Instance, mailbox: Mailbox, owner_database: Database
) -> None:
    await child(gateway)
    token = await letter(mailbox)
    days = "select round(extract(epoch from expires_at - created_at) / 86400)::int from users"
    assert await owner_database.fetchval(days) == 14
    await owner_database.execute("update users set expires_at = now()")
    assert (await decide(gateway, token)).status_code == 404
    await gateway.parts.erasure.erase_expired()
    assert await owner_database.fetchval("select count(*) from users") == 0


async def test_a_guest_who_is_a_child_is_signed_out_until_then(gateway: Instance) -> None:
    guest = (await gateway.post("/auth/guest", {"refresh_in": "body"})).json()
    body = registration(under_13=True, guardian_email=GUARDIAN)
    answer = await gateway.post("/auth/register", body, headers=bearer(guest["access_token"]))
    assert answer.status_code == 202
    assert answer.json()["user"]["id"] == guest["user"]["id"]
    assert (await gateway.get("/me", guest["access_token"])).status_code == 401
    again = await gateway.post("/auth/refresh", {"refresh_token": guest["refresh_token"]})
    assert again.status_code == 401


async def test_a_new_password_opens_no_door_before_the_consent(gateway: Instance) -> None:
    email = new_email()
    await child(gateway, email=email)
    token = await gateway.parts.reset.link_for(email)
    await gateway.post("/auth/password/reset", {"token": token, "new_password": PASSWORD})
    assert (await gateway.login(email)).status_code == 403


async def test_the_guardians_address_and_the_links_rest_in_no_table(
    gateway: Instance, mailbox: Mailbox, owner_database: Database
) -> None:
    await child(gateway)
    token = await letter(mailbox)
    for table in ("consents", "account_messages", "users"):
        rows = str([dict(row) for row in await owner_database.fetch(f"select * from {table}")])
        assert "home.example" not in rows
        assert token not in rows


async def test_links_that_are_none_get_one_and_the_same_answer_and_a_limit(gateway: Instance) -> None:
    guesses = ["x", "x" * 200, "../../me", "%00", "' or 1=1 --"]
    answers = [await decide(gateway, guess) for guess in guesses if "/" not in guess]
    assert {answer.status_code for answer in answers} <= {404, 422}
    statuses = [(await decide(gateway, f"guess-{number}")).status_code for number in range(121)]
    assert statuses[0] == 404
    assert statuses[-1] == 429


@pytest.mark.parametrize(
    "body", [{}, {"decision": "perhaps"}, {"decision": "give", "model": "x"}, {"decision": "give", "id": 1}]
)
async def test_a_wrong_decision_changes_nothing(
    gateway: Instance, mailbox: Mailbox, owner_database: Database, body: dict[str, Any]
) -> None:
    await child(gateway)
    token = await letter(mailbox)
    assert (await gateway.post(f"/consents/{token}", body)).status_code == 422
    assert await owner_database.fetchval("select state from consents") == "asked"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"under_13": True}, "guardian_email"),
        ({"guardian_email": GUARDIAN}, "guardian_email"),
        ({"under_13": True, "guardian_email": "nobody"}, "guardian_email"),
        ({"under_13": True, "guardian_email": "ME@school.example", "email": "me@school.example"}, "guardian_email"),
        ({"under_13": True, "guardian_email": GUARDIAN, "class_code": "ABCDEFGH"}, "under_13"),
        ({"under_13": True, "guardian_email": GUARDIAN, "invitation_code": "x"}, "under_13"),
    ],
)
async def test_a_wrong_registration_of_a_child_is_named(
    gateway: Instance, owner_database: Database, changes: dict[str, Any], field: str
) -> None:
    answer = await gateway.post("/auth/register", registration(**changes))
    assert answer.status_code == 422
    assert field in [wrong["field"] for wrong in answer.json()["fields"]]
    assert await owner_database.fetchval("select count(*) from users") == 0


async def test_the_operator_gives_a_guardian_the_link_where_there_is_no_mail(
    gateway: Instance, mailbox: Mailbox, owner_database: Database
) -> None:
    registered = (await child(gateway)).json()
    mailbox.is_away = True
    await mailbox.mail.tick()
    token = await gateway.parts.consents.link_for(UUID(registered["user"]["id"]))
    # the e-mail that waits would make a link of its own, and this one void
    await owner_database.execute("update account_messages set next_at = now()")
    await mailbox.mail.tick()
    assert (await decide(gateway, token)).json()["state"] == "confirm_again"
    with pytest.raises(NotFound):
        await gateway.parts.consents.link_for(UUID((await gateway.register())["user"]["id"]))
