"""Generated exercises: checked in real sandboxes before anybody sees them, solved like any other, told once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from learnflow.contracts.errors import Unavailable
from learnflow.kit.database import Database
from learnflow.kit.invoke import Invoker
from learnflow.services.exercise.app import create
from learnflow.services.exercise.settings import Settings
from tests.answering import Answering
from tests.integration.exercises import exercises_with
from tests.integration.sandbox import Sandboxes
from tests.integration.school import School, running


@pytest.fixture
async def database(database_for: Callable[[str], Awaitable[Database]]) -> Database:
    return await database_for("exercise")


@pytest.fixture
async def client(
    school: School, settings_for: Callable[..., dict[str, Any]], one_sandbox: Sandboxes
) -> AsyncIterator[httpx.AsyncClient]:
    async with exercises_with(school, settings_for, one_sandbox.answer) as client:
        yield client


async def made(client: httpx.AsyncClient, headers: dict[str, str], **wish: Any) -> list[dict[str, Any]]:
    answer = await client.post("/exercises/generate", json=wish, headers=headers)
    assert answer.status_code == 201, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    assert answer.json()["total"] == len(items)
    return items


@pytest.mark.plan("P-TOPIC-exercise.generated")
async def test_list_comprehensions_in_words_give_exercises_that_can_be_solved(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id = await school.student()
    headers = await school.headers(student_id)

    items = await made(client, headers, topic="easy exercises on list comprehensions", difficulty="easy", count=2)

    assert len({item["exercise_id"] for item in items}) == len({item["statement"] for item in items}) == 2
    for item in items:
        assert (item["topic_id"], item["origin"], item["core"]) == ("data-structures/lists", "generated", False)
        assert (item["difficulty"], item["skills"], item["reference"]) == ("easy", ["comprehension"], None)
        task = await database.fetchval("select task from exercises where exercise_id = $1", item["exercise_id"])
        for code, passed in ((task["reference"], True), (task["starter"], False)):
            body = {"exercise_id": item["exercise_id"], "code": code}
            graded = (await client.post("/exercises/submit", json=body, headers=headers)).json()
            assert graded["passed"] is passed
    events = await database.fetch(
        "select ce from bus_log where topic = 'exercise.generated' and ce ->> 'subject' = $1 order by seq",
        str(student_id),
    )
    assert [row["ce"]["data"] for row in events] == [
        {"exercise_id": item["exercise_id"], "topic_id": "data-structures/lists", "difficulty": "easy"}
        for item in items
    ]


async def test_a_teacher_sees_the_reference_of_what_was_made_for_them(
    school: School, client: httpx.AsyncClient
) -> None:
    teacher_id = await school.student()
    headers = await school.headers(teacher_id, "teacher")

    (item,) = await made(client, headers, topic="control-flow/for-loops", difficulty="medium")

    assert "for " in item["reference"]
    assert item["hidden_tests"] >= 3


async def test_what_was_made_for_one_person_is_not_in_another_s_list(school: School, client: httpx.AsyncClient) -> None:
    maker, other = [await school.headers(await school.student()) for _ in range(2)]
    (item,) = await made(client, maker, topic="conditionals", difficulty="easy")

    async def listed(headers: dict[str, str]) -> set[str]:
        page = await client.get("/exercises?topic_id=control-flow/conditionals&limit=100", headers=headers)
        return {one["exercise_id"] for one in page.json()["items"]}

    assert item["exercise_id"] in await listed(maker)
    assert item["exercise_id"] not in await listed(other)


async def test_at_high_mastery_an_exercise_comes_without_its_hint(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    headers = await school.headers(await school.student())
    (low,) = await made(client, headers, topic="while loops", difficulty="easy", mastery_level=70)
    (high,) = await made(client, headers, topic="while loops", difficulty="easy", mastery_level=71)

    tasks = [
        await database.fetchval("select task from exercises where exercise_id = $1", one["exercise_id"])
        for one in (low, high)
    ]
    assert "hints" in tasks[0]
    assert "hints" not in tasks[1]


@pytest.mark.parametrize("topic", ["quantum computing", "libraries/nothing", "the weather in June", "///", "oop"])
async def test_a_topic_without_template_says_which_have_one(
    school: School, client: httpx.AsyncClient, topic: str
) -> None:
    headers = await school.headers(await school.student())

    answer = await client.post("/exercises/generate", json={"topic": topic, "difficulty": "easy"}, headers=headers)

    assert answer.status_code == 422
    assert "For loops" in answer.json()["detail"]
    assert answer.json()["fields"][0]["field"] == "topic"


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"topic": "lists"},
        {"topic": "lists", "difficulty": "harder"},
        {"topic": "lists", "difficulty": "easy", "count": 0},
        {"topic": "lists", "difficulty": "easy", "count": 6},
        {"topic": "lists", "difficulty": "easy", "mastery_level": 101},
        {"topic": "l", "difficulty": "easy"},
        {"topic": "lists" * 50, "difficulty": "easy"},
        {"topic": "li\x00sts", "difficulty": "easy"},
        {"topic": "lists", "difficulty": "easy", "seed": 3},
    ],
)
async def test_a_wish_that_is_none_is_refused(school: School, client: httpx.AsyncClient, wish: dict[str, Any]) -> None:
    headers = await school.headers(await school.student())

    assert (await client.post("/exercises/generate", json=wish, headers=headers)).status_code == 422


async def test_without_a_sandbox_nothing_is_made(
    school: School, database: Database, settings_for: Callable[..., dict[str, Any]]
) -> None:
    def away(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("away")

    settings = Settings(**settings_for("exercise"))
    invoker = Invoker(settings, client=Answering(away))
    student_id: UUID = await school.student()
    wish = {"topic": "lists", "difficulty": "easy"}
    async with (
        running(create(settings, keys=school.keys, invoker=invoker)) as address,
        httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client,
    ):
        answer = await client.post("/exercises/generate", json=wish, headers=await school.headers(student_id))

    assert answer.status_code == Unavailable.status
    assert "Try again" in answer.json()["detail"]
    assert await database.fetchval("select count(*) from exercises where created_by = $1", student_id) == 0


async def test_more_than_ten_wishes_a_minute_have_to_wait(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id = await school.student()
    await database.execute(
        "insert into limits (name, subject, hits, expires_at) values ('generation', $1,"
        " array_fill(clock_timestamp(), array[10]), now() + interval '1 minute')",
        str(student_id),
    )
    wish = {"topic": "lists", "difficulty": "easy"}

    answer = await client.post("/exercises/generate", json=wish, headers=await school.headers(student_id))

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
