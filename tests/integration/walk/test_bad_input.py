"""Hostile and broken input over the real wire: the right 4xx, nothing stored, and the service stays alive."""

from uuid import uuid4

import asyncpg
import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from bench.platform import Platform
from tests.integration.school import eventually


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"query": "x" * 5001}, "query"),
        ({"query": ""}, "query"),
        ({"query": "why?", "code": "x" * 10_001}, "code"),
        ({"query": "nul \0 inside"}, "query"),
        ({"query": "why?", "code": "print('\0')"}, "code"),
        ({"query": "why?", "context": {"topic_id": 7}}, "context.topic_id"),
        ({"query": "why?", "unknown": 1}, "unknown"),
        ({"query": ["why?"]}, "query"),
        ({}, "query"),
    ],
)
async def test_a_malformed_question_names_its_field_and_is_not_stored(
    platform: Platform, body: dict[str, object], field: str
) -> None:
    async with platform.student() as student:
        answer = await student.client.post("/api/v1/query", json=body)
        page = (await student.client.get("/api/v1/conversations")).json()
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == field
    assert page["total"] == 0


async def test_a_text_that_is_too_long_is_told_its_limit_in_characters(platform: Platform) -> None:
    async with platform.student() as student:
        answer = await student.client.post("/api/v1/query", json={"query": "why?", "code": "x" * 10_001})
    assert answer.json()["fields"][0]["message"] == "Send at most 10000 characters."


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"query": "\\ud800"}', 422),
        (b'{"query": ', 422),
        (b"\xff\xfe\x00", 422),
        (b"[" * 100_000, 422),
        (b"x" * 10_000_000, 413),
    ],
    ids=["surrogate", "cut", "not utf-8", "deep", "10 MB"],
)
async def test_a_body_that_is_not_what_it_should_be_is_refused(platform: Platform, content: bytes, status: int) -> None:
    async with platform.student() as student:
        headers = {"Content-Type": "application/json"}
        answer = await student.client.post("/api/v1/query", content=content, headers=headers)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert (await student.client.get("/health")).status_code == 200


async def test_another_students_question_is_not_there(platform: Platform) -> None:
    async with platform.student() as one, platform.student() as other:
        query_id = (await one.ask("What is a list?"))["query_id"]
        for path in (f"/api/v1/query/{query_id}", f"/api/v1/query/{query_id}/stream", f"/api/v1/progress/{one.id}"):
            assert (await other.client.get(path)).status_code == 404


async def test_unknown_ids_are_404_and_ids_that_are_none_are_422(platform: Platform) -> None:
    async with platform.student() as student:
        assert (await student.client.get(f"/api/v1/query/{uuid4()}")).status_code == 404
        assert (await student.client.get("/api/v1/query/not-an-id")).status_code == 422
        assert (await student.client.get("/api/v1/modules/none")).status_code == 404


async def test_a_student_may_not_ask_for_traces(platform: Platform) -> None:
    async with platform.student() as student:
        address = platform.address("progress") + f"/traces/{uuid4()}"
        answer = await student.client.get(address)
    assert answer.status_code == 403


async def test_somebody_elses_socket_is_closed(platform: Platform) -> None:
    async with platform.student() as one, platform.student() as other:
        other.id = one.id
        with pytest.raises(ConnectionClosed) as closed:
            async with other.socket() as socket:
                await socket.connection.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


@pytest.mark.plan("P-TOPIC-dead-letter")
async def test_a_poisoned_event_is_put_aside_and_the_next_one_is_handled(platform: Platform) -> None:
    connection = await asyncpg.connect(platform.owner_dsn())
    try:
        async with platform.student() as student:
            await connection.execute(
                """insert into bus_log (topic, part, key, ce)
                   select topic, part, $1, '{"specversion": "1.0", "id": 7, "planted": true}'
                   from bus_cursor where grp = 'triage' and topic = 'learning.requests'""",
                student.id,
            )
            assert (await student.ask("What is a list?"))["answer"]
        count = "select count(*) from bus_log where topic = 'learning.requests.dead-letter'"
        assert await connection.fetchval(count) > 0
    finally:
        await connection.close()


async def test_every_refusal_is_one_log_line(platform: Platform) -> None:
    request_id = uuid4().hex
    async with httpx.AsyncClient(base_url=platform.address("api-gateway")) as client:
        answer = await client.post("/api/v1/query", json={"query": "?"}, headers={"X-Request-Id": request_id})
    assert answer.status_code == 401

    async def is_logged() -> bool:
        return request_id in platform.logs()

    await eventually(is_logged)  # the line is written once the answer has left
    assert platform.logs().count(request_id) == 1
