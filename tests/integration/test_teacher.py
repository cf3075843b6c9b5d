"""The teacher's routes: the real gateway, with the services behind it played by one function that checks the token."""

import csv
from collections.abc import AsyncIterator, Callable
from io import StringIO
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from learnflow.contracts.services import EXERCISE, PROGRESS
from learnflow.kit.database import Database
from learnflow.kit.invoke import Invoker
from tests.answering import Answering
from tests.integration.classroom import Classroom, Person, open_classroom

DRUMS = "control-flow/for-loops/drums"


class Others:
    """Exercise and progress as the gateway sees them; what is not in `answers` is away."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Any] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.tokens: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = orjson.loads(request.content) if request.content else dict(request.url.params)
        self.asked.append((request.method, request.url.path, body))
        self.tokens.add(request.headers["Authorization"])
        port = {EXERCISE.port: "exercise", PROGRESS.port: "progress"}[request.url.port or 0]
        answer = self.answers.get((port, request.url.path))
        if answer is None:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200, json=answer)


@pytest.fixture
def others() -> Others:
    return Others()


@pytest.fixture
async def room(
    settings_for: Callable[..., dict[str, Any]], owner_database: Database, others: Others
) -> AsyncIterator[Classroom]:
    def invoker(settings: Any) -> Invoker:
        return Invoker(settings, client=Answering(others))

    async with open_classroom(settings_for, owner_database, invoker) as room:
        yield room


async def a_class(room: Classroom, *names: str) -> tuple[Person, dict[str, Any], list[Person]]:
    """A teacher, their class, and its students."""
    teacher = await room.person("teacher", name="Tess Teacher")
    made = await teacher.new_class()
    students = [await room.person(name=name) for name in names]
    for student in students:
        await student.joins(made)
    return teacher, made, students


async def looks(room: Classroom) -> list[tuple[Any, ...]]:
    rows = await room.owner.fetch("select student_id, viewer_id, what, allowed from access_records order by at")
    return [tuple(row) for row in rows]


@pytest.mark.plan("P-EP-teacher")
async def test_a_class_shows_names_progress_and_who_has_not_started(room: Classroom, others: Others) -> None:
    teacher, made, (ada, bo) = await a_class(room, "Ada", "Bo")
    await teacher.post(f"/classes/{made['id']}/roster", {"students": [{"name": "Cy", "email": "cy@example.org"}]})
    summary: dict[str, Any] = {"modules": [], "topics": [], "last_active": None, "streak": 0}
    active = summary | {"last_active": "2026-11-20T10:00:00Z", "streak": 2}
    items = [{"user_id": str(bo.id)} | summary, {"user_id": str(ada.id)} | active]
    others.answers["progress", "/progress/summaries"] = {"items": items}

    seen = (await teacher.get(f"/teacher/classes/{made['id']}/students")).json()

    assert [(each["name"], each["started"]) for each in seen["items"]] == [("Ada", True), ("Bo", False)]
    assert seen["items"][0]["progress"]["streak"] == 2
    assert [(each["name"], each["email"]) for each in seen["invited"]] == [("Cy", "cy@example.org")]
    assert (seen["total"], seen["missing"]) == (2, [])
    assert others.tokens == {teacher.client.headers["Authorization"]}
    assert {(student, what, ok) for student, _, what, ok in await looks(room)} == {
        (ada.id, "class list", True),
        (bo.id, "class list", True),
    }


async def test_without_progress_the_class_is_still_shown(room: Classroom) -> None:
    teacher, made, _ = await a_class(room, "Ada")
    seen = (await teacher.get(f"/teacher/classes/{made['id']}/students")).json()
    assert [(each["name"], each["started"], each["progress"]) for each in seen["items"]] == [("Ada", None, None)]
    assert seen["missing"] == ["progress"]


async def test_a_class_is_paged(room: Classroom) -> None:
    teacher, made, _ = await a_class(room, "Ada", "Bo", "Cy")
    first = (await teacher.get(f"/teacher/classes/{made['id']}/students", params={"limit": 2})).json()
    second = (await teacher.client.get(first["next"])).json()
    names = [[each["name"] for each in page["items"]] for page in (first, second)]
    assert (names, second["next"]) == ([["Ada", "Bo"], ["Cy"]], None)


async def test_a_student_s_page_has_attempts_with_code_and_only_their_alerts(room: Classroom, others: Others) -> None:
    teacher, _, (ada,) = await a_class(room, "Ada")
    others.answers |= {
        ("progress", f"/progress/{ada.id}"): {"modules": []},
        ("exercise", "/submissions"): {"items": [{"code": "print(1)"}], "total": 1, "next": None},
        ("progress", "/alerts"): {
            "items": [{"student_id": str(ada.id), "reason": "stuck"}],
            "total": 1,
            "next": None,
        },
    }

    page = (await teacher.get(f"/teacher/students/{ada.id}")).json()

    assert (page["name"], page["missing"], page["assignments"]) == ("Ada", ["assignments"], None)
    assert [each["code"] for each in page["attempts"]["items"]] == ["print(1)"]
    assert [each["reason"] for each in page["alerts"]["items"]] == ["stuck"]
    asked = {path: body for _, path, body in others.asked}
    assert asked["/alerts"]["student_id"] == str(ada.id)
    wanted = asked["/submissions"]
    assert (wanted["user_id"], wanted["with_code"]) == (str(ada.id), "true")


@pytest.mark.plan("P-RULE-access")
async def test_a_foreign_teacher_finds_nobody_and_the_look_is_recorded(room: Classroom, others: Others) -> None:
    _, made, (ada,) = await a_class(room, "Ada")
    foreign = await room.person("teacher")
    for path in (f"/teacher/students/{ada.id}", f"/teacher/students/{uuid4()}"):
        assert (await foreign.get(path)).status_code == 404
    for part in ("students", "grades"):
        assert (await foreign.get(f"/teacher/classes/{made['id']}/{part}")).status_code == 404
    assert others.asked == []
    assert await looks(room) == [(ada.id, foreign.id, "student page", False)]


async def test_who_left_and_who_is_in_an_archived_class_is_seen_no_more(room: Classroom) -> None:
    teacher, made, (ada, bo) = await a_class(room, "Ada", "Bo")
    await ada.delete(f"/classes/{made['id']}/students/{ada.id}")
    assert (await teacher.get(f"/teacher/students/{ada.id}")).status_code == 404
    assert (await teacher.get(f"/teacher/students/{bo.id}")).status_code == 200
    await teacher.patch(f"/classes/{made['id']}", {"archived": True})
    assert (await teacher.get(f"/teacher/students/{bo.id}")).status_code == 404
    answer = await teacher.get(f"/teacher/classes/{made['id']}/students")
    assert (answer.status_code, "archived" in answer.json()["detail"]) == (404, True)


async def test_grades_come_as_csv_without_formulas_and_as_json(room: Classroom, others: Others) -> None:
    teacher, made, (ada, _) = await a_class(room, "=cmd|' /C calc'!A0", "Bo")
    grade = {"exercise_id": DRUMS, "topic_id": "control-flow/for-loops", "title": "Drums", "attempts": 3}
    best = grade | {"student_id": str(ada.id), "best_score": 66.67, "passed": False, "passed_unaided": False}
    others.answers["exercise", "/grades"] = {"items": [best], "total": 1, "next": None}
    path = f"/teacher/classes/{made['id']}/grades"

    answer = await teacher.get(path)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))
    assert rows == [
        ["Name", "Passed", "Passed without help", f"Drums [{DRUMS}]"],
        ["'=cmd|' /C calc'!A0", "0", "0", "66.67"],
        ["Bo", "0", "0", ""],
    ]
    found = (await teacher.get(path, headers={"Accept": "application/json"})).json()
    assert [(each["name"], list(each["grades"])) for each in found["items"]] == [
        ("=cmd|' /C calc'!A0", [DRUMS]),
        ("Bo", []),
    ]
    others.answers.clear()
    assert (await teacher.get(path)).status_code == 503


async def test_an_empty_class_has_an_empty_table(room: Classroom, others: Others) -> None:
    teacher, made, _ = await a_class(room)
    assert (await teacher.get(f"/teacher/classes/{made['id']}/grades")).status_code == 200
    assert (await teacher.get(f"/teacher/classes/{made['id']}/students")).json()["items"] == []
    assert others.asked == []


async def test_a_wish_in_words_becomes_topic_difficulty_and_count(room: Classroom, others: Others) -> None:
    teacher = await room.person("teacher")
    others.answers["exercise", "/exercises/generate"] = {"items": [], "total": 0, "next": None}
    wish = {"request": "create easy exercises on list comprehensions"}
    answer = await teacher.post("/teacher/exercises/generate", wish)
    asked = {"topic": "list comprehensions", "difficulty": "easy", "count": 3}
    assert (answer.status_code, answer.json()["understood"]) == (201, asked)
    assert others.asked == [("POST", "/exercises/generate", asked)]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"request": "make some"},
        {"request": "lists", "topic": "lists"},
        {"request": "lists", "count": 2},
        {"topic": "lists", "count": 6},
        {"topic": "lists", "difficulty": "insane"},
        {"request": "x" * 501},
    ],
)
async def test_a_wish_that_says_too_little_or_too_much_is_a_422(
    room: Classroom, others: Others, body: dict[str, Any]
) -> None:
    teacher = await room.person("teacher")
    assert (await teacher.post("/teacher/exercises/generate", body)).status_code == 422
    assert others.asked == []


async def test_an_assignment_goes_on_with_the_teacher_s_token(room: Classroom, others: Others) -> None:
    teacher, _, (ada,) = await a_class(room, "Ada")
    others.answers["exercise", "/assignments"] = {"items": [], "total": 0, "next": None, "assigned": 1}
    body = {"exercise_id": DRUMS, "student_ids": [str(ada.id)], "due_at": "2099-01-01T00:00:00+01:00"}
    assert (await teacher.post("/teacher/assignments", body)).status_code == 201
    assert (await ada.post("/teacher/assignments", body)).status_code == 403
    assert (await teacher.post("/teacher/assignments", body | {"due_at": "2099-01-01"})).status_code == 422
    assert (await ada.get("/assignments", params={"done": "false"})).status_code == 200
    assert [(method, path) for method, path, _ in others.asked] == [("POST", "/assignments"), ("GET", "/assignments")]
    assert others.asked[1][2] == {"done": "false", "limit": "20", "offset": "0"}
    assert others.tokens == {teacher.client.headers["Authorization"], ada.client.headers["Authorization"]}
