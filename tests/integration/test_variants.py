"""Every student has a variant of their own: shown, begun, graded and reviewed by it, and the teacher sees which."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from learnflow.curriculum import load_exercises
from tests.integration.exercises import exercises_with
from tests.integration.sandbox import Sandboxes
from tests.integration.school import School

NAME = "errors/custom-exceptions/check-seat"
TASK = load_exercises()[NAME]


@pytest.fixture
async def client(
    school: School, settings_for: Callable[..., dict[str, Any]], one_sandbox: Sandboxes
) -> AsyncIterator[httpx.AsyncClient]:
    async with exercises_with(school, settings_for, one_sandbox.answer) as client:
        yield client


async def two_who_differ(school: School) -> tuple[UUID, UUID]:
    one = await school.student()
    while TASK.variant_of(other := await school.student()) == TASK.variant_of(one):
        pass
    return one, other


async def read(school: School, client: httpx.AsyncClient, path: str, whose: UUID, role: Any = "student") -> Any:
    answer = await client.get(path, headers=await school.headers(whose, role))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def handed_in(school: School, client: httpx.AsyncClient, whose: UUID, code: str) -> Any:
    body = {"exercise_id": NAME, "code": code}
    answer = await client.post("/exercises/submit", json=body, headers=await school.headers(whose))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_each_student_sees_and_is_graded_by_their_own_variant(school: School, client: httpx.AsyncClient) -> None:
    one, other = await two_who_differ(school)
    for student, neighbour in ((one, other), (other, one)):
        mine, theirs = (TASK.as_variant(TASK.variant_of(who)) for who in (student, neighbour))
        shown = await read(school, client, f"/exercises/{NAME}", student)
        assert (shown["variant"], shown["statement"]) == (TASK.variant_of(student), mine.statement)
        assert shown["tests"][1]["call"] == mine.tests[1].call
        copied = await handed_in(school, client, student, theirs.reference)
        assert not copied["passed"]
        assert (await handed_in(school, client, student, mine.reference))["passed"]
        assert (await read(school, client, f"/exercises/{NAME}", student))["reference"] == mine.reference


async def test_the_teacher_sees_which_variant_it_was_and_opens_it(school: School, client: httpx.AsyncClient) -> None:
    student = await school.student()
    teacher, stranger = await school.teacher_of(student), await school.teacher_of(await school.student())
    await handed_in(school, client, student, TASK.starter)
    variant = TASK.variant_of(student)
    listed = await read(school, client, f"/submissions?user_id={student}", teacher, "teacher")
    assert [row["variant"] for row in listed["items"]] == [variant]
    opened = await read(school, client, f"/exercises/{NAME}?user_id={student}", teacher, "teacher")
    assert (opened["variant"], opened["statement"]) == (variant, TASK.as_variant(variant).statement)
    as_written = await read(school, client, f"/exercises/{NAME}", teacher, "teacher")
    assert (as_written["variant"], as_written["statement"]) == (None, TASK.statement)
    headers = await school.headers(stranger, "teacher")
    assert (await client.get(f"/exercises/{NAME}?user_id={student}", headers=headers)).status_code == 404


async def test_a_service_checks_a_program_by_the_variant_of_whose_it_is(
    school: School, client: httpx.AsyncClient
) -> None:
    one, other = await two_who_differ(school)
    headers = {"Authorization": f"Bearer {await school.service_token('code-review')}"}
    code = TASK.as_variant(TASK.variant_of(one)).reference
    for student, passed in ((one, True), (other, False)):
        body = {"exercise_id": NAME, "code": code, "user_id": str(student)}
        answer = await client.post("/exercises/check", json=body, headers=headers)
        assert answer.json()["passed"] is passed


async def test_the_smallest_failing_input_is_of_the_students_own_variant(
    school: School, client: httpx.AsyncClient
) -> None:
    _, student = await two_who_differ(school)
    graded = await handed_in(school, client, student, "def check(number):\n    return number + 1\n")
    found = (await read(school, client, f"/submissions/{graded['submission_id']}", student))["smallest_failing"]
    assert found is None or found["call"].startswith("check(")
