"""The course agent on a real log and a real state store; progress behind the invoker is a function of the test's."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from learnflow.contracts.events import LessonRequested
from learnflow.contracts.sealed import SealedText
from learnflow.curriculum import load_exercises
from learnflow.curriculum.variants import AS_WRITTEN
from learnflow.kit.database import Database
from learnflow.kit.principal import service_id
from learnflow.services.course_agent.app import create
from learnflow.services.course_agent.settings import Settings
from tests.answering import Reply
from tests.integration.school import School, eventually, facts_of, service_with

Opened = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
LOOPS = "control-flow/for-loops"
TEACH = """
with made as (insert into classes (id, name, join_code, created_by)
              values (gen_random_uuid(), 'lf1.x', 'ABCDEFGH', $1) returning id),
     taught as (insert into class_teachers (class_id, teacher_id, is_owner) select id, $1, true from made)
insert into enrolments (class_id, student_id) select id, $2 from made
"""

RESEND = """
insert into bus_log (topic, part, key, ce) select topic, part, key, ce || $2 from bus_log where ce ->> 'id' = $1
"""


def standing(**mastery: int) -> dict[str, Any]:
    topics = [{"id": name.replace("__", "/").replace("_", "-"), "mastery": m} for name, m in mastery.items()]
    return {"modules": [{"id": "m", "topics": topics}]}


def progress(answer: dict[str, Any]) -> Callable[[httpx.Request], httpx.Response]:
    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/service-token"):
            return httpx.Response(200, json={"access_token": "own", "expires_in": 1800})
        assert request.url.path.startswith("/progress/")
        return httpx.Response(200, json=answer)

    return respond


def away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("connection refused", request=request)


@pytest.fixture
def opened(school: School, settings_for: Callable[..., dict[str, Any]]) -> Opened:
    def open_with(others: Reply, **more: object) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        return service_with(school, create, Settings(**settings_for("course-agent", **more)), others)

    return open_with


@pytest.fixture
async def client(opened: Opened) -> AsyncIterator[httpx.AsyncClient]:
    async with opened(progress(standing())) as client:
        yield client


async def make(client: httpx.AsyncClient, school: School, student_id: UUID, **body: object) -> httpx.Response:
    asked = {"course_id": "control-flow", "user_id": str(student_id), **body}
    return await client.post("/generate-lesson", json=asked, headers=await school.headers(student_id))


async def requested(school: School, student_id: UUID, query: str, **more: Any) -> UUID:
    request = LessonRequested(
        query_id=uuid4(),
        query=await school.vault.seal(student_id, query),
        intent="lesson",
        confidence=0.9,
        **more,
    )
    await school.publish(student_id, request)
    return request.query_id


async def answered(school: School, student_id: UUID, query_id: UUID) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """The answer's data, its text and its details; there is one answer only."""
    (answer,) = await school.published("learning.responses", query_id)
    data = answer["data"]
    text = await school.vault.open(student_id, SealedText(data["answer"]))
    return data, text, json.loads(await school.vault.open(student_id, SealedText(data["details"])))


@pytest.mark.plan("P-SVC-course-agent", "P-API-generate-lesson")
async def test_a_lesson_is_made_kept_and_told(school: School, client: httpx.AsyncClient) -> None:
    student_id = await school.student()
    made = await make(client, school, student_id, topic_id=LOOPS)
    lesson = made.json()
    headers = await school.headers(student_id)
    kept = await client.get(f"/lessons/{lesson['lesson_id']}", headers=headers)
    page = (await client.get("/lessons", headers=headers)).json()
    (generated,) = await school.published("progress.events", UUID(lesson["lesson_id"]))

    assert made.status_code == 201, made.text
    assert {"lesson_id", "title", "content", "steps", "created_at"} <= set(lesson)
    assert lesson["content"].startswith("# For loops")
    assert (lesson["steps"][0]["kind"], lesson["difficulty_level"]) == ("before", "easy")
    assert kept.json() == lesson
    assert [item["lesson_id"] for item in page["items"]] == [lesson["lesson_id"]]
    assert generated["data"]["topic_id"] == LOOPS
    assert generated["data"]["steps"] == len(lesson["steps"]) == lesson["step_count"]
    assert generated["subject"] == str(student_id)


async def test_what_the_student_knows_makes_the_lesson_shorter_and_deeper(school: School, opened: Opened) -> None:
    student_id = await school.student()
    async with opened(progress(standing())) as client:
        new = (await make(client, school, student_id, topic_id=LOOPS)).json()
    async with opened(progress(standing(basics__variables=95, control_flow__for_loops=60))) as client:
        later = (await make(client, school, student_id, topic_id=LOOPS)).json()
    assert later["difficulty_level"] == "medium"
    assert later["steps"][0]["kind"] == "recall"
    assert new["steps"][0]["kind"] == "before"


async def test_without_a_topic_the_next_one_of_the_module_is_taught(school: School, opened: Opened) -> None:
    async with opened(progress(standing(control_flow__conditionals=80))) as client:
        lesson = (await make(client, school, await school.student())).json()
    assert lesson["topic_id"] == LOOPS


async def test_while_progress_is_away_a_beginner_s_lesson_is_made(school: School, opened: Opened) -> None:
    student_id = await school.student()
    async with opened(away) as client:
        made = await make(client, school, student_id, topic_id=LOOPS)
        step = await client.get("/next-step", headers=await school.headers(student_id))
    assert (made.status_code, made.json()["difficulty_level"]) == (201, "easy")
    assert step.json()["topic_id"] == "basics/variables"


async def test_the_list_is_paged_newest_first_and_filtered(school: School, client: httpx.AsyncClient) -> None:
    student_id = await school.student()
    made = [
        (await make(client, school, student_id, **body)).json()["lesson_id"]
        for body in (
            {"topic_id": LOOPS},
            {"lesson_type": "overview"},
            {"course_id": "basics", "lesson_type": "review", "difficulty_level": "hard"},
        )
    ]
    headers = await school.headers(student_id)

    async def page(query: str) -> dict[str, Any]:
        found: dict[str, Any] = (await client.get(f"/lessons?{query}", headers=headers)).json()
        return found

    first, second = await page("limit=2"), await page("limit=2&offset=2")
    assert [item["lesson_id"] for item in first["items"] + second["items"]] == made[::-1]
    assert (first["total"], first["next"], second["next"]) == (3, 2, None)
    assert [item["lesson_id"] for item in (await page("course_id=basics"))["items"]] == [made[2]]
    assert [item["lesson_id"] for item in (await page("lesson_type=overview"))["items"]] == [made[1]]


async def test_lessons_made_at_once_are_all_in_the_list(school: School, client: httpx.AsyncClient) -> None:
    student_id = await school.student()
    answers = await asyncio.gather(*(make(client, school, student_id, topic_id=LOOPS) for _ in range(6)))
    page = (await client.get("/lessons", headers=await school.headers(student_id))).json()
    assert {answer.status_code for answer in answers} == {201}
    assert {item["lesson_id"] for item in page["items"]} == {answer.json()["lesson_id"] for answer in answers}


async def test_the_oldest_lesson_makes_room(school: School, opened: Opened, owner_database: Database) -> None:
    student_id = await school.student()
    async with opened(progress(standing()), lessons_kept=2) as client:
        made = [(await make(client, school, student_id, topic_id=LOOPS)).json()["lesson_id"] for _ in range(3)]
        headers = await school.headers(student_id)
        gone = await client.get(f"/lessons/{made[0]}", headers=headers)
        page = (await client.get("/lessons", headers=headers)).json()
    assert gone.status_code == 404
    assert [item["lesson_id"] for item in page["items"]] == made[:0:-1]
    assert await owner_database.fetchval("select count(*) from state") == 3


async def test_erasing_a_student_erases_their_lessons_and_nobody_else_s(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    erased, other = await school.student(), await school.student()
    for student_id in (erased, other):
        await make(client, school, student_id, topic_id=LOOPS)
    await owner_database.execute("select erase_student($1)", erased)
    left = await owner_database.fetch("select key from state")
    assert len(left) == 2
    assert all(str(other) in row["key"] for row in left)


async def test_lessons_are_limited_by_person_and_minute(school: School, opened: Opened) -> None:
    student_id = await school.student()
    async with opened(progress(standing()), lessons_per_minute=1) as client:
        first, second = [await make(client, school, student_id) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 429)
    assert int(second.headers["Retry-After"]) > 0


async def test_a_teacher_makes_a_lesson_for_their_own_student_only(school: School, client: httpx.AsyncClient) -> None:
    student_id, teacher_id = await school.student(), await school.student()
    await school.gateway.execute("update users set role = 'teacher' where id = $1", teacher_id)
    headers = await school.headers(teacher_id, "teacher")
    body = {"course_id": "basics", "user_id": str(student_id)}
    refused = await client.post("/generate-lesson", json=body, headers=headers)
    await school.gateway.execute(TEACH, teacher_id, student_id)
    made = await client.post("/generate-lesson", json=body, headers=headers)
    seen = await client.get(f"/lessons/{made.json()['lesson_id']}?user_id={student_id}", headers=headers)
    assert (refused.status_code, made.status_code, seen.status_code) == (404, 201, 200)


async def test_a_lesson_for_nobody_is_refused(school: School, client: httpx.AsyncClient) -> None:
    token = (await school.keys.issue(service_id("triage"), "service", service="triage")).token
    body = {"course_id": "basics", "user_id": str(uuid4())}
    answer = await client.post("/generate-lesson", json=body, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 404


WRONG: list[tuple[dict[str, object], str]] = [
    ({"course_id": "no-such-module"}, "course_id"),
    ({"course_id": "my own words"}, "course_id"),
    ({"course_id": "x" * 101}, "course_id"),
    ({"course_id": None}, "course_id"),
    ({"topic_id": "data-structures/lists"}, "topic_id"),
    ({"topic_id": "control-flow/nothing"}, "topic_id"),
    ({"user_id": "me"}, "user_id"),
    ({"lesson_type": "song"}, "lesson_type"),
    ({"difficulty_level": "Beginner"}, "difficulty_level"),
    ({"surprise": 1}, "surprise"),
]


async def test_a_wrong_field_is_named_and_nothing_is_kept(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    student_id = await school.student()
    for change, field in WRONG:
        answer = await make(client, school, student_id, **change)
        assert answer.status_code == 422, (change, answer.text)
        assert answer.json()["fields"][0]["field"] == field
    assert await owner_database.fetchval("select count(*) from state") == 0


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "offset=-1", "lesson_type=x", "course_id=a%20b", "user_id=1"]
)
async def test_a_wrong_question_for_the_list_is_refused(school: School, client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/lessons?{query}", headers=await school.headers(await school.student()))
    assert answer.status_code == 422


async def test_another_student_s_lesson_is_not_found(school: School, client: httpx.AsyncClient) -> None:
    owner, stranger = await school.student(), await school.student()
    lesson_id = (await make(client, school, owner)).json()["lesson_id"]
    headers = await school.headers(stranger)
    for path in (f"/lessons/{lesson_id}", f"/lessons/{lesson_id}?user_id={owner}", f"/lessons?user_id={owner}"):
        assert (await client.get(path, headers=headers)).status_code == 404
    assert (await client.get("/lessons")).status_code == 401


async def test_a_question_for_a_lesson_is_answered_with_one_that_is_kept(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    query_id = await requested(school, student_id, "give me a lesson on for loops")
    data, text, details = await answered(school, student_id, query_id)
    (generated,) = await school.published("progress.events", query_id)
    kept = await client.get(f"/lessons/{details['lesson_id']}", headers=await school.headers(student_id))

    assert (data["agent"], data["intent"], data["verified"]) == ("course-agent", "lesson", True)
    assert text.startswith("# For loops")
    assert text == kept.json()["content"]
    assert facts_of([generated]) == ["lesson_generated"]
    assert generated["data"]["query_id"] == str(query_id)


async def test_what_should_i_learn_next_is_answered_with_a_step_and_its_reason(school: School, opened: Opened) -> None:
    student_id = await school.student()
    async with opened(progress(standing(basics__variables=90))) as client:
        query_id = await requested(school, student_id, "What should I learn next?")
        _, text, details = await answered(school, student_id, query_id)
        step = (await client.get("/next-step", headers=await school.headers(student_id))).json()
        page = (await client.get("/lessons", headers=await school.headers(student_id))).json()
    assert details["next_step"]["topic_id"] == step["topic_id"] == "basics/data-types"
    assert step["reason"] in text
    assert page["total"] == 0


async def test_teach_me_this_is_about_the_topic_that_the_student_is_at(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    query_id = await requested(school, student_id, "give me a lesson please", context={"topic_id": LOOPS})
    _, _, details = await answered(school, student_id, query_id)
    assert details["topic_id"] == LOOPS


class OfTomorrow(LessonRequested):
    """The same event of another release."""

    a_field_of_tomorrow: str = "new"


async def test_a_request_with_a_field_more_and_every_optional_one_less_is_answered(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    query = await school.vault.seal(student_id, "teach me lists")
    optional = {name for name, field in LessonRequested.model_fields.items() if not field.is_required()}
    request = OfTomorrow(query_id=uuid4(), query=query, intent="lesson", confidence=1)
    less = {name: value for name, value in request.model_dump(mode="json").items() if name not in optional}
    (event,) = await school.publish(student_id, request)
    await school.gateway.execute(RESEND, str(event.id), {"id": str(uuid4()), "data": less})
    await school.published("learning.responses", request.query_id, count=2)


async def test_a_request_of_an_erased_student_is_dropped(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    erased, student_id = await school.student(), await school.student()
    query = await school.vault.seal(erased, "a lesson on lists")
    await school.vault.destroy_key(erased)
    await school.publish(erased, LessonRequested(query_id=uuid4(), query=query, intent="lesson", confidence=1))
    await answered(school, student_id, await requested(school, student_id, "a lesson on sets"))

    async def is_done() -> bool:
        return bool(await owner_database.fetchval("select count(*) = 0 from work"))

    await eventually(is_done)
    assert await owner_database.fetchval("select count(*) from state where key like '%' || $1 || '%'", str(erased)) == 0
    assert await owner_database.fetchval("select count(*) from bus_log where topic like '%.dead-letter'") == 0


async def test_a_lesson_is_in_the_student_s_language_where_its_topic_is(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    await school.gateway.execute("update users set language = 'es' where id = $1", student_id)

    told = (await make(client, school, student_id, course_id="basics", topic_id="basics/variables")).json()
    other = (await make(client, school, student_id, topic_id=LOOPS)).json()
    query_id = await requested(school, student_id, "Give me a lesson on variables")
    _, text, details = await answered(school, student_id, query_id)

    assert (told["language"], told["steps"][0]["title"]) == ("es", "La idea")
    assert "Imprime:" in told["content"]
    assert (other["language"], other["title"]) == ("en", "For loops")
    assert "Imprime:" not in other["content"]
    assert (text.startswith("# Variables\n\n## 1. La idea"), details["language"]) == (True, "es")


@pytest.mark.plan("P-RULE-own-mistakes")
async def test_a_lesson_begins_with_what_the_student_really_got_wrong(school: School, opened: Opened) -> None:
    student_id = await school.student()
    answer = standing(basics__variables=95, control_flow__for_loops=30)
    answer["modules"][0]["topics"][1] |= {"misconceptions": ["range-includes-end"], "started": True}
    async with opened(progress(answer)) as client:
        headers = await school.headers(student_id)
        step = (await client.get("/next-step", headers=headers)).json()
        lesson = (await make(client, school, student_id, topic_id=LOOPS)).json()
    named = [one for one in lesson["steps"] if one["misconception"]]
    assert [one["misconception"] for one in named] == ["range-includes-end"]
    assert lesson["steps"].index(named[0]) <= 1
    assert step["reason"]


async def test_exercises_in_a_lesson_are_the_student_s_own_variants_or_as_written(
    school: School, opened: Opened
) -> None:
    task, student = load_exercises()["errors/custom-exceptions/check-seat"], await school.student()
    while task.variant_of(teacher := await school.teacher_of(student)) == AS_WRITTEN:
        pass
    theirs, own = await school.headers(student), await school.headers(teacher, "teacher")
    async with opened(progress(standing())) as client:
        for whose, headers in ((student, theirs), (student, own), (teacher, own)):
            body = {"course_id": "errors", "topic_id": task.topic_id, "user_id": str(whose)}
            steps = (await client.post("/generate-lesson", json=body, headers=headers)).json()["steps"]
            form = task.as_variant(task.variant_of(student) if whose == student else None)
            assert any(step["text"].startswith(form.statement) for step in steps)
