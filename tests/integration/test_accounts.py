"""Accounts end to end: register, sign in, refresh, sign out, limits, over real HTTP shapes and a real database."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from learnflow.contracts.errors import Conflict, Invalid
from learnflow.kit.database import Database
from learnflow.kit.service_accounts import service_secret
from tests.conftest import ROLE_SECRET
from tests.integration.accounts_instance import (
    PASSWORD,
    Instance,
    bearer,
    new_email,
    registration,
    running,
)


@pytest.fixture
async def gateway(settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[Instance]:
    async with running(settings_for) as instance:
        yield instance


async def until_refused(instance: Instance, token: str) -> None:
    for _ in range(100):
        if (await instance.get("/me", token)).status_code == 401:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the token is still good")


@pytest.mark.plan("P-EP-register", "P-EP-me")
async def test_who_registers_is_a_student_and_signed_in(gateway: Instance) -> None:
    email = new_email()
    registered = await gateway.register(email=email, name="  Grace Hopper ", language="de", timezone="Europe/Berlin")
    me = (await gateway.get("/me", registered["access_token"])).json()
    assert me == registered["user"]
    assert (me["email"], me["name"], me["role"]) == (email, "Grace Hopper", "student")
    assert (me["language"], me["timezone"]) == ("de", "Europe/Berlin")
    assert 1700 < registered["expires_in"] <= 1800


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"password": "short 7"}, "password"),
    ({"password": "x" * 129}, "password"),
    ({"password": "with a nul \x00"}, "password"),
    ({"name": "A"}, "name"),
    ({"name": "A" * 101}, "name"),
    ({"name": "  A  "}, "name"),
    ({"name": "lone \ud800 surrogate"}, "name"),
    ({"email": "nobody"}, "email"),
    ({"email": "a\ud800@school.example"}, "email"),
    ({"email": f"{'a' * 250}@school.example"}, "email"),
    ({"language": "klingon!"}, "language"),
    ({"timezone": "Mars/Olympus"}, "timezone"),
    ({"class_code": "ABC123"}, "class_code"),
    ({"role": "admin"}, "role"),
]


async def test_a_wrong_field_is_named_and_nothing_is_stored(gateway: Instance, owner_database: Database) -> None:
    for changes, field in WRONG:
        answer = await gateway.client.post(
            "/api/v1/auth/register",
            content=json.dumps(registration(**changes)).encode(),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == 422, changes
        assert [wrong["field"] for wrong in answer.json()["fields"]] == [field]
    assert await owner_database.fetchval("select count(*) from users") == 0
    assert await owner_database.fetchval("select count(*) from keys.student_keys") == 0


async def test_an_address_is_taken_once_whatever_its_case(gateway: Instance, owner_database: Database) -> None:
    await gateway.register(email="Ada.L@School.example")
    answer = await gateway.post("/auth/register", registration(email="ada.l@school.EXAMPLE"))
    assert answer.status_code == 409
    assert await owner_database.fetchval("select count(*) from keys.student_keys") == 1


async def test_of_simultaneous_registrations_over_two_instances_one_wins(
    settings_for: Callable[..., dict[str, Any]], owner_database: Database
) -> None:
    async with running(settings_for) as one, running(settings_for) as two:
        body = registration()
        answers = await asyncio.gather(*(each.post("/auth/register", body) for each in (one, two) * 4))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert await owner_database.fetchval("select count(*) from users") == 1
    assert await owner_database.fetchval("select count(*) from keys.student_keys") == 1


@pytest.mark.plan("P-EP-login")
async def test_signing_in_says_the_same_for_a_wrong_password_and_an_unknown_account(gateway: Instance) -> None:
    email = new_email()
    await gateway.register(email=email)
    wrong, unknown = await gateway.login(email, "not the password"), await gateway.login(new_email())
    assert wrong.status_code == unknown.status_code == 401
    assert {**wrong.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}
    right = await gateway.login(email.upper())
    assert right.status_code == 200
    assert right.headers["Cache-Control"] == "no-store"


@pytest.mark.plan("P-RULE-limits")
async def test_ten_failures_close_an_account_in_sum_over_two_instances(
    settings_for: Callable[..., dict[str, Any]],
) -> None:
    async with running(settings_for) as one, running(settings_for, address="198.51.100.9") as two:
        email, other = new_email(), new_email()
        await one.register(email=email)
        await one.register(email=other)
        tries = [each.login(email, f"guess {number}") for number in range(8) for each in (one, two)]
        statuses = sorted(answer.status_code for answer in await asyncio.gather(*tries))
        assert statuses == [401] * 10 + [429] * 6
        closed = await two.login(email)
        assert closed.status_code == 429
        assert 1 <= int(closed.headers["Retry-After"]) <= 900
        assert (await two.login(other)).status_code == 200


async def test_unknown_accounts_are_closed_like_known_ones(settings_for: Callable[..., dict[str, Any]]) -> None:
    async with running(settings_for, sign_in_failures_per_account=2) as gateway:
        email = new_email()
        statuses = [(await gateway.login(email)).status_code for _ in range(3)]
    assert statuses == [401, 401, 429]


async def test_only_failures_count_by_address(settings_for: Callable[..., dict[str, Any]]) -> None:
    async with (
        running(settings_for, sign_in_failures_per_address=3) as school,
        running(settings_for, sign_in_failures_per_address=3, address="198.51.100.9") as home,
    ):
        email = new_email()
        await school.register(email=email)
        assert {(await school.login(email)).status_code for _ in range(6)} == {200}
        assert [(await school.login(new_email())).status_code for _ in range(4)] == [401, 401, 401, 429]
        assert (await school.login(email)).status_code == 429
        assert (await home.login(email)).status_code == 200


@pytest.mark.plan("P-EP-login", "P-RULE-tokens")
async def test_a_refresh_token_works_once_and_its_reuse_ends_the_session(gateway: Instance) -> None:
    first = await gateway.register()
    second = (await gateway.post("/auth/refresh", {"refresh_token": first["refresh_token"]})).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["session_id"] == first["session_id"]
    assert (await gateway.get("/me", second["access_token"])).status_code == 200
    reused = await gateway.post("/auth/refresh", {"refresh_token": first["refresh_token"]})
    assert reused.status_code == 401
    later = await gateway.post("/auth/refresh", {"refresh_token": second["refresh_token"]})
    assert later.status_code == 401
    assert (await gateway.get("/me", second["access_token"])).status_code == 401


async def test_of_two_simultaneous_uses_of_a_refresh_token_at_most_one_works(gateway: Instance) -> None:
    token = (await gateway.register())["refresh_token"]
    answers = await asyncio.gather(*(gateway.post("/auth/refresh", {"refresh_token": token}) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]


@pytest.mark.parametrize("token", ["x", "x" * 200])
async def test_an_unknown_refresh_token_is_401(gateway: Instance, token: str) -> None:
    assert (await gateway.post("/auth/refresh", {"refresh_token": token})).status_code == 401
    assert (await gateway.post("/auth/refresh")).status_code == 401


async def test_a_session_that_was_not_used_for_seven_days_is_over(gateway: Instance, owner_database: Database) -> None:
    registered = await gateway.register()
    await owner_database.execute("update sessions set expires_at = now()")
    answer = await gateway.post("/auth/refresh", {"refresh_token": registered["refresh_token"]})
    assert answer.status_code == 401


async def test_a_page_has_its_refresh_token_in_a_cookie_that_scripts_cannot_read(gateway: Instance) -> None:
    answer = await gateway.post("/auth/register", registration(refresh_in="cookie"))
    assert answer.json()["refresh_token"] is None
    cookie = answer.headers["Set-Cookie"]
    for attribute in ("learnflow_refresh=", "HttpOnly", "SameSite=strict", "Path=/api/v1/auth", "Max-Age=604800"):
        assert attribute in cookie
    refreshed = await gateway.post("/auth/refresh")
    assert refreshed.status_code == 200
    assert refreshed.headers["Set-Cookie"] != cookie
    assert (await gateway.post("/auth/logout")).status_code == 204
    assert (await gateway.post("/auth/refresh")).status_code == 401


async def test_over_tls_the_cookie_is_secure(gateway: Instance) -> None:
    answer = await gateway.client.post("https://gateway/api/v1/auth/register", json=registration(refresh_in="cookie"))
    assert "Secure" in answer.headers["Set-Cookie"]


async def test_signing_out_ends_the_access_token_on_every_instance(settings_for: Callable[..., dict[str, Any]]) -> None:
    async with running(settings_for) as one, running(settings_for) as two:
        registered = await one.register()
        token = registered["access_token"]
        assert (await two.get("/me", token)).status_code == 200
        assert (await one.post("/auth/logout", headers=bearer(token))).status_code == 204
        assert (await one.get("/me", token)).status_code == 401
        await until_refused(two, token)
        again = await two.post("/auth/refresh", {"refresh_token": registered["refresh_token"]})
        assert again.status_code == 401


async def test_an_instance_that_starts_later_knows_the_ended_sessions(
    settings_for: Callable[..., dict[str, Any]],
) -> None:
    async with running(settings_for) as one:
        token = (await one.register())["access_token"]
        await one.post("/auth/logout", headers=bearer(token))
    async with running(settings_for) as two:
        await until_refused(two, token)


@pytest.mark.plan("P-EP-sessions")
async def test_sessions_are_listed_and_ended_one_by_one_by_their_owner_alone(gateway: Instance) -> None:
    email = new_email()
    first = await gateway.register(email=email)
    second = (await gateway.login(email)).json()
    stranger = await gateway.register()
    page = (await gateway.get("/auth/sessions", second["access_token"])).json()
    assert (page["total"], page["next"]) == (2, None)
    assert {item["id"]: item["is_current"] for item in page["items"]} == {
        first["session_id"]: False,
        second["session_id"]: True,
    }
    path = f"/api/v1/auth/sessions/{first['session_id']}"
    assert (await gateway.client.delete(path, headers=bearer(stranger["access_token"]))).status_code == 404
    assert (await gateway.get("/me", first["access_token"])).status_code == 200
    assert (await gateway.client.delete(path, headers=bearer(second["access_token"]))).status_code == 204
    assert (await gateway.client.delete(path, headers=bearer(second["access_token"]))).status_code == 404
    assert (await gateway.get("/me", first["access_token"])).status_code == 401
    assert (await gateway.get("/me", second["access_token"])).status_code == 200


async def test_signing_out_everywhere_ends_all_of_ones_own_sessions(gateway: Instance) -> None:
    email = new_email()
    tokens = [
        (await gateway.register(email=email))["access_token"],
        (await gateway.login(email)).json()["access_token"],
    ]
    stranger = await gateway.register()
    await gateway.client.delete("/api/v1/auth/sessions", headers=bearer(tokens[0]))
    assert [(await gateway.get("/me", token)).status_code for token in tokens] == [401, 401]
    assert (await gateway.get("/me", stranger["access_token"])).status_code == 200


@pytest.mark.plan("P-EP-password-change")
async def test_changing_the_password_ends_the_other_sessions(gateway: Instance) -> None:
    email = new_email()
    other = await gateway.register(email=email)
    mine = (await gateway.login(email)).json()["access_token"]
    body = {"current_password": PASSWORD, "new_password": "an even longer one"}
    wrong = await gateway.post("/auth/password/change", {**body, "current_password": "guess"}, headers=bearer(mine))
    assert wrong.status_code == 401
    assert (await gateway.get("/me", other["access_token"])).status_code == 200
    assert (await gateway.post("/auth/password/change", body, headers=bearer(mine))).status_code == 204
    assert (await gateway.get("/me", mine)).status_code == 200
    assert (await gateway.get("/me", other["access_token"])).status_code == 401
    assert (await gateway.login(email)).status_code == 401
    assert (await gateway.login(email, "an even longer one")).status_code == 200


@pytest.mark.plan("P-EP-me")
async def test_a_profile_changes_by_what_is_given(gateway: Instance) -> None:
    token = (await gateway.register(name="Ada Student"))["access_token"]
    changed = await gateway.client.patch("/api/v1/me", json={"timezone": "Asia/Tokyo"}, headers=bearer(token))
    assert (changed.json()["name"], changed.json()["timezone"]) == ("Ada Student", "Asia/Tokyo")
    renamed = await gateway.client.patch("/api/v1/me", json={"name": "Ada Lovelace"}, headers=bearer(token))
    assert (renamed.json()["name"], renamed.json()["timezone"]) == ("Ada Lovelace", "Asia/Tokyo")
    refused = await gateway.client.patch("/api/v1/me", json={"role": "admin"}, headers=bearer(token))
    assert refused.status_code == 422


async def test_a_service_gets_a_token_for_its_secret_and_is_no_person(gateway: Instance) -> None:
    secret = service_secret(ROLE_SECRET, "triage")
    answer = await gateway.post("/auth/service-token", {"service": "triage", "secret": secret})
    principal = await gateway.parts.verifier.verify(answer.json()["access_token"])
    assert (principal.role, principal.service, principal.session_id) == ("service", "triage", None)
    assert (await gateway.get("/me", answer.json()["access_token"])).status_code == 403
    for name, wrong in (("triage", "guess"), ("debug", secret), ("nobody", secret)):
        refused = await gateway.post("/auth/service-token", {"service": name, "secret": wrong})
        assert refused.status_code == 401


@pytest.mark.plan("P-RULE-tokens")
async def test_rotating_the_keys_signs_nobody_out(settings_for: Callable[..., dict[str, Any]]) -> None:
    async with running(settings_for) as one, running(settings_for) as two:
        email = new_email()
        old = (await one.register(email=email))["access_token"]
        await one.parts.keys.rotate()
        fresh = (await one.login(email)).json()["access_token"]
        keys = (await two.client.get("/api/v1/auth/keys")).json()["keys"]
        assert len({key["kid"] for key in keys}) == 2
        assert all(key["kty"] == "OKP" and set(key) == {"kty", "crv", "use", "alg", "kid", "x"} for key in keys)
        for instance in (one, two):
            assert (await instance.get("/me", old)).status_code == 200
            assert (await instance.get("/me", fresh)).status_code == 200


async def test_a_user_made_by_the_operator_obeys_the_same_rules(gateway: Instance) -> None:
    accounts = gateway.parts.accounts
    email = new_email()
    teacher = await accounts.create_user(email, PASSWORD, "Tess Teacher", "teacher", timezone="Europe/Paris")
    assert (await gateway.login(email)).json()["user"]["role"] == "teacher"
    assert (await accounts.open_session_for(email)).user_id == teacher.id
    with pytest.raises(Conflict):
        await accounts.create_user(email, PASSWORD, "Tess Again", "teacher")
    with pytest.raises(Invalid) as caught:
        await accounts.create_user(new_email(), "short", "Tess Teacher", "teacher")
    assert caught.value.extra["field"] == "password"


async def test_a_hash_of_an_older_cost_is_renewed_at_the_next_sign_in(
    settings_for: Callable[..., dict[str, Any]], owner_database: Database
) -> None:
    email = new_email()
    async with running(settings_for) as gateway:
        await gateway.register(email=email)
    async with running(settings_for, password_memory_kib=16) as gateway:
        assert (await gateway.login(email)).status_code == 200
    assert "m=16," in await owner_database.fetchval("select password_hash from users")


@pytest.mark.parametrize(("demo", "status"), [(True, 200), (False, 403)])
async def test_demo_accounts_sign_in_only_while_the_demo_is_on(
    settings_for: Callable[..., dict[str, Any]], demo: bool, status: int
) -> None:
    async with running(settings_for, demo=demo) as instance:
        email = "student@demo.learnflow.example"
        await instance.parts.accounts.create_user(email, PASSWORD, "Sam Student", "student")
        answer = await instance.post("/auth/login", {"email": email, "password": PASSWORD})
    assert answer.status_code == status
