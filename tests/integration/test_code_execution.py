"""code-execution as others meet it: by HTTP, with a token, running real programs."""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bench.bases import spawned
from bench.sandbox_http import mutants
from learnflow.services.code_execution import canary, zygotes
from learnflow.services.code_execution.app import create
from learnflow.services.code_execution.isolation import Isolation
from learnflow.services.code_execution.settings import Settings

KEY = Ed25519PrivateKey.generate()
NOBODY_LISTENS = 40_000
"""A port offset at which no gateway runs."""
STUDENT, OTHER = uuid4(), uuid4()
LOOP = "print('begun', flush=True)\nwhile True: pass"


class KeysInHand:
    async def public_key(self, kid: str) -> Ed25519PublicKey | None:
        return KEY.public_key() if kid == "k" else None


def token(user_id: UUID = STUDENT, role: str = "student", **more: Any) -> dict[str, str]:
    now = datetime.now(UTC)
    claims = {"iss": "learnflow", "aud": "learnflow", "sub": str(user_id), "role": role, "iat": now, "jti": "j"}
    service = {"svc": "debug"} if role == "service" else {}
    whole = {**claims, "exp": now + timedelta(hours=2), **service, **more}
    return {"Authorization": "Bearer " + jwt.encode(whole, KEY, algorithm="EdDSA", headers={"kid": "k"})}


SERVICE = token(uuid4(), "service")


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    app = create(Settings(**settings), keys=KeysInHand())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as client,
    ):
        yield client


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving() as client:
        yield client


async def execute(client: httpx.AsyncClient, code: str, **more: Any) -> dict[str, Any]:
    headers = more.pop("headers", token())
    answer = await client.post("/execute", json={"code": code, **more}, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_program_runs_and_the_answer_says_how_it_was_shut_in(client: httpx.AsyncClient) -> None:
    answer = await execute(client, "print('hi', input())", stdin="Ada\n", context={"topic_id": "a/b"})
    assert (answer["status"], answer["stdout"], answer["exit_code"], answer["error"]) == ("ok", "hi Ada\n", 0, None)
    assert answer["isolation"]["level"] in {"L1", "L2", "L3"}
    assert answer["isolation"]["memory_limit_bytes"] == 50 * 1024 * 1024
    assert answer["isolation"]["memory_base_bytes"] > 0
    assert 0 < answer["duration_ms"] < 5000
    assert answer["peak_memory_bytes"] > 0


async def test_health_carries_the_isolation_and_ready_is_ready(client: httpx.AsyncClient) -> None:
    health = (await client.get("/health")).json()
    assert health["isolation"]["layers"]["seccomp"] == "active"
    assert (await client.get("/ready")).status_code == 200


async def test_an_error_comes_with_its_place_and_pythons_own_traceback(client: httpx.AsyncClient) -> None:
    answer = await execute(client, "def last(items):\n    return items[3]\n\nprint(last([1]))")
    error = answer["error"]
    assert (answer["status"], error["type"], error["line"], error["function"]) == ("error", "IndexError", 2, "last")
    assert (error["column"], error["end_column"], error["locals"]) == (11, 19, {"items": "[1]"})
    assert answer["stderr"].startswith('Traceback (most recent call last):\n  File "main.py", line 4, in <module>\n')
    assert "learnflow" not in answer["stderr"]


async def test_a_syntax_error_names_its_line(client: httpx.AsyncClient) -> None:
    answer = await execute(client, "x = 1\nif x\n    pass")
    assert (answer["error"]["type"], answer["error"]["line"]) == ("SyntaxError", 2)
    assert 'File "main.py", line 2' in answer["stderr"]


async def test_a_trace_shows_each_line_with_the_values_before_it(client: httpx.AsyncClient) -> None:
    answer = await execute(client, "total = 0\nfor n in [5, 7]:\n    total += n", trace=True)
    steps = [(step["line"], step["values"].get("total")) for step in answer["trace"]]
    assert steps == [(1, None), (2, "0"), (3, "0"), (2, "5"), (3, "5"), (2, "12"), (2, "12")]
    assert answer["trace"][-1]["final"]


async def test_a_trace_ends_after_a_thousand_steps_and_the_program_goes_on(client: httpx.AsyncClient) -> None:
    answer = await execute(client, "for n in range(5000):\n    pass\nprint(n)", trace=True)
    assert (len(answer["trace"]), answer["trace_truncated"], answer["stdout"]) == (1000, True, "4999\n")


async def test_without_a_wish_for_a_trace_there_is_none(client: httpx.AsyncClient) -> None:
    assert (await execute(client, "x = 1"))["trace"] is None


async def test_a_run_can_be_stopped_by_its_owner_alone_and_keeps_its_output(client: httpx.AsyncClient) -> None:
    execution_id = str(uuid4())
    run = asyncio.create_task(execute(client, LOOP, execution_id=execution_id))
    await asyncio.sleep(0.3)
    path = f"/execute/{execution_id}"
    assert (await client.delete(path, headers=token(OTHER))).status_code == 404
    assert (
        await client.post("/execute", json={"code": "1", "execution_id": execution_id}, headers=token(OTHER))
    ).status_code == 409
    assert (await client.delete(path, headers=token())).status_code == 202
    answer = await run
    assert (answer["status"], answer["stdout"], answer["execution_id"]) == ("killed", "begun\n", execution_id)
    assert (await client.delete(path, headers=token())).status_code == 404


async def test_a_third_run_of_one_student_waits_outside_and_others_do_not(client: httpx.AsyncClient) -> None:
    runs = [asyncio.create_task(execute(client, LOOP, timeout_s=1)) for _ in range(2)]
    await asyncio.sleep(0.2)
    refused = await client.post("/execute", json={"code": "1"}, headers=token())
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert (await execute(client, "print(1)", headers=token(OTHER)))["status"] == "ok"
    assert [answer["status"] for answer in await asyncio.gather(*runs)] == ["timeout", "timeout"]


async def test_a_full_queue_is_a_503_that_says_when_to_come_back() -> None:
    async with serving(live_runs=1, queued_runs=0) as client:
        run = asyncio.create_task(execute(client, LOOP, timeout_s=0.6))
        await asyncio.sleep(0.2)
        refused = await client.post("/execute", json={"code": "1"}, headers=token(OTHER))
        assert (refused.status_code, refused.json()["code"], refused.headers["Retry-After"]) == (
            503,
            "unavailable",
            "1",
        )
        assert (await run)["status"] == "timeout"


@pytest.mark.plan("P-API-batch")
async def test_a_batch_answers_in_order_and_is_for_services(client: httpx.AsyncClient) -> None:
    body = {"programs": [{"code": f"print({n})"} for n in range(6)] + [{"code": "1/0"}]}
    refused = await client.post("/execute/batch", json=body, headers=token())
    assert refused.status_code == 403
    answer = await client.post("/execute/batch", json=body, headers=SERVICE)
    results = answer.json()["results"]
    assert [result["stdout"] for result in results] == [f"{n}\n" for n in range(6)] + [""]
    assert results[6]["error"]["type"] == "ZeroDivisionError"


async def test_a_batch_whose_caller_has_hung_up_stops() -> None:
    app = create(Settings(batch_runs=1), keys=KeysInHand())
    body = json.dumps({"programs": [{"code": LOOP}] * 8}).encode()
    heads = {**SERVICE, "Content-Type": "application/json", "Content-Length": str(len(body))}
    headers = [(name.lower().encode(), value.encode()) for name, value in heads.items()]
    place = {"path": "/execute/batch", "raw_path": b"/execute/batch", "query_string": b"", "root_path": ""}
    scope = {"type": "http", "method": "POST", "headers": headers, "http_version": "1.1", "scheme": "http", **place}
    heard = [{"type": "http.request", "body": body}]
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if heard:
            return heard.pop()
        await asyncio.sleep(0.3)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    async with app.router.lifespan_context(app):
        await app({**scope, "asgi": {"version": "3.0"}, "server": ("sandbox", 80), "client": None}, receive, send)  # type: ignore[arg-type]
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client, asyncio.timeout(20):
            after = await client.post("/execute/batch", json={"programs": [{"code": "print(1)"}]}, headers=SERVICE)

    assert said[0]["status"] == 503
    assert after.json()["results"][0]["stdout"] == "1\n"  # eight loops would have held the only place for 40 seconds


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"code": "x" * 10_001}, "code"),
        ({"code": "a\0"}, "code"),
        ({}, "code"),
        ({"code": "1", "timeout_s": 6}, "timeout_s"),
        ({"code": "1", "files": {"../x": "1"}}, "files"),
        ({"code": "1", "execution_id": "me"}, "execution_id"),
    ],
)
async def test_malformed_requests_are_422_and_name_the_field(
    client: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    answer = await client.post("/execute", json=body, headers=token())
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"].startswith(field)


async def test_nobody_runs_anything_without_a_good_token(client: httpx.AsyncClient) -> None:
    forged = jwt.encode({"sub": str(STUDENT)}, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": "k"})
    expired = token(exp=datetime.now(UTC) - timedelta(minutes=1))
    for headers in ({}, {"Authorization": f"Bearer {forged}"}, expired):
        assert (await client.post("/execute", json={"code": "1"}, headers=headers)).status_code == 401
    assert (await client.post("/execute", json={"code": "1"}, headers=token(role="admin"))).status_code == 200


@pytest.mark.parametrize(("lowest_level", "status"), [(1, 503), (0, 200)])
async def test_below_the_lowest_level_nothing_runs_and_the_reason_is_said(
    monkeypatch: pytest.MonkeyPatch, lowest_level: int, status: int
) -> None:
    async def judge_badly(zygote: object) -> Isolation:
        return Isolation(0, reason="seccomp is absent")

    monkeypatch.setattr(canary, "judge_zygote", judge_badly)
    monkeypatch.setattr(zygotes, "judge_zygote", judge_badly)
    async with serving(lowest_level=lowest_level) as client:
        answer = await client.post("/execute", json={"code": "print(1)"}, headers=token())
        assert answer.status_code == (await client.get("/ready")).status_code == status
        assert "seccomp is absent" in answer.text
        assert (await client.get("/health")).json()["isolation"]["level"] == "L0"


async def test_the_service_alone_with_an_empty_environment_reaches_no_database() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    reading, writing = os.pipe()
    os.write(writing, json.dumps({"log_level": "warning", "port_offset": NOBODY_LISTENS}).encode())
    os.close(writing)
    command = [sys.executable, "-I", "-X", "utf8", "-m", "learnflow.services.code_execution"]
    with (
        listening,
        subprocess.Popen(  # noqa: ASYNC220 - it starts in a millisecond
            [*command, "--listen-fd", str(listening.fileno()), "--settings-fd", str(reading)],
            env={},
            cwd="/",
            pass_fds=(listening.fileno(), reading),
        ) as process,
    ):
        os.close(reading)
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
                health = (await client.get("/health", timeout=15)).json()
                away = await client.post("/execute", json={"code": "1"}, headers=token())
        finally:
            process.terminate()
    assert health["isolation"]["level"] in {"L1", "L2", "L3"}
    assert away.status_code == 503  # no gateway, so no key to check the token with
    assert process.returncode in {0, -15}


def test_neither_database_nor_bus_nor_tutor_is_imported() -> None:
    code = "import sys, learnflow.services.code_execution.app\nprint(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"asyncpg", "aiokafka", "learnflow.kit.database", "learnflow.kit.bus", "learnflow.tutor"} & set(found)


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_a_batch_of_mutants_costs_less_than_an_interpreter_for_each(client: httpx.AsyncClient) -> None:
    """The goal is 0.3 (bench sandbox says the time); as nice as the sandbox's programs, so that load meets both."""
    body = {"programs": mutants()}
    ratios = []
    for _ in range(3):
        base = statistics.median(spawned.durations_ms(["/usr/bin/nice", "-n", "10", *spawned.python()], 20))
        began = time.perf_counter()
        answer = await client.post("/execute/batch", json=body, headers=SERVICE)
        ratios.append((time.perf_counter() - began) * 1000 / len(body["programs"]) / base)
        assert {result["status"] for result in answer.json()["results"]} == {"ok"}
    assert min(ratios) <= 1.0
