"""Two instances of each service behave as one."""

import asyncio
import os
import signal

import httpx
import pytest

from bench.platform import Platform, Student


async def _status_of_ask(student: Student, query: str) -> int:
    return (await student.client.post("/api/v1/query", json={"query": query})).status_code


@pytest.mark.plan("WALK-replicas")
async def test_the_limit_of_questions_holds_in_sum(platform: Platform) -> None:
    async with platform.student() as student:
        statuses = await asyncio.gather(*(_status_of_ask(student, f"What is a list? {n}") for n in range(65)))
        refused = await student.client.post("/api/v1/query", json={"query": "one more"})
    assert statuses.count(202) == 60
    assert statuses.count(429) == 5
    assert int(refused.headers["Retry-After"]) >= 1


@pytest.mark.plan("WALK-replicas")
@pytest.mark.parametrize("service", ["api-gateway", "triage", "concepts", "websocket"])
async def test_killing_one_instance_loses_no_acknowledged_question(platform: Platform, service: str) -> None:
    async with platform.student() as student:
        acknowledged = []
        for number in range(20):
            if number == 5:
                os.kill(platform.pids(service)[0], signal.SIGKILL)
            acknowledged.append(await _ask_until_acknowledged(student, f"What is a list? {number}"))
        answers = [await _answer(student, query_id) for query_id in acknowledged]
    assert all(answers)
    assert len(set(acknowledged)) == 20


async def _ask_until_acknowledged(student: Student, query: str) -> str:
    """As a client does it: a request that died with its instance is sent again under the same key."""
    for _ in range(20):
        try:
            answer = await student.client.post(
                "/api/v1/query", json={"query": query}, headers={"Idempotency-Key": query}
            )
        except httpx.TransportError:
            await asyncio.sleep(0.1)
            continue
        if answer.status_code == 202:
            return str(answer.json()["query_id"])
        await asyncio.sleep(0.1)
    raise AssertionError("the question was not acknowledged")


async def _answer(student: Student, query_id: str) -> str | None:
    for _ in range(50):
        question = (await student.client.get(f"/api/v1/query/{query_id}")).json()
        if question.get("answer"):
            return str(question["answer"]["answer"])
        await asyncio.sleep(0.1)
    return None
