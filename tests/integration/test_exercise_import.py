"""Exercises from outside: all of a file or nothing, each solved in the sandbox before it is stored."""

import copy
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from learnflow.kit.database import Database
from tests.integration.exercises import exercises_with
from tests.integration.sandbox import Sandboxes
from tests.integration.school import School

DOUBLE: dict[str, Any] = {
    "slug": "double-it",
    "topic_id": "functions/return-values",
    "title": "Double it",
    "statement": "Return `number` times two, as a whole number.",
    "starter": "def double(number):\n    return 0\n",
    "reference": "def double(number):\n    return number * FACTOR\n",
    "preamble": "FACTOR = 2\n",
    "tests": [
        {"call": "double(4)", "expected": "8"},
        {"call": "double(-1)", "expected": "-2", "hidden": True},
        {"call": "double(None)", "raises": "TypeError", "hidden": True},
    ],
}
GREET: dict[str, Any] = {
    "slug": "greet",
    "topic_id": "basics/input-output",
    "title": "Greet them",
    "statement": "Read a name. Print `Hello` and the name.",
    "starter": "name = input()\n",
    "reference": "name = input()\nprint('Hello', name)\n",
    "tests": [{"stdin": "Ada\n", "stdout": "Hello Ada"}],
}


@pytest.fixture
async def client(
    school: School, settings_for: Callable[..., dict[str, Any]], one_sandbox: Sandboxes
) -> AsyncIterator[httpx.AsyncClient]:
    async with exercises_with(school, settings_for, one_sandbox.answer) as client:
        yield client


async def operator(school: School) -> dict[str, str]:
    return {"Authorization": f"Bearer {await school.service_token('exercise')}"}


async def imported(school: School, client: httpx.AsyncClient, *entries: dict[str, Any]) -> httpx.Response:
    return await client.post("/exercises/import", json={"exercises": entries}, headers=await operator(school))


def changed(entry: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (copy.deepcopy(entry) | changes).items() if value is not None}


async def test_what_is_imported_is_listed_solved_and_exported_as_it_came(
    school: School, client: httpx.AsyncClient
) -> None:
    stored = await imported(school, client, DOUBLE, GREET)
    student = await school.headers(await school.student())
    listed = (await client.get("/exercises?topic_id=functions/return-values", headers=student)).json()
    shown = (await client.get("/exercises/imported/double-it", headers=student)).json()
    body = {"exercise_id": "imported/double-it", "code": "def double(number):\n    return number + number\n"}
    solved = (await client.post("/exercises/submit", json=body, headers=student)).json()
    exported = (await client.get("/exercises/export", headers=await operator(school))).json()

    assert stored.json() == {"ids": ["imported/double-it", "imported/greet"]}
    assert [(i["exercise_id"], i["origin"], i["core"]) for i in listed["items"] if i["origin"] != "course"] == [
        ("imported/double-it", "imported", False)
    ]
    assert (shown["hidden_tests"], shown["reference"]) == (2, None)
    assert (solved["passed"], solved["tests_total"]) == (True, 3)
    assert exported["exercises"] == [DOUBLE, GREET]


async def test_the_same_slug_again_takes_the_place_of_the_old_one(school: School, client: httpx.AsyncClient) -> None:
    await imported(school, client, GREET)
    await imported(school, client, changed(GREET, title="Say hello"))
    exported = (await client.get("/exercises/export", headers=await operator(school))).json()

    assert [entry["title"] for entry in exported["exercises"]] == ["Say hello"]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (
            changed(GREET, reference="name = input()\nprint('Hi', name)\n"),
            "entry 2 (greet): its reference fails test 1",
        ),
        (changed(GREET, starter=GREET["reference"]), "entry 2 (greet): its starter already passes every test"),
        (changed(GREET, reference="print("), "entry 2 (greet): its reference fails test 1: Python cannot read line 1"),
        (changed(GREET, reference="while True: pass"), "did not come to an end"),
        (changed(GREET, slug="double-it"), "stand twice: double-it"),
        (changed(GREET, forbid=["print()"]), "Solve it without `print()`"),
    ],
)
async def test_what_does_not_hold_what_it_says_is_named_and_nothing_is_stored(
    school: School, client: httpx.AsyncClient, owner_database: Database, broken: dict[str, Any], said: str
) -> None:
    answer = await imported(school, client, DOUBLE, broken)

    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert await owner_database.fetchval("select count(*) from exercises") == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"slug": "No Slug"}, "exercises.0.slug"),
        ({"title": None}, "exercises.0.title"),
        ({"topic_id": "no/topic"}, "exercises.0"),
        ({"tests": []}, "exercises.0.tests"),
        ({"tests": [{"call": "double(4)", "expected": "eight"}]}, "exercises.0.tests.0"),
        ({"tests": [{"call": "double(4)", "expected": "8", "hidden": True}]}, "exercises.0"),
        ({"tests": [{"call": "import os", "expected": "8"}]}, "exercises.0.tests.0"),
        ({"statement": "nothing \x00 at all"}, "exercises"),
        ({"points": 5}, "exercises.0.points"),
    ],
)
async def test_what_has_another_shape_is_refused_by_its_field(
    school: School, client: httpx.AsyncClient, changes: dict[str, Any], field: str
) -> None:
    answer = await imported(school, client, changed(DOUBLE, **changes))

    assert answer.status_code == 422
    assert field in str(answer.json())
