"""What every service answers before it has anything of its own."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from learnflow.contracts.errors import NotFound, TooMany
from learnflow.contracts.services import TRIAGE
from learnflow.kit.app import create_app
from learnflow.kit.edge import Edge
from learnflow.kit.serve import rehearse
from learnflow.kit.settings import ServiceSettings

router = APIRouter()


class Body(BaseModel):
    query: str = Field(min_length=1, max_length=5)


@router.post("/echo")
async def echo(body: Body) -> Body:
    return body


@router.get("/missing")
async def missing() -> None:
    raise NotFound("There is no such thing.", hint="look again")


@router.get("/busy")
async def busy() -> None:
    raise TooMany("Wait a little.", retry_after_s=2.2)


@router.get("/broken")
async def broken() -> None:
    raise ValueError("planted-secret")


class Away:
    """A part whose dependency is away."""

    name = "sandbox"

    def __init__(self) -> None:
        self.life: list[str] = []

    async def start(self) -> None:
        self.life.append("started")

    async def stop(self) -> None:
        self.life.append("stopped")

    async def reason_not_ready(self) -> str | None:
        return "the sandbox does not answer"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(TRIAGE, ServiceSettings(), routers=[router], max_body_bytes=1000)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://triage") as client:
        yield client


@pytest.mark.plan("P-EP-health")
async def test_health_says_which_service_is_alive(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["service"] == "triage"


async def test_ready_names_the_part_that_cannot_work_and_why() -> None:
    app = create_app(TRIAGE, ServiceSettings(), parts=[Away()])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://triage") as client:
        answer = await client.get("/ready")
        health = await client.get("/health")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == {"sandbox": "the sandbox does not answer"}
    assert answer.headers["retry-after"] == "1"
    assert health.status_code == 200


async def test_parts_are_started_before_and_stopped_after_the_service() -> None:
    part = Away()
    app = create_app(TRIAGE, ServiceSettings(), parts=[part])
    async with app.router.lifespan_context(app):
        assert part.life == ["started"]
    assert part.life == ["started", "stopped"]


def test_a_rehearsal_asks_no_part_since_none_is_started() -> None:
    class Part(Away):
        async def reason_not_ready(self) -> str | None:
            self.life.append("asked")
            return None

    part = Part()
    app = create_app(TRIAGE, ServiceSettings(), parts=[part])
    rehearse(app)
    assert app.middleware_stack is not None
    assert part.life == []


@pytest.mark.plan("P-API-common")
async def test_docs_and_their_assets_come_from_the_service_itself(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert "http" not in page.text.replace("http-equiv", "")
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"):
        assert asset in page.text
        assert (await client.get(f"/docs/{asset}")).status_code == 200
    assert (await client.get("/docs/other.js")).status_code == 404


async def test_a_wrong_field_is_named_and_its_value_is_not_repeated(client: httpx.AsyncClient) -> None:
    answer = await client.post("/echo", json={"query": "far too long"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["fields"][0]["field"] == "query"
    assert "far too long" not in answer.text


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 900, b""])
async def test_a_body_that_is_no_json_is_a_422_that_names_the_body(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post("/echo", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == "body"


async def test_a_lone_surrogate_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/echo", content=b'{"query":"\\ud800"}', headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == "query"


async def test_a_declared_body_over_the_limit_is_a_413(client: httpx.AsyncClient) -> None:
    assert (await client.post("/echo", content=b"x" * 1001)).status_code == 413


async def test_a_streamed_body_over_the_limit_is_a_413(client: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 100

    answer = await client.post("/echo", content=pieces())
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"


@pytest.mark.plan("P-RULE-problem")
async def test_errors_are_problems_with_a_code_and_the_request_id(client: httpx.AsyncClient) -> None:
    answer = await client.get("/missing", headers={"x-request-id": "my-id"})
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
    assert answer.json()["hint"] == "look again"
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "my-id"


async def test_a_hostile_request_id_is_replaced(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health", headers={"x-request-id": 'x" onload="'})
    assert answer.headers["x-request-id"].isalnum()


async def test_too_many_says_when_to_come_back(client: httpx.AsyncClient) -> None:
    answer = await client.get("/busy")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "3"


async def test_an_unknown_error_is_a_500_without_its_message(client: httpx.AsyncClient) -> None:
    answer = await client.get("/broken")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert "planted-secret" not in answer.text


async def test_unknown_addresses_and_methods_are_problems_too(client: httpx.AsyncClient) -> None:
    assert (await client.get("/nowhere")).json()["code"] == "not_found"
    assert (await client.put("/echo")).json()["code"] == "method_not_allowed"


async def test_metrics_count_by_route_template(client: httpx.AsyncClient) -> None:
    await client.get("/missing")
    text = (await client.get("/metrics")).text
    assert 'route="/missing",service="triage",status="404"' in text


async def test_the_configured_origin_alone_may_read_answers(client: httpx.AsyncClient) -> None:
    ours = await client.get("/health", headers={"origin": "http://localhost:3000"})
    other = await client.get("/health", headers={"origin": "http://evil.example"})
    assert ours.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "access-control-allow-origin" not in other.headers


def test_the_openapi_document_is_valid_json() -> None:
    document = create_app(TRIAGE, ServiceSettings(), routers=[router]).openapi()
    assert json.dumps(document)
    assert document["info"]["title"] == "LearnFlow triage"


async def test_no_answer_sends_anybody_to_the_host_that_a_request_names(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/", headers={"Host": "evil.example"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


async def test_a_body_that_never_comes_to_its_end_is_given_up() -> None:
    app = Edge(create_app(TRIAGE, ServiceSettings(), routers=[router]), "triage", 1000, body_within_s=0.05)
    never = asyncio.Event()

    async def drops() -> AsyncIterator[bytes]:
        yield b'{"query": '
        await never.wait()

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://triage") as slow:
        answer = await slow.post("/echo", content=drops(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 408
    assert answer.json()["code"] == "too_slow"


async def test_a_body_that_came_whole_does_not_limit_how_long_the_answer_takes() -> None:
    async def waits_for_the_end(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await receive()
        await Response("done")(scope, receive, send)

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(Edge(waits_for_the_end, "triage", 1000, body_within_s=0.02)), base_url="http://t"
    ) as client:
        assert (await client.get("/")).text == "done"
