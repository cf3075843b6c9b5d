"""Many submissions of one student: nobody else waits for them, and they do not fill the service."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import orjson
import pytest

from learnflow.curriculum import Task, load_exercises
from learnflow.kit.database import Database
from learnflow.services.exercise import app
from learnflow.services.exercise.exercises_repository import LATEST_GENERATED
from tests.integration.exercises import exercises_with
from tests.integration.school import School

DRUMS = "control-flow/for-loops/drums"


class BusySandbox:
    """Holds every batch until it is let go, and knows whose are there."""

    def __init__(self) -> None:
        self.here: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.came = asyncio.Event()
        self.go = asyncio.Event()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        programs = orjson.loads(request.content)["programs"]
        whose = programs[0]["code"].split("#")[1].split()[0]
        self.here[whose] += 1
        self.most[whose] = max(self.most[whose], self.here[whose])
        if whose == "other":
            self.came.set()
        await self.go.wait()
        self.here[whose] -= 1
        result: dict[str, Any] = {"status": "ok", "stdout": "", "error": None, "files": []}
        return httpx.Response(200, json={"results": [result] * len(programs)})


@pytest.fixture
def sandbox() -> BusySandbox:
    return BusySandbox()


@pytest.fixture
async def client(
    school: School, settings_for: Callable[..., dict[str, Any]], sandbox: BusySandbox
) -> AsyncIterator[httpx.AsyncClient]:
    async with exercises_with(school, settings_for, sandbox.answer) as client:
        yield client


async def test_one_students_many_submissions_leave_room_for_anothers_one(
    school: School, client: httpx.AsyncClient, sandbox: BusySandbox
) -> None:
    one, other = await school.headers(await school.student()), await school.headers(await school.student())

    async def hand_in(headers: dict[str, str], code: str) -> int:
        body = {"exercise_id": DRUMS, "code": code}
        return (await client.post("/exercises/submit", json=body, headers=headers)).status_code

    async with asyncio.timeout(20):
        many = [asyncio.create_task(hand_in(one, f"print({n})  #one {n}")) for n in range(12)]
        await asyncio.wait(many, return_when=asyncio.FIRST_COMPLETED)
        single = asyncio.create_task(hand_in(other, "print(1)  #other"))
        await sandbox.came.wait()
        sandbox.go.set()
        answers = Counter(await asyncio.gather(*many))

    assert await single == 200
    assert sandbox.most["one"] == 1
    assert answers == {200: app.GRADINGS_OF_ONE, 429: 12 - app.GRADINGS_OF_ONE}


async def test_many_saves_of_one_draft_leave_the_database_to_others(school: School, client: httpx.AsyncClient) -> None:
    one, other = await school.headers(await school.student()), await school.headers(await school.student())

    async def save(headers: dict[str, str], code: str) -> int:
        return (await client.put(f"/exercises/{DRUMS}/draft", json={"code": code}, headers=headers)).status_code

    many = [asyncio.create_task(save(one, f"print({n})")) for n in range(100)]
    await asyncio.sleep(0.1)
    assert await save(other, "print(1)") == 200
    answers = Counter(await asyncio.gather(*many))
    assert set(answers) <= {200, 429}
    assert answers[200] >= 20


async def test_only_the_latest_of_very_many_generated_exercises_are_listed(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    student_id = await school.student()
    headers = await school.headers(student_id)
    before = (await client.get("/exercises", headers=headers)).json()["total"]
    await owner_database.execute(
        """insert into exercises (exercise_id, topic_id, origin, title, kind, difficulty, task, created_by, created_at)
           select 'generated/for-loops/one-' || n, 'control-flow/for-loops', 'generated', 't', 'write', 'easy', $2, $1,
                  now() - make_interval(secs => n) from generate_series(1, 300) n""",
        student_id,
        _task(),
    )
    listed = (await client.get("/exercises?limit=100&offset=100", headers=headers)).json()
    assert listed["total"] == before + LATEST_GENERATED


def _task() -> dict[str, Any]:
    task = Task.model_validate(load_exercises()[DRUMS].model_dump(include=set(Task.model_fields)))
    return task.model_dump(mode="json", exclude_defaults=True)
