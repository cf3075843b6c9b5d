"""Classes end to end: made, joined, invited to, shared, limited, left; over real HTTP shapes and a real database."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import pytest

from learnflow.kit.database import Database
from tests.integration.accounts_instance import new_email
from tests.integration.classroom import Classroom, open_classroom


@pytest.fixture
async def room(settings_for: Callable[..., dict[str, Any]], owner_database: Database) -> AsyncIterator[Classroom]:
    async with open_classroom(settings_for, owner_database) as room:
        yield room


@pytest.mark.plan("P-EP-classes")
async def test_a_teacher_makes_a_class_and_a_student_joins_it_by_its_code(room: Classroom) -> None:
    teacher, student = await room.person("teacher", name="Tess Teacher"), await room.person()
    made = await teacher.new_class("Python 9b")
    typed = f" {made['class_code'][:4].lower()}-{made['class_code'][4:]} "
    joined = (await student.post("/classes/join", {"class_code": typed})).json()
    assert (joined["name"], joined["state"], joined["class_code"]) == ("Python 9b", "joined", None)
    assert [each["name"] for each in joined["teachers"]] == ["Tess Teacher"]
    assert await student.classes() == [joined]
    (seen,) = await teacher.classes()
    assert (seen["students"], seen["invited"], seen["is_owner"], seen["class_code"]) == (1, 0, True, made["class_code"])


async def test_joining_twice_is_joining_once(room: Classroom) -> None:
    teacher, student = await room.person("teacher"), await room.person()
    made = await teacher.new_class()
    await asyncio.gather(*(student.joins(made) for _ in range(4)))
    assert [each["students"] for each in await teacher.classes()] == [1]


async def test_who_registers_with_a_class_code_is_in_the_class(room: Classroom) -> None:
    teacher = await room.person("teacher")
    made = await teacher.new_class()
    student = await room.person(class_code=made["class_code"])
    assert [each["id"] for each in await student.classes()] == [made["id"]]


async def test_a_wrong_class_code_makes_no_account(room: Classroom) -> None:
    account = {"email": new_email(), "password": "a long password", "name": "Ada", "class_code": "AAAA-2222"}
    answer = await room.client().post("/api/v1/auth/register", json=account)
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == "class_code"
    login = await room.client().post("/api/v1/auth/login", json={key: account[key] for key in ("email", "password")})
    assert login.status_code == 401


async def test_wrong_codes_are_limited_and_right_ones_are_not(room: Classroom) -> None:
    teacher, student = await room.person("teacher"), await room.person()
    made = await teacher.new_class()
    guesses = await asyncio.gather(*(student.post("/classes/join", {"class_code": "AAAAAAAA"}) for _ in range(12)))
    assert sorted(each.status_code for each in guesses) == [422] * 10 + [429] * 2
    assert (await student.post("/classes/join", {"class_code": made["class_code"]})).status_code == 429
    other = await room.person()
    for _ in range(12):
        await other.joins(made)


@pytest.mark.parametrize("body", [{}, {"class_code": ""}, {"class_code": "x" * 41}, {"class_code": "A", "more": 1}])
async def test_a_malformed_code_is_a_422(room: Classroom, body: dict[str, Any]) -> None:
    assert (await (await room.person()).post("/classes/join", body)).status_code == 422


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "nul \x00", None])
async def test_a_class_needs_a_name(room: Classroom, name: str | None) -> None:
    assert (await (await room.person("teacher")).post("/classes", {"name": name})).status_code == 422


async def test_names_rest_sealed(room: Classroom) -> None:
    teacher = await room.person("teacher")
    made = await teacher.new_class("A name to look for")
    await teacher.post(
        f"/classes/{made['id']}/roster", {"students": [{"name": "Look For", "email": "look@for.example"}]}
    )
    rows = [dict(row) for table in ("classes", "roster_invitations")
            for row in await room.owner.fetch(f"select * from {table}")]  # fmt: skip
    assert len(rows) == 2
    assert "look" not in str(rows).lower()


async def test_a_page_of_classes_leads_to_the_next(room: Classroom) -> None:
    teacher = await room.person("teacher")
    for number in range(3):
        await teacher.new_class(f"Class {number}")
    first = (await teacher.get("/classes", params={"limit": 2})).json()
    assert ([each["name"] for each in first["items"]], first["total"]) == (["Class 2", "Class 1"], 3)
    second = (await teacher.client.get(first["next"])).json()
    assert ([each["name"] for each in second["items"]], second["next"]) == (["Class 0"], None)


class TestRoster:
    async def test_a_student_who_registers_with_an_invited_address_is_in_the_class(self, room: Classroom) -> None:
        teacher, email = await room.person("teacher"), new_email()
        made = await teacher.new_class()
        csv = f'\ufeffName;E-Mail\r\nAda Lovelace;{email.upper()}\r\n\r\n"Bo; Peep";{new_email()}\r\n'
        answer = await teacher.client.post(
            f"/api/v1/classes/{made['id']}/roster", content=csv.encode(), headers={"Content-Type": "text/csv"}
        )
        assert [(each["line"], each["name"], each["result"]) for each in answer.json()["items"]] == [
            (2, "Ada Lovelace", "invited"),
            (4, "Bo; Peep", "invited"),
        ]
        student = await room.person(email=email)
        assert [each["state"] for each in await student.classes()] == ["joined"]
        assert [(each["students"], each["invited"]) for each in await teacher.classes()] == [(1, 1)]

    async def test_who_has_an_account_already_decides_for_themselves(self, room: Classroom) -> None:
        teacher, student = await room.person("teacher"), await room.person()
        made = await teacher.new_class()
        roster = {"students": [{"name": "Ada", "email": student.email}]}
        answer = await teacher.post(f"/classes/{made['id']}/roster", roster)
        assert [each["result"] for each in answer.json()["items"]] == ["invited"]
        (invitation,) = await student.classes()
        assert (invitation["state"], invitation["class_code"]) == ("invited", made["class_code"])
        again = await teacher.post(f"/classes/{made['id']}/roster", roster)
        assert [each["result"] for each in again.json()["items"]] == ["invited_already"]
        await student.joins(invitation)
        assert [each["state"] for each in await student.classes()] == ["joined"]
        third = await teacher.post(f"/classes/{made['id']}/roster", roster)
        assert [each["result"] for each in third.json()["items"]] == ["in_class"]

    async def test_bad_lines_are_named_and_nobody_is_invited(self, room: Classroom) -> None:
        teacher = await room.person("teacher")
        made = await teacher.new_class()
        csv = "email,name\nada@example.org,Ada\nnobody,Bo\nada@EXAMPLE.org,Ada again\nc@example.org\n"
        answer = await teacher.client.post(
            f"/api/v1/classes/{made['id']}/roster", content=csv, headers={"Content-Type": "text/csv"}
        )
        assert answer.status_code == 422
        assert [each["field"] for each in answer.json()["fields"]] == ["line 3", "line 4", "line 5"]
        assert "line 2" in answer.json()["fields"][1]["message"]
        assert [each["invited"] for each in await teacher.classes()] == [0]

    @pytest.mark.parametrize(
        ("kind", "content"),
        [
            ("text/csv", b""),
            ("text/csv", b"name,email\n"),
            ("text/csv", b"who,where\nAda,ada@example.org\n"),
            ("text/csv", b'name,email\n"Ada,ada@example.org\n'),
            ("text/csv", b"name,email\n\xff\xfe,ada@example.org\n"),
            ("text/csv", b"name,email\n" + b"".join(b"Ada,a%d@example.org\n" % at for at in range(501))),
            ("application/json", b"{"),
            ("application/json", b'{"students": []}'),
            ("application/json", b'{"students": [{"name": "Ada"}]}'),
            ("application/json", b'{"students": [{"name": "Ada", "email": "a\\ud800@example.org"}]}'),
            ("application/json", b'[{"name": "Ada", "email": "ada@example.org"}]'),
        ],
    )
    async def test_a_malformed_roster_is_a_422(self, room: Classroom, kind: str, content: bytes) -> None:
        teacher = await room.person("teacher")
        made = await teacher.new_class()
        answer = await teacher.client.post(
            f"/api/v1/classes/{made['id']}/roster", content=content, headers={"Content-Type": kind}
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        assert [each["invited"] for each in await teacher.classes()] == [0]

    async def test_an_invitation_can_be_taken_back(self, room: Classroom) -> None:
        teacher, student = await room.person("teacher"), await room.person()
        made = await teacher.new_class()
        await teacher.post(f"/classes/{made['id']}/roster", {"students": [{"name": "Ada", "email": student.email}]})
        invitation = await room.owner.fetchval("select id from roster_invitations")
        assert (await teacher.delete(f"/classes/{made['id']}/students/{invitation}")).status_code == 204
        assert await student.classes() == []

    async def test_an_invitation_ends_after_its_time(self, room: Classroom) -> None:
        teacher, student = await room.person("teacher"), await room.person()
        made = await teacher.new_class()
        path, roster = f"/classes/{made['id']}/roster", {"students": [{"name": "Ada", "email": student.email}]}
        await teacher.post(path, roster)
        await room.owner.execute("update roster_invitations set expires_at = now()")
        assert await student.classes() == []
        assert [each["result"] for each in (await teacher.post(path, roster)).json()["items"]] == ["invited"]
        assert len(await student.classes()) == 1


class TestSharing:
    async def test_a_co_teacher_has_the_class_too_until_they_are_taken_out(self, room: Classroom) -> None:
        owner, other = await room.person("teacher"), await room.person("teacher")
        made = await owner.new_class()
        path = f"/classes/{made['id']}"
        shared = await owner.patch(path, {"co_teachers": {"add": [other.email.upper()]}})
        assert [each["is_owner"] for each in shared.json()["teachers"]] == [True, False]
        assert [(each["id"], each["is_owner"]) for each in await other.classes()] == [(made["id"], False)]
        assert (await other.patch(path, {"name": "Renamed"})).json()["name"] == "Renamed"
        assert [each["name"] for each in await owner.classes()] == ["Renamed"]
        await owner.patch(path, {"co_teachers": {"remove": [other.email]}})
        assert await other.classes() == []
        assert (await other.patch(path, {"name": "Mine"})).status_code == 404

    async def test_only_the_owner_shares_and_archives(self, room: Classroom) -> None:
        owner, other, third = [await room.person("teacher") for _ in range(3)]
        made = await owner.new_class()
        path = f"/classes/{made['id']}"
        await owner.patch(path, {"co_teachers": {"add": [other.email]}})
        for change in ({"archived": True}, {"co_teachers": {"add": [third.email]}}):
            assert (await other.patch(path, change)).status_code == 403
        left = await other.patch(path, {"co_teachers": {"remove": [other.email]}})
        assert left.status_code == 204
        assert await other.classes() == []

    async def test_the_owner_stays_and_students_do_not_teach(self, room: Classroom) -> None:
        owner, student = await room.person("teacher"), await room.person()
        made = await owner.new_class()
        path = f"/classes/{made['id']}"
        for change in ({"remove": [owner.email]}, {"add": [student.email]}, {"add": [new_email()]}):
            assert (await owner.patch(path, {"co_teachers": change})).status_code == 422

    async def test_an_archived_class_lets_nobody_in_and_shows_nobody(self, room: Classroom) -> None:
        teacher, student, late = await room.person("teacher"), await room.person(), await room.person()
        made = await teacher.new_class()
        await student.joins(made)
        await teacher.patch(f"/classes/{made['id']}", {"archived": True})
        assert (await late.post("/classes/join", {"class_code": made["class_code"]})).status_code == 422
        assert await student.classes() == []
        assert await teacher.classes() == []
        assert await room.owner.fetch("select from teaching") == []
        archived = (await teacher.get("/classes", params={"archived": "true"})).json()["items"]
        assert [each["id"] for each in archived] == [made["id"]]
        await teacher.patch(f"/classes/{made['id']}", {"archived": False})
        assert len(await student.classes()) == 1

    async def test_a_new_code_ends_the_old_one(self, room: Classroom) -> None:
        teacher, student = await room.person("teacher"), await room.person()
        made = await teacher.new_class()
        renewed = (await teacher.patch(f"/classes/{made['id']}", {"new_code": True})).json()
        assert (await student.post("/classes/join", {"class_code": made["class_code"]})).status_code == 422
        await student.joins(renewed)


class TestLeaving:
    async def test_a_student_leaves_and_a_teacher_takes_out(self, room: Classroom) -> None:
        teacher, first, second = await room.person("teacher"), await room.person(), await room.person()
        made = await teacher.new_class()
        for student in (first, second):
            await student.joins(made)
        assert (await first.delete(f"/classes/{made['id']}/students/{second.id}")).status_code == 404
        assert (await first.delete(f"/classes/{made['id']}/students/{first.id}")).status_code == 204
        assert (await teacher.delete(f"/classes/{made['id']}/students/{second.id}")).status_code == 204
        assert [each["students"] for each in await teacher.classes()] == [0]

    async def test_somebody_else_s_class_is_not_found(self, room: Classroom) -> None:
        teacher, other, student = await room.person("teacher"), await room.person("teacher"), await room.person()
        made = await teacher.new_class()
        await student.joins(made)
        for class_id in (made["id"], uuid4()):
            path = f"/classes/{class_id}"
            assert (await other.patch(path, {"name": "Mine"})).status_code == 404
            assert (await other.post(f"{path}/roster", {"students": []})).status_code == 404
            assert (await other.delete(f"{path}/students/{student.id}")).status_code == 404
        assert len(await student.classes()) == 1


class TestLimits:
    @pytest.mark.plan("P-RULE-class-limits")
    async def test_a_class_s_questions_a_day_are_exact(self, room: Classroom) -> None:
        teacher, student, free = await room.person("teacher"), await room.person(), await room.person()
        made = await teacher.new_class()
        await student.joins(made)
        await teacher.patch(f"/classes/{made['id']}", {"settings": {"questions_per_day": 3}})
        answers = await asyncio.gather(*(student.post("/query", {"query": "How do loops work?"}) for _ in range(6)))
        assert sorted(each.status_code for each in answers) == [202] * 3 + [429] * 3
        refused = next(each for each in answers if each.status_code == 429)
        assert "3 questions a day" in refused.json()["detail"]
        assert 0 < int(refused.headers["Retry-After"]) <= 86_400
        assert (await free.post("/query", {"query": "How do loops work?"})).status_code == 202
        await teacher.patch(f"/classes/{made['id']}", {"settings": {"questions_per_day": 4}})
        again = [await student.post("/query", {"query": "How do loops work?"}) for _ in range(2)]
        assert [each.status_code for each in again] == [202, 429]
        await teacher.patch(f"/classes/{made['id']}", {"settings": {"questions_per_day": None}})
        assert (await student.post("/query", {"query": "How do loops work?"})).status_code == 202

    async def test_a_refused_question_counts_in_no_class(self, room: Classroom) -> None:
        teacher, student = await room.person("teacher"), await room.person()
        for limit in (1, 2):
            made = await teacher.new_class()
            await student.joins(made)
            await teacher.patch(f"/classes/{made['id']}", {"settings": {"questions_per_day": limit}})
        answers = [await student.post("/query", {"query": "How do loops work?"}) for _ in range(3)]
        assert [each.status_code for each in answers] == [202, 429, 429]
        counted = await room.owner.fetch(
            "select cardinality(hits) as hits from limits where name = 'questions-of-a-class'"
        )
        assert [row["hits"] for row in counted] == [1, 1]

    async def test_settings_change_one_by_one(self, room: Classroom) -> None:
        teacher = await room.person("teacher")
        made = await teacher.new_class()
        path = f"/classes/{made['id']}"
        await teacher.patch(path, {"settings": {"hint_ceiling": 2, "model_off": True}})
        changed = (await teacher.patch(path, {"settings": {"questions_per_day": 5}})).json()
        assert changed["settings"] == {"hint_ceiling": 2, "questions_per_day": 5, "model_off": True}
        lifted = (await teacher.patch(path, {"settings": {"hint_ceiling": None}})).json()
        assert lifted["settings"] == {"hint_ceiling": None, "questions_per_day": 5, "model_off": True}

    @pytest.mark.parametrize(
        "settings",
        [{"hint_ceiling": 0}, {"hint_ceiling": 5}, {"questions_per_day": 0}, {"questions_per_day": 501}, {"other": 1}],
    )
    async def test_settings_out_of_range_are_a_422(self, room: Classroom, settings: dict[str, int]) -> None:
        teacher = await room.person("teacher")
        made = await teacher.new_class()
        assert (await teacher.patch(f"/classes/{made['id']}", {"settings": settings})).status_code == 422
