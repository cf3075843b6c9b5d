"""Attacks from outside that once succeeded, each over the real wire."""

import asyncio
import json
from uuid import uuid4

import asyncpg
import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from bench.platform import PASSWORD, Platform, Student

WHERE_FACTS_REST = ("bus_log", "events", "socket_frames", "questions", "rungs")


async def _rows_with(platform: Platform, word: str) -> dict[str, int]:
    """Table -> how many of its rows hold this word in the clear."""
    connection = await asyncpg.connect(platform.owner_dsn())
    try:
        count = "select count(*) from {} t where t::text like '%' || $1 || '%'"
        found = {table: await connection.fetchval(count.format(table), word) for table in WHERE_FACTS_REST}
    finally:
        await connection.close()
    return {table: rows for table, rows in found.items() if rows}


async def test_a_repeated_refresh_without_the_cookie_gets_nobodys_tokens(platform: Platform) -> None:
    address, key = platform.address("api-gateway"), {"Idempotency-Key": "refresh"}
    async with httpx.AsyncClient(base_url=address) as victim, httpx.AsyncClient(base_url=address) as attacker:
        body = {"email": f"{uuid4().hex}@school.example", "password": PASSWORD, "name": "Robin Reader"}
        assert (await victim.post("/api/v1/auth/register", json=body)).status_code == 201
        cookie = dict(victim.cookies)
        first = await victim.post("/api/v1/auth/refresh", headers=key)
        stolen = await attacker.post("/api/v1/auth/refresh", headers=key)
        victim.cookies = httpx.Cookies(cookie)
        repeated = await victim.post("/api/v1/auth/refresh", headers=key)
    assert first.status_code == 200
    assert stolen.status_code == 401
    assert "set-cookie" not in stolen.headers
    assert repeated.json() == first.json()


@pytest.mark.parametrize("event_id", ["2147483648", "99999999999999999999"])
async def test_an_event_id_that_no_stream_can_have_given_is_refused(platform: Platform, event_id: str) -> None:
    async with platform.student() as student:
        question = await student.ask("What is a list?")
        path = f"/api/v1/query/{question['query_id']}/stream"
        answer = await student.client.get(path, headers={"Last-Event-ID": event_id})
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == "last-event-id"


async def _use_up_runs(student: Student) -> None:
    connection = await asyncpg.connect(student.platform.owner_dsn())
    try:
        await connection.execute(
            """insert into limits (name, subject, hits, expires_at)
               values ('runs', $1, array_fill(clock_timestamp(), array[60]), now() + interval '1 minute')""",
            student.id,
        )
    finally:
        await connection.close()


async def test_code_to_be_explained_counts_as_a_run(platform: Platform) -> None:
    async with platform.student() as student:
        await _use_up_runs(student)
        asked = {"concept": "for loops", "code": "for i in range(3):\n    print(i)"}
        answer = await student.client.post("/api/v1/concepts/explain", json=asked)
        without_code = await student.client.post("/api/v1/concepts/explain", json={"concept": "for loops"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert without_code.status_code == 200


async def test_a_refusal_stays_small_however_many_fields_are_wrong(platform: Platform) -> None:
    body = {"query": "why?", "k" * 10_000: 1, **{f"k{number}": 1 for number in range(5_000)}}
    async with platform.student() as student:
        answer = await student.client.post("/api/v1/query", json=body)
        async with student.socket() as socket:
            await socket.send({"type": "ask", "data": body})
            frames = await socket.until("error")
    assert answer.status_code == 422
    assert len(answer.content) < 8_000
    assert len(json.dumps(frames[-1])) < 8_000


async def test_a_token_in_a_sockets_address_opens_nothing_and_is_not_logged(platform: Platform) -> None:
    async with platform.student() as student:
        address = platform.address("websocket").replace("http", "ws")
        async with connect(f"{address}/ws/chat/{student.id}?token={student.token}") as connection:
            await connection.send('{"type": "ping"}')
            with pytest.raises(ConnectionClosed) as closed:
                await connection.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401
        assert student.token not in platform.logs()


async def test_the_name_of_a_students_own_exception_stays_theirs(platform: Platform) -> None:
    word = f"Planted{uuid4().hex}"
    async with platform.student() as student:
        code = f"class {word}(Exception):\n    pass\n\nraise {word}"
        async with student.socket() as socket:
            run = (await student.client.post("/api/v1/code/execute", json={"code": code})).json()
            notice = (await socket.until("notice"))[-1]
    assert run["error"]["type"] == word
    assert notice["data"]["error_type"] == "other"
    assert await _rows_with(platform, word) == {}


@pytest.mark.parametrize("name", ["topic_id", "exercise_id", "session_id"])
async def test_a_sentence_is_no_id(platform: Platform, name: str) -> None:
    word = f"planted{uuid4().hex}"
    async with platform.student() as student:
        body = {"query": "What is a list?", "context": {name: f"I am {word}"}}
        answer = await student.client.post("/api/v1/query", json=body)
        await asyncio.sleep(0.1)
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == f"context.{name}"
    assert await _rows_with(platform, word) == {}


async def test_postgresqls_own_log_holds_no_values_of_a_row_that_failed(platform: Platform) -> None:
    word = f"planted{uuid4().hex}"
    connection = await asyncpg.connect(platform.owner_dsn())
    try:
        await connection.execute("create temp table t (x text check (length(x) < 3))")
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("insert into t values ($1)", word)
    finally:
        await connection.close()
    logs = platform.logs()
    assert "violates check constraint" in logs
    assert word not in logs


def test_every_log_is_its_owners_alone(platform: Platform) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in (platform.data / "logs").iterdir()}
    assert modes == dict.fromkeys(modes, 0o600)


async def test_help_from_the_hint_route_is_not_hidden_from_the_next_run(platform: Platform) -> None:
    context = {"exercise_id": f"exercise-{uuid4().hex}"}
    async with platform.student() as student, student.socket() as socket:
        hint = await student.client.post("/api/v1/debug/hint", json={"code": "print(nmae)", "context": context})
        await student.client.post("/api/v1/code/execute", json={"code": "print(1)", "context": context})
        kinds: dict[str, dict[str, object]] = {}
        while "code_executed" not in kinds:
            notice = (await socket.until("notice"))[-1]["data"]
            kinds[notice["kind"]] = notice
    assert hint.json()["hint_level"] == 1
    assert (kinds["code_executed"]["rung"], kinds["code_executed"]["aided"]) == (1, True)
