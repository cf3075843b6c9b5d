"""The signs of work that a student may send through the gateway, and everything else that they may not."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from learnflow.services.api_gateway.app import create
from learnflow.services.api_gateway.settings import Settings
from tests.integration.school import School, running

DRUMS = "control-flow/for-loops/drums"


@pytest.fixture
async def gateway(school: School, settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(**settings_for("api-gateway", progress_events_per_minute=5))
    async with (
        running(create(settings)) as address,
        httpx.AsyncClient(base_url=f"http://{address}/api/v1", trust_env=False) as client,
    ):
        yield client


@pytest.mark.plan("P-EP-progress-events")
@pytest.mark.parametrize(
    ("sign", "kind", "data"),
    [
        ({"type": "opened", "exercise_id": DRUMS}, "exercise_opened", {"exercise_id": DRUMS}),
        ({"type": "heartbeat", "exercise_id": DRUMS}, "student_active", {"kind": "heartbeat", "exercise_id": DRUMS}),
        (
            {"type": "step_done", "topic_id": "basics/variables", "step": 2},
            "student_active",
            {"kind": "step_done", "topic_id": "basics/variables", "step": 2},
        ),
    ],
)
async def test_a_sign_of_work_becomes_a_fact(
    school: School, gateway: httpx.AsyncClient, sign: dict[str, Any], kind: str, data: dict[str, Any]
) -> None:
    student_id = await school.student()
    answer = await gateway.post("/progress/events", json=sign, headers=await school.headers(student_id))
    assert (answer.status_code, answer.json()) == (202, {"accepted": True})
    (row,) = await school.gateway.fetch("select ce from bus_log where ce ->> 'subject' = $1", str(student_id))
    assert row["ce"]["type"].split(".")[2] == kind
    assert {name: value for name, value in row["ce"]["data"].items() if value is not None} == data


@pytest.mark.parametrize(
    "sign",
    [
        {"type": "graded", "exercise_id": DRUMS},
        {"type": "opened", "exercise_id": DRUMS, "score": 100},
        {"type": "heartbeat", "mastery": 100},
        {"type": "opened"},
        {"type": "opened", "exercise_id": "a sentence of mine"},
        {"type": "opened", "exercise_id": "x" * 101},
        {"type": "opened", "exercise_id": DRUMS, "user_id": str(uuid4())},
        {"type": "step_done", "step": -1},
        {"type": "step_done", "lesson_id": "first"},
        {},
        [],
    ],
)
async def test_anything_else_is_refused_and_nobody_hears_of_it(
    school: School, gateway: httpx.AsyncClient, sign: Any
) -> None:
    student_id = await school.student()
    answer = await gateway.post("/progress/events", json=sign, headers=await school.headers(student_id))
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert await school.gateway.fetchval("select count(*) from bus_log") == 0


async def test_signs_are_limited_per_student(school: School, gateway: httpx.AsyncClient) -> None:
    one, two = await school.headers(await school.student()), await school.headers(await school.student())
    beat = {"type": "heartbeat"}
    seen = [(await gateway.post("/progress/events", json=beat, headers=one)).status_code for _ in range(6)]
    assert seen == [202] * 5 + [429]
    assert (await gateway.post("/progress/events", json=beat, headers=two)).status_code == 202


async def test_a_teacher_sends_no_signs_of_work(school: School, gateway: httpx.AsyncClient) -> None:
    headers = await school.headers(await school.student(), "teacher")
    assert (await gateway.post("/progress/events", json={"type": "heartbeat"}, headers=headers)).status_code == 403
