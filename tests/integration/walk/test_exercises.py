"""Practice by the public API, on two instances of each service with the real sandbox between them."""

from typing import Any
from uuid import uuid4

import pytest

from bench.platform import Platform
from learnflow.curriculum import load_exercises

PLANTS = "data-structures/lists/dry-plants"
PATH = f"/api/v1/exercises/{PLANTS}"
TASK = load_exercises()[PLANTS]


@pytest.mark.plan("P-EP-exercises")
async def test_an_exercise_is_opened_tried_and_solved(platform: Platform) -> None:
    async with platform.student() as student:
        listed = (await student.client.get("/api/v1/exercises?topic_id=data-structures/lists&difficulty=medium")).json()
        opened = (await student.client.get(PATH)).json()
        tried = (await student.client.post(f"{PATH}/submissions", json={"code": TASK.wrong[0].code})).json()
        solved = (await student.client.post(f"{PATH}/submissions", json={"code": TASK.reference})).json()
        read = (await student.client.get(f"/api/v1/submissions/{tried['submission_id']}")).json()
        own = (await student.client.get(f"/api/v1/submissions?exercise_id={PLANTS}")).json()
        after = (await student.client.get(PATH)).json()

    assert PLANTS in [item["exercise_id"] for item in listed["items"]]
    assert {item["difficulty"] for item in listed["items"]} == {"medium"}
    assert (opened["passed"], opened["reference"], opened["hidden_tests"]) == (False, None, 3)
    assert (tried["passed"], tried["attempt_no"], solved["passed"], solved["attempt_no"]) == (False, 1, True, 2)
    assert read["code"] == TASK.wrong[0].code
    assert [row["attempt_no"] for row in own["items"]] == [2, 1]
    assert after["reference"] == TASK.reference


async def test_a_student_cannot_say_what_help_they_had_the_gateway_knows(platform: Platform) -> None:
    async with platform.student() as student:
        lied = await student.client.post(f"{PATH}/submissions", json={"code": "", "rung": 0, "aided": False})
        hint = {"code": "print(nmae)", "context": {"exercise_id": PLANTS}}
        await student.client.post("/api/v1/debug/hint", json=hint)
        tried = (await student.client.post(f"{PATH}/submissions", json={"code": TASK.wrong[0].code})).json()
        read = (await student.client.get(f"/api/v1/submissions/{tried['submission_id']}")).json()

    assert lied.status_code == 422
    assert (read["rung"], read["aided"], read["helped_by"]) == (1, True, "debug")


async def test_a_draft_is_kept_whichever_instance_is_asked(platform: Platform) -> None:
    async with platform.student() as student:
        starter = (await student.client.get(f"{PATH}/draft")).json()
        saved = [(await student.client.put(f"{PATH}/draft", json={"code": f"n = {n % 2}"})).json() for n in (1, 1, 2)]
        latest = (await student.client.get(f"{PATH}/draft")).json()
        versions = (await student.client.get(f"{PATH}/draft/versions")).json()

    assert (starter["version"], starter["code"]) == (0, TASK.starter)
    assert [draft["version"] for draft in saved] == [1, 1, 2]
    assert latest["code"] == "n = 0"
    assert [item["code"] for item in versions["items"]] == ["n = 0", "n = 1"]


async def test_the_twenty_first_submission_of_a_minute_has_to_wait(platform: Platform) -> None:
    async with platform.student() as student:
        # one after the other: more than six at once have to wait for another reason
        answers = [
            await student.client.post(f"{PATH}/submissions", json={"code": f"def ({number}"}) for number in range(21)
        ]

    assert sorted(answer.status_code for answer in answers) == [200] * 20 + [429]
    (refused,) = [answer for answer in answers if answer.status_code == 429]
    assert int(refused.headers["Retry-After"]) >= 1
    numbers = [answer.json()["attempt_no"] for answer in answers if answer.status_code == 200]
    assert sorted(numbers) == list(range(1, 21))


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/v1/exercises/no/such/one", None, 404),
        ("GET", "/api/v1/exercises/a/%2e%2e/%2e%2e/submissions", None, 404),
        ("GET", "/api/v1/exercises?difficulty=nope", None, 422),
        ("GET", "/api/v1/exercises?limit=1000", None, 422),
        ("GET", f"{PATH}/full", None, 404),
        ("GET", "/api/v1/exercises/export", None, 404),
        ("POST", f"{PATH}/submissions", {}, 422),
        ("POST", f"{PATH}/submissions", {"code": "x" * 10_001}, 422),
        ("POST", "/api/v1/exercises/no/such/one/submissions", {"code": ""}, 404),
        ("PUT", f"{PATH}/draft", {"code": 5}, 422),
        ("GET", f"/api/v1/submissions/{uuid4()}", None, 404),
    ],
)
async def test_what_is_not_there_or_not_right_is_said_so(
    platform: Platform, method: str, path: str, body: Any, status: int
) -> None:
    async with platform.student() as student:
        answer = await student.client.request(method, path, json=body)

    assert answer.status_code == status
    assert answer.json()["code"] in {"not_found", "invalid"}
