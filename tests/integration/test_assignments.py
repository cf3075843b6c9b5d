"""Assignments in the exercise service: given to one's own students, told once, done by passing; and best scores."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from learnflow.kit.database import Database
from learnflow.services.exercise.app import create
from learnflow.services.exercise.repository import NewSubmission, StoredGrade, Submissions
from learnflow.services.exercise.settings import Settings
from tests.integration.school import School, running

DRUMS, PLANTS = "control-flow/for-loops/drums", "data-structures/lists/dry-plants"


@pytest.fixture
async def client(school: School, settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[httpx.AsyncClient]:
    app = create(Settings(**settings_for("exercise")), keys=school.keys)
    async with running(app) as address, httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client:
        yield client


@pytest.fixture
async def exercise(database_for: Callable[[str], Awaitable[Database]]) -> Database:
    return await database_for("exercise")


async def hand_in(
    school: School, exercise: Database, student_id: UUID, exercise_id: str = DRUMS, *, score: float = 100, rung: int = 0
) -> None:
    """A graded submission, as the desk keeps it."""
    submissions, sealed = Submissions(exercise), await school.vault.seal(student_id, "code")
    new = NewSubmission(
        uuid4(), student_id, exercise_id, "control-flow/for-loops", sealed, uuid4().bytes, rung, rung > 0, None
    )
    async with exercise.transaction() as tx:
        await submissions.receive(tx, new)
    async with exercise.transaction() as tx:
        await submissions.keep_grade(tx, new.submission_id, StoredGrade(score, score == 100, 1, 1, None, sealed))


async def assign(
    school: School, client: httpx.AsyncClient, teacher_id: UUID, *student_ids: UUID, **more: Any
) -> httpx.Response:
    body = {"exercise_id": DRUMS, "student_ids": [str(student_id) for student_id in student_ids]} | more
    return await client.post("/assignments", json=body, headers=await school.headers(teacher_id, "teacher"))


async def todo(school: School, client: httpx.AsyncClient, student_id: UUID, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get("/assignments", params=query, headers=await school.headers(student_id))
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def told(school: School) -> list[dict[str, Any]]:
    rows = await school.gateway.fetch(
        "select ce from bus_log where ce ->> 'type' = 'learnflow.exercise.exercise_assigned.v1' order by xid, seq"
    )
    return [row["ce"] for row in rows]


async def test_each_student_of_the_class_has_it_to_do_and_is_told_once(
    school: School, client: httpx.AsyncClient
) -> None:
    students = [await school.student() for _ in range(3)]
    teacher_id, due = await school.teacher_of(*students), (datetime.now(UTC) + timedelta(days=7)).isoformat()

    answer = await assign(school, client, teacher_id, *students, due_at=due)

    assert (answer.status_code, answer.json()["total"], answer.json()["assigned"]) == (201, 3, 3)
    (item,) = await todo(school, client, students[0])
    assert (item["exercise_id"], item["topic_id"], item["done"]) == (DRUMS, "control-flow/for-loops", False)
    assert item["title"] != DRUMS
    events = await told(school)
    assert {event["subject"] for event in events} == {str(student_id) for student_id in students}
    assert {event["data"]["assigned_by"] for event in events} == {str(teacher_id)}


async def test_what_is_open_is_not_assigned_twice_even_at_once(school: School, client: httpx.AsyncClient) -> None:
    students = [await school.student() for _ in range(3)]
    teacher_id, other_id = await school.teacher_of(*students), await school.teacher_of(*students)

    answers = await asyncio.gather(
        *(assign(school, client, who, *order) for who in (teacher_id, other_id) for order in (students, students[::-1]))
    )

    assert sum(answer.json()["assigned"] for answer in answers) == 3
    assert len(await told(school)) == 3
    assert [len(await todo(school, client, student_id)) for student_id in students] == [1, 1, 1]


async def test_a_later_date_replaces_the_one_before(school: School, client: httpx.AsyncClient) -> None:
    teacher_id = await school.teacher_of(student_id := await school.student())
    first, later = ((datetime.now(UTC) + timedelta(days=days)).isoformat() for days in (1, 2))
    await assign(school, client, teacher_id, student_id, due_at=first)
    await assign(school, client, teacher_id, student_id, due_at=later)
    await assign(school, client, teacher_id, student_id)
    (item,) = await todo(school, client, student_id)
    assert datetime.fromisoformat(item["due_at"]) == datetime.fromisoformat(later)


async def test_passing_afterwards_makes_it_done_and_passing_before_does_not(
    school: School, client: httpx.AsyncClient, exercise: Database
) -> None:
    teacher_id = await school.teacher_of(student_id := await school.student())
    await hand_in(school, exercise, student_id)
    await assign(school, client, teacher_id, student_id)
    assert [item["done"] for item in await todo(school, client, student_id)] == [False]

    await hand_in(school, exercise, student_id, score=50)
    await hand_in(school, exercise, student_id, PLANTS)
    assert [item["done"] for item in await todo(school, client, student_id)] == [False]

    await hand_in(school, exercise, student_id)
    (item,) = await todo(school, client, student_id)
    assert (item["done"], item["done_at"] is not None) == (True, True)
    assert (await assign(school, client, teacher_id, student_id)).json()["assigned"] == 1
    assert [item["done"] for item in await todo(school, client, student_id)] == [False, True]
    assert [item["done"] for item in await todo(school, client, student_id, done=True)] == [True]


async def test_another_s_student_is_not_found_nobody_gets_it_and_the_look_is_recorded(
    school: School, client: httpx.AsyncClient
) -> None:
    own, foreign = await school.student(), await school.student()
    teacher_id = await school.teacher_of(own)
    for unknown in (foreign, uuid4(), teacher_id):
        assert (await assign(school, client, teacher_id, own, unknown)).status_code == 404
    assert await todo(school, client, own) == []
    seen = await school.gateway.fetch("select student_id, what, allowed from access_records order by allowed")
    assert [tuple(row) for row in seen] == [(foreign, "assignments", False), (own, "assignments", True)]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"exercise_id": "no/such/thing"}, 404),
        ({"exercise_id": "a sentence"}, 422),
        ({"student_ids": []}, 422),
        ({"student_ids": ["nobody"]}, 422),
        ({"due_at": "2020-01-01T00:00:00Z"}, 422),
        ({"due_at": "2099-01-01T00:00:00"}, 422),
        ({"more": 1}, 422),
    ],
)
async def test_a_wrong_assignment_changes_nothing(
    school: School, client: httpx.AsyncClient, change: dict[str, Any], status: int
) -> None:
    teacher_id = await school.teacher_of(student_id := await school.student())
    assert (await assign(school, client, teacher_id, student_id, **change)).status_code == status
    assert await todo(school, client, student_id) == []
    assert await told(school) == []


async def test_the_best_score_counts_and_success_without_help_stands_apart(
    school: School, client: httpx.AsyncClient, exercise: Database
) -> None:
    first, second = await school.student(), await school.student()
    teacher_id = await school.teacher_of(first, second)
    for score in (40, 80, 60):
        await hand_in(school, exercise, first, score=score)
    await hand_in(school, exercise, second, rung=2)
    headers = await school.headers(teacher_id, "teacher")

    answer = await client.post("/grades", json={"student_ids": [str(first), str(second)]}, headers=headers)

    rows = {row["student_id"]: row for row in answer.json()["items"]}
    names = ("best_score", "passed", "passed_unaided", "attempts")
    assert [rows[str(first)][name] for name in names] == [80, False, False, 3]
    assert [rows[str(second)][name] for name in names] == [100, True, False, 1]
    foreign = await school.student()
    refused = await client.post("/grades", json={"student_ids": [str(first), str(foreign)]}, headers=headers)
    assert refused.status_code == 404


async def test_a_teacher_reads_the_programs_of_their_students(
    school: School, client: httpx.AsyncClient, exercise: Database
) -> None:
    teacher_id = await school.teacher_of(student_id := await school.student())
    await hand_in(school, exercise, student_id)
    headers = await school.headers(teacher_id, "teacher")
    for query, seen in (({"with_code": "true"}, "code"), ({}, None)):
        answer = await client.get("/submissions", params={"user_id": str(student_id)} | query, headers=headers)
        assert [row["code"] for row in answer.json()["items"]] == [seen]
