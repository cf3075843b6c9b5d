"""Idempotency-Key: a repeat gets the first answer, and the effect happens once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from fastapi import APIRouter, Request, Response

from learnflow.contracts.errors import TooMany
from learnflow.kit.auth import CurrentPrincipal
from learnflow.kit.database import Database
from tests.integration.accounts_instance import Instance, bearer, registration, running


class Desk:
    """Counts what really happens; can be slow, or broken."""

    def __init__(self) -> None:
        self.done = 0
        self.go = asyncio.Event()
        self.go.set()
        self.reached = asyncio.Event()
        self.status = 201

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/api/v1")

        @router.post("/things")
        async def add(request: Request, _principal: CurrentPrincipal) -> Response:
            self.done += 1
            self.reached.set()
            await self.go.wait()
            if self.status == 429:
                raise TooMany("Wait.", retry_after_s=1)
            if self.status == 500:
                raise ZeroDivisionError
            return Response(b'{"n":%d}' % self.done, self.status, {"X-Number": str(self.done)})

        return router


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def gateway(settings_for: Callable[..., dict[str, Any]], desk: Desk) -> AsyncIterator[Instance]:
    async with running(settings_for, routers=(desk.router(),)) as instance:
        yield instance


def keyed(token: str, key: str = "k-1") -> dict[str, str]:
    return {**bearer(token), "Idempotency-Key": key}


@pytest.mark.plan("P-RULE-idempotency")
async def test_a_repeat_gets_the_first_answer_byte_for_byte(gateway: Instance, desk: Desk) -> None:
    token = (await gateway.register())["access_token"]
    first = await gateway.post("/things", {"text": "a"}, headers=keyed(token))
    again = await gateway.post("/things", {"text": "a"}, headers=keyed(token))
    assert desk.done == 1
    assert (again.status_code, again.content, again.headers["X-Number"]) == (201, first.content, "1")
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]


async def test_another_key_or_another_user_is_another_request(gateway: Instance, desk: Desk) -> None:
    token, other = [(await gateway.register())["access_token"] for _ in range(2)]
    for headers in (keyed(token), keyed(token, "k-2"), keyed(other), bearer(token), bearer(token)):
        await gateway.post("/things", {"text": "a"}, headers=headers)
    assert desk.done == 5


async def test_the_same_key_with_another_body_is_refused(gateway: Instance, desk: Desk) -> None:
    token = (await gateway.register())["access_token"]
    await gateway.post("/things", {"text": "a"}, headers=keyed(token))
    answer = await gateway.post("/things", {"text": "b"}, headers=keyed(token))
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == "Idempotency-Key"
    assert (await gateway.post("/things?x=1", {"text": "a"}, headers=keyed(token))).status_code == 422
    assert desk.done == 1


async def test_while_the_first_is_at_work_a_repeat_is_told_to_wait(
    settings_for: Callable[..., dict[str, Any]], gateway: Instance, desk: Desk
) -> None:
    async with running(settings_for, routers=(desk.router(),)) as second:
        token = (await gateway.register())["access_token"]
        desk.go.clear()
        first = asyncio.create_task(gateway.post("/things", {"text": "a"}, headers=keyed(token)))
        await desk.reached.wait()
        early = await second.post("/things", {"text": "a"}, headers=keyed(token))
        assert (early.status_code, early.headers["Retry-After"]) == (409, "1")
        desk.go.set()
        answered = await first
        late = await second.post("/things", {"text": "a"}, headers=keyed(token))
    assert late.content == answered.content
    assert desk.done == 1


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_an_answer_about_the_moment_is_not_kept(gateway: Instance, desk: Desk, status: int) -> None:
    token = (await gateway.register())["access_token"]
    desk.status = status
    assert (await gateway.post("/things", {"text": "a"}, headers=keyed(token))).status_code == status
    desk.status = 201
    assert (await gateway.post("/things", {"text": "a"}, headers=keyed(token))).status_code == 201
    assert desk.done == 2


async def test_who_dies_at_work_blocks_the_key_for_seconds_only(
    gateway: Instance, desk: Desk, owner_database: Database
) -> None:
    token = (await gateway.register())["access_token"]
    await gateway.post("/things", {"text": "a"}, headers=keyed(token))
    await owner_database.execute("update idempotency set answer = null, claimed_until = now() + interval '5 s'")
    assert (await gateway.post("/things", {"text": "a"}, headers=keyed(token))).status_code == 409
    await owner_database.execute("update idempotency set claimed_until = now() - interval '1 s'")
    assert (await gateway.post("/things", {"text": "b"}, headers=keyed(token))).status_code == 422
    assert (await gateway.post("/things", {"text": "a"}, headers=keyed(token))).status_code == 201
    assert desk.done == 2


async def test_a_slow_answer_keeps_its_claim(gateway: Instance, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learnflow.kit.idempotency.LEASE_S", 0.2)
    monkeypatch.setattr("learnflow.kit.idempotency.RENEW_EVERY_S", 0.05)
    token = (await gateway.register())["access_token"]
    desk.go.clear()
    first = asyncio.create_task(gateway.post("/things", {"text": "a"}, headers=keyed(token)))
    await asyncio.sleep(0.5)
    assert (await gateway.post("/things", {"text": "a"}, headers=keyed(token))).status_code == 409
    desk.go.set()
    assert (await first).status_code == 201
    assert desk.done == 1


async def test_a_key_is_free_again_after_a_day(gateway: Instance, desk: Desk, owner_database: Database) -> None:
    token = (await gateway.register())["access_token"]
    await gateway.post("/things", {"text": "a"}, headers=keyed(token))
    await owner_database.execute("update idempotency set expires_at = now() - interval '1 s'")
    assert (await gateway.post("/things", {"text": "b"}, headers=keyed(token))).status_code == 201
    assert desk.done == 2


async def test_registering_twice_with_one_key_makes_one_account_and_repeats_its_tokens(
    gateway: Instance, owner_database: Database
) -> None:
    body = registration()
    first, again = [await gateway.post("/auth/register", body, headers={"Idempotency-Key": "open-1"}) for _ in range(2)]
    assert (again.status_code, again.content) == (201, first.content)
    changed = await gateway.post("/auth/register", registration(), headers={"Idempotency-Key": "open-1"})
    assert changed.status_code == 422
    assert await owner_database.fetchval("select count(*) from users") == 1


async def test_a_bad_key_names_the_header_and_a_bad_token_stays_401(gateway: Instance, desk: Desk) -> None:
    token = (await gateway.register())["access_token"]
    for key in ("", "x" * 256):
        answer = await gateway.post("/things", {}, headers=keyed(token, key))
        assert answer.status_code == 422
        assert answer.json()["fields"][0]["field"] == "Idempotency-Key"
    assert (await gateway.post("/things", {}, headers=keyed("forged"))).status_code == 401
    assert (await gateway.post("/things", {}, headers=keyed("forged"))).status_code == 401
    large = await gateway.client.post("/api/v1/things", content=b"x" * 300_000, headers=keyed(token, "k-9"))
    assert large.status_code == 413
    assert desk.done == 0


@pytest.mark.plan("P-RULE-no-trace-of-text")
async def test_nothing_personal_rests_in_the_clear(gateway: Instance, owner_database: Database) -> None:
    word, name, key = "zyzzyva-password", "Zyzzyva Plantedname", "zyzzyva-key"
    body = registration(email="zyzzyva@school.example", password=word, name=name)
    registered = (await gateway.post("/auth/register", body, headers={"Idempotency-Key": key})).json()
    await gateway.login("zyzzyva@school.example", "zyzzyva-wrong", headers={"Idempotency-Key": key})
    await gateway.post("/things", {"text": "zyzzyva"}, headers=keyed(registered["access_token"], key))
    planted = ("zyzzyva", registered["refresh_token"], registered["access_token"], "203.0.113.7")
    for row in await owner_database.fetch(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables"
        " where schemaname not in ('pg_catalog', 'information_schema')"
    ):
        for stored in await owner_database.fetch(f"select t::text as line from {row['name']} t"):
            assert not any(each.lower() in stored["line"].lower() for each in planted), row["name"]
            assert not any(each.encode().hex() in stored["line"] for each in planted), row["name"]
