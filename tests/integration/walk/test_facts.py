"""Every fact that the plan names happens, travels, and arrives in the log of all facts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest

from bench.platform import Platform, Student
from learnflow.contracts.events import EVENTS
from learnflow.runtime.demo import TEACHER
from tests.integration.school import eventually

TOPIC = "control-flow/for-loops"
EXERCISE = f"{TOPIC}/drums"
ASKED = (
    {"query": "How do for loops work?"},
    {"query": "Why does this fail?", "code": "marks = [7, 4]\nprint(marks[2])"},
    {"query": "Please review my code", "code": "total = 0\nfor n in [1, 2]:\n    total = total + n\nprint(total)"},
    {"query": "Give me an exercise on for loops"},
    {"query": "Give me a lesson on for loops"},
    {"query": "How far am I?"},
)


@asynccontextmanager
async def demo_teacher(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=platform.address("api-gateway") + "/api/v1", timeout=15) as client:
        body = {"email": TEACHER.email, "password": TEACHER.password}
        answer = await client.post("/auth/login", json=body)
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client


async def done(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    result: dict[str, Any] = answer.json()
    return result


async def _learn(student: Student) -> None:
    """What a student does in a day, a quiz below half among it."""
    client = student.client
    for question in ASKED:
        await student.ask(**question)
    await done(await client.post("/api/v1/progress/events", json={"type": "opened", "exercise_id": EXERCISE}))
    await done(await client.post("/api/v1/progress/events", json={"type": "heartbeat", "exercise_id": EXERCISE}))
    await done(await client.post("/api/v1/code/execute", json={"code": "print(1)"}))
    await done(await client.post(f"/api/v1/exercises/{EXERCISE}/submissions", json={"code": "print(1)"}))
    await done(await client.post("/api/v1/lessons", json={"course_id": "control-flow", "topic_id": TOPIC}))
    wanted = {"topic": "data-structures/lists", "difficulty": "easy"}
    await done(await client.post("/api/v1/exercises/generate", json=wanted))
    await _fail_a_quiz(client)


async def _fail_a_quiz(client: httpx.AsyncClient) -> None:
    """All wrong but one at most: an order as it stands, of several options the last."""
    for _ in range(3):
        quiz = await done(await client.get("/api/v1/quizzes", params={"topic_id": TOPIC}))
        answers = {
            question["question_id"]: [option["option"] for option in question["options"]][
                0 if question["kind"] == "order" else -1 :
            ]
            for question in quiz["questions"]
        }
        address = f"/api/v1/quizzes/{quiz['quiz_id']}/attempts"
        if (await done(await client.post(address, json={"answers": answers})))["score"] < 50:
            return
    pytest.fail("three blind guesses at a quiz were all right")


async def _teach(teacher: httpx.AsyncClient, student: Student) -> None:
    """The teacher assigns an exercise and closes the alert."""
    made = await done(await teacher.post("/classes", json={"name": "Facts"}))
    await done(await student.client.post("/api/v1/classes/join", json={"class_code": made["class_code"]}))
    await done(await teacher.post("/teacher/assignments", json={"exercise_id": EXERCISE, "student_ids": [student.id]}))
    alerts: list[dict[str, Any]] = []

    async def is_alarmed() -> bool:
        page = await done(await teacher.get("/teacher/alerts"))
        alerts[:] = [alert for alert in page["items"] if alert["student_id"] == student.id]
        return bool(alerts)

    await eventually(is_alarmed)
    await done(await teacher.post(f"/teacher/alerts/{alerts[0]['alert_id']}/resolve", json={}))


@pytest.mark.plan("P-EVT-known")
@pytest.mark.timeout(60)
async def test_every_fact_of_the_plan_is_produced_and_arrives(platform: Platform) -> None:
    async with platform.student() as student, demo_teacher(platform) as teacher:
        await _learn(student)
        await _teach(teacher, student)
        connection = await asyncpg.connect(platform.owner_dsn())
        missing = set(EVENTS)

        async def all_have_arrived() -> bool:
            rows = await connection.fetch("select distinct type from events where user_id = $1", student.id)
            missing.difference_update(row["type"] for row in rows)
            return not missing

        try:
            await eventually(all_have_arrived)
        except TimeoutError:
            pytest.fail(f"never arrived: {sorted(missing)}")
        finally:
            await connection.close()
