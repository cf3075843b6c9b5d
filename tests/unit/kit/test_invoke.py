"""Calls between services: tokens, errors that stay themselves, and what happens when nobody answers."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from learnflow.contracts.errors import (
    Conflict,
    Invalid,
    LearnFlowError,
    NotFound,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from learnflow.contracts.services import CONCEPTS, TRIAGE
from learnflow.kit.invoke import ANONYMOUS, Invoker, ServiceTokens
from learnflow.kit.logging import request_id
from learnflow.kit.open_transaction import CallInsideTransactionError, is_open
from learnflow.kit.settings import ServiceSettings
from tests.answering import Answering, Reply
from tests.unit.kit.served import always, serving


def invoker(reply: Reply, *, own_token: bool = False, port_offset: int = 0) -> Invoker:
    settings = ServiceSettings(port_offset=port_offset, service_secret=SecretStr("the secret"))
    tokens = ServiceTokens(settings, TRIAGE) if own_token else None
    return Invoker(settings, tokens, client=Answering(reply))


def problem(status: int, code: str, **more: Any) -> httpx.Response:
    headers = {"Content-Type": "application/problem+json", **more.pop("headers", {})}
    return httpx.Response(status, json={"status": status, "code": code, "detail": "Do this.", **more}, headers=headers)


class Platform:
    """A gateway that hands out numbered tokens, and a service that takes only the good ones."""

    def __init__(self, *, lifetime_s: int = 1800, refused: tuple[str, ...] = ()) -> None:
        self.lifetime_s = lifetime_s
        self.refused = refused
        self.given = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/auth/service-token":
            assert request.content == b'{"service":"triage","secret":"the secret"}'
            self.given += 1
            return httpx.Response(200, json={"access_token": f"t{self.given}", "expires_in": self.lifetime_s})
        if request.headers["Authorization"].removeprefix("Bearer ") in self.refused:
            return problem(401, "unauthenticated")
        return httpx.Response(200, json={"sent": request.headers["Authorization"]})


async def test_the_address_comes_from_the_table_of_services() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"ok": True})

    assert await invoker(answer, port_offset=20).call(CONCEPTS, "POST", "/explain", json={"a": 1}) == {"ok": True}
    assert str(seen[0].url) == "http://127.0.0.1:8121/explain"
    assert seen[0].content == b'{"a":1}'
    assert "Authorization" not in seen[0].headers


async def test_the_callers_token_and_request_id_go_along() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[request.headers["Authorization"], request.headers["X-Request-Id"]])

    reset = request_id.set("r-1")
    try:
        assert await invoker(answer).call(CONCEPTS, "GET", "/", token="theirs") == ["Bearer theirs", "r-1"]
    finally:
        request_id.reset(reset)


async def test_an_empty_answer_is_none() -> None:
    assert await invoker(lambda _request: httpx.Response(204)).call(CONCEPTS, "DELETE", "/x") is None


@pytest.mark.parametrize(
    ("status", "error"), [(404, NotFound), (409, Conflict), (422, Invalid), (401, Unauthenticated), (503, Unavailable)]
)
async def test_the_other_services_error_stays_itself(status: int, error: type[LearnFlowError]) -> None:
    calling = invoker(lambda _request: problem(status, "special", fields=[{"field": "code", "message": "m"}]))
    with pytest.raises(error) as caught:
        await calling.call(CONCEPTS, "GET", "/", token="theirs")
    assert (caught.value.status, caught.value.code, caught.value.detail) == (status, "special", "Do this.")
    assert caught.value.extra == {"field": "code"}


async def test_how_long_to_wait_is_handed_on() -> None:
    calling = invoker(lambda _request: problem(429, "too_many_requests", headers={"Retry-After": "7"}))
    with pytest.raises(TooMany) as caught:
        await calling.call(CONCEPTS, "GET", "/")
    assert caught.value.retry_after_s == 7


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(502, text="bad gateway"),
        httpx.Response(500, content=b"{", headers={"Content-Type": "application/problem+json"}),
        httpx.Response(404, json=[]),
    ],
)
async def test_an_error_that_is_no_problem_of_ours_is_unavailable(answer: httpx.Response) -> None:
    with pytest.raises(Unavailable):
        await invoker(lambda _request: answer).call(CONCEPTS, "GET", "/")


@pytest.mark.parametrize(
    "answer",
    [b"", b"no HTTP at all\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhalf"],
    ids=["ends the connection", "nonsense", "half an answer"],
)
async def test_a_service_that_goes_away_is_unavailable(answer: bytes) -> None:
    async with serving(always(answer)) as served:
        calling = Invoker(ServiceSettings())
        with pytest.raises(Unavailable):
            await calling.call(replace(CONCEPTS, port=served.port), "POST", "/", timeout_s=2)
        await calling.stop()


async def test_a_real_refused_connection_is_unavailable() -> None:
    calling = Invoker(ServiceSettings(port_offset=40_000))
    with pytest.raises(Unavailable):
        await calling.call(CONCEPTS, "GET", "/")
    await calling.stop()


async def test_the_time_limit_bounds_the_whole_call() -> None:
    async with serving(always(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")) as served:
        calling = Invoker(ServiceSettings())
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await calling.call(replace(CONCEPTS, port=served.port), "GET", "/", timeout_s=0.05)
        assert time.monotonic() - began < 5
        await calling.stop()


async def test_a_call_without_a_body_and_one_with_json_arrive_as_such() -> None:
    bodies: list[bytes] = []

    async def say(body: bytes) -> bytes:
        bodies.append(body)
        return b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"ok": 1}'

    async with serving(say) as served:
        calling, concepts = Invoker(ServiceSettings()), replace(CONCEPTS, port=served.port)
        assert await calling.call(concepts, "POST", "/a", json={"b": None}, token="theirs") == {"ok": 1}
        assert await calling.call(concepts, "GET", "/a?b=%20c") == {"ok": 1}
        await calling.stop()
    assert bodies == [b'{"b":null}', b""]
    assert served.connections == 1
    first, second = ({line.lower() for line in head.splitlines()[1:]} for head in served.heads)
    assert {b"authorization: bearer theirs", b"content-type: application/json", b"accept: application/json"} <= first
    assert served.heads[1].startswith(b"GET /a?b=%20c HTTP/1.1")
    assert not any(line.startswith((b"authorization", b"user-agent", b"cookie")) for line in second)


async def test_no_call_leaves_a_transaction() -> None:
    reset = is_open.set(True)
    try:
        with pytest.raises(CallInsideTransactionError):
            await invoker(lambda _request: httpx.Response(200)).call(CONCEPTS, "GET", "/")
    finally:
        is_open.reset(reset)


async def test_a_service_uses_one_token_of_its_own_for_many_calls() -> None:
    platform = Platform()
    calling = invoker(platform, own_token=True)
    answers = await asyncio.gather(*(calling.call(CONCEPTS, "GET", "/") for _ in range(5)))
    assert answers == [{"sent": "Bearer t1"}] * 5
    assert platform.given == 1


@pytest.mark.parametrize(("lifetime_s", "asked"), [(120, 2), (130, 1)])
async def test_a_token_is_renewed_two_minutes_before_it_ends(lifetime_s: int, asked: int) -> None:
    platform = Platform(lifetime_s=lifetime_s)
    calling = invoker(platform, own_token=True)
    await calling.call(CONCEPTS, "GET", "/")
    await calling.call(CONCEPTS, "GET", "/")
    assert platform.given == asked


async def test_a_refused_token_of_its_own_is_replaced_once() -> None:
    platform = Platform(refused=("t1",))
    assert await invoker(platform, own_token=True).call(CONCEPTS, "GET", "/") == {"sent": "Bearer t2"}


async def test_a_service_whose_account_is_refused_is_not_the_callers_fault() -> None:
    platform = Platform(refused=("t1", "t2"))
    with pytest.raises(Unavailable):
        await invoker(platform, own_token=True).call(CONCEPTS, "GET", "/")


async def test_a_refused_token_of_the_caller_is_the_callers_401() -> None:
    platform = Platform(refused=("theirs",))
    with pytest.raises(Unauthenticated):
        await invoker(platform, own_token=True).call(CONCEPTS, "GET", "/", token="theirs")


async def test_an_open_path_can_be_called_without_any_token() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json="Authorization" in request.headers)

    assert await invoker(answer, own_token=True).call(CONCEPTS, "GET", "/", token=ANONYMOUS) is False


async def test_a_service_without_a_secret_says_which_setting_is_missing() -> None:
    tokens = ServiceTokens(ServiceSettings(service_secret=None), TRIAGE)
    with pytest.raises(Unavailable, match="LEARNFLOW_SERVICE_SECRET"):
        await tokens.token()


async def test_what_a_caller_wrote_into_a_query_stays_out_of_the_log() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("away")

    with capture_logs() as logs, pytest.raises(Unavailable):
        await invoker(answer).call(TRIAGE, "GET", "/exercises?skill=my+name+is+Anna", token=ANONYMOUS)
    assert [entry["path"] for entry in logs if entry["event"] == "invoke.failed"] == ["/exercises"]
