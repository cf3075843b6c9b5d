"""One's own record: who looked at it, all of it as a file, and its end."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from learnflow.contracts.sealed import SealedText
from learnflow.contracts.services import PROGRESS
from learnflow.kit.database import Database
from learnflow.kit.invoke import Invoker
from learnflow.kit.sealed import KeyMissing
from learnflow.services.api_gateway.app import create
from learnflow.services.api_gateway.privacy.export import Section
from learnflow.services.api_gateway.privacy.service import OPERATOR
from learnflow.services.api_gateway.settings import Settings
from tests.answering import Answering
from tests.integration.accounts_instance import CHEAP, PASSWORD, bearer, new_email, registration, running
from tests.integration.school import School
from tests.integration.school import running as serving

SECTIONS = (
    Section(PROGRESS, "progress", "/progress/{user_id}"),
    Section(PROGRESS, "days", "/days?user_id={user_id}"),
    Section(PROGRESS, "weeks", "/weeks?user_id={user_id}"),
    Section(PROGRESS, "away", "/away"),
    Section(PROGRESS, "nothing", "/nothing"),
)


@pytest.fixture
async def gateway(settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serving(create(Settings(**settings_for("api-gateway", **CHEAP)))) as address,
        httpx.AsyncClient(base_url=f"http://{address}/api/v1", trust_env=False) as client,
    ):
        yield client


async def register(gateway: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await gateway.post("/auth/register", json=registration(**changes))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return {**found, "id": UUID(found["user"]["id"]), "headers": bearer(found["access_token"])}


async def leave(gateway: httpx.AsyncClient, student: dict[str, Any], body: Any) -> httpx.Response:
    return await gateway.request("DELETE", "/me", json=body, headers=student["headers"])


async def teach(school: School, teacher: UUID, student: UUID) -> UUID:
    class_id, name = uuid4(), await school.vault.seal(teacher, "Class of Tess")
    code = "".join(chr(65 + byte % 24) for byte in class_id.bytes[:8]).replace("I", "J").replace("O", "P")
    await school.gateway.execute(
        "insert into classes (id, name, join_code, created_by) values ($1, $2, $3, $4)", class_id, name, code, teacher
    )
    await school.gateway.execute("insert into class_teachers values ($1, $2, true)", class_id, teacher)
    await school.gateway.execute("insert into enrolments (class_id, student_id) values ($1, $2)", class_id, student)
    return class_id


@pytest.mark.plan("P-EP-access-records")
async def test_a_student_sees_who_looked_at_what_and_who_was_refused(
    school: School, gateway: httpx.AsyncClient
) -> None:
    student, teacher = await register(gateway), await register(gateway, name="Tess Teacher")
    stranger = await register(gateway, name="Nosy Parker")
    await teach(school, teacher["id"], student["id"])
    look = "select look_at_student($1, $2, $3, $4)"
    await school.gateway.fetchval(look, teacher["id"], "teacher", student["id"], "progress")
    await school.gateway.fetchval(look, stranger["id"], "teacher", student["id"], "submissions")
    page = (await gateway.get("/me/access-records?limit=1", headers=student["headers"])).json()
    assert page["total"] == 2
    assert [(item["viewer_name"], item["what"], item["allowed"]) for item in page["items"]] == [
        ("Nosy Parker", "submissions", False)
    ]
    more = (await gateway.get(page["next"].removeprefix("/api/v1"), headers=student["headers"])).json()
    assert [(item["viewer_name"], item["allowed"]) for item in more["items"]] == [("Tess Teacher", True)]
    assert more["next"] is None
    own = (await gateway.get("/me/access-records", headers=teacher["headers"])).json()
    assert own == {"items": [], "total": 0, "next": None}


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "offset=-1", "limit=x", "offset=99999999999999999999"])
async def test_a_wrong_page_of_looks_is_refused(gateway: httpx.AsyncClient, query: str) -> None:
    student = await register(gateway)
    assert (await gateway.get(f"/me/access-records?{query}", headers=student["headers"])).status_code == 422


def others(request: httpx.Request) -> httpx.Response:
    """Progress, as an export meets it: an object, lists in pages, one that is away, one that is not there."""
    if request.url.path == "/away":
        raise httpx.ConnectError("refused", request=request)
    if request.url.path == "/nothing":
        return httpx.Response(404, json={"code": "not_found"}, headers={"Content-Type": "application/problem+json"})
    if request.url.path == "/days":
        following = None if "offset" in request.url.params else f"{request.url.raw_path.decode()}&offset=1"
        return httpx.Response(200, json={"items": [len(request.url.params)], "total": 2, "next": following})
    if request.url.path == "/weeks":
        offset = int(request.url.params.get("offset", 0))
        return httpx.Response(200, json={"items": [offset], "total": 3, "next": offset + 1 if offset < 2 else None})
    return httpx.Response(200, json={"student": request.url.path.split("/")[-1]})


@pytest.mark.plan("P-EP-export")
async def test_the_export_holds_everything_and_names_what_did_not_answer(
    school: School, settings_for: Callable[..., dict[str, Any]]
) -> None:
    settings = Settings(**settings_for("api-gateway", **CHEAP))
    invoker = Invoker(settings, client=Answering(others))
    async with (
        serving(create(settings, invoker=invoker, sections=SECTIONS)) as address,
        httpx.AsyncClient(base_url=f"http://{address}/api/v1", trust_env=False) as gateway,
    ):
        email = new_email()
        student, teacher = await register(gateway, email=email, name="Ada Lovelace"), await register(gateway)
        await teach(school, teacher["id"], student["id"])
        for number in range(3):
            body = {"query": f"question {number}", "code": "print(1)"}
            await gateway.post("/query", json=body, headers=student["headers"])
        answer = await gateway.get("/me/export", headers=student["headers"])
        assert answer.status_code == 200
        assert "attachment" in answer.headers["Content-Disposition"]
        found = json.loads(answer.content)
    assert (found["account"]["email"], found["account"]["name"]) == (email, "Ada Lovelace")
    assert [question["query"] for question in found["questions"]] == ["question 2", "question 1", "question 0"]
    assert found["questions"][0]["code"] == "print(1)"
    assert [(each["name"], each["role"]) for each in found["classes"]] == [("Class of Tess", "student")]
    assert len(found["sessions"]) == 1
    assert found["services"] == {
        "progress progress": {"student": str(student["id"])},
        "progress days": [1, 2],
        "progress weeks": [0, 1, 2],
    }
    assert [(gap["service"], gap["what"]) for gap in found["missing"]] == [
        ("progress", "away"),
        ("progress", "nothing"),
    ]
    assert "password" not in answer.text


async def test_an_export_of_hundreds_of_questions_is_whole(school: School, gateway: httpx.AsyncClient) -> None:
    student = await register(gateway)
    sealed = await school.vault.seal(student["id"], "How?")
    await school.gateway.execute(
        """insert into questions (id, user_id, query, language)
           select gen_random_uuid(), $1, $2, 'en' from generate_series(1, 250)""",
        student["id"],
        sealed,
    )
    found = (await gateway.get("/me/export", headers=student["headers"])).json()
    assert len({question["query_id"] for question in found["questions"]}) == 250


async def test_a_guest_takes_everything_along_too(gateway: httpx.AsyncClient) -> None:
    guest = (await gateway.post("/auth/guest", json={"refresh_in": "body"})).json()
    found = (await gateway.get("/me/export", headers=bearer(guest["access_token"]))).json()
    assert found["account"]["state"] == "guest"


async def test_exports_are_limited(gateway: httpx.AsyncClient) -> None:
    student = await register(gateway)
    statuses = [(await gateway.get("/me/export", headers=student["headers"])).status_code for _ in range(7)]
    assert statuses == [200] * 6 + [429]


@pytest.mark.plan("P-EP-leave")
async def test_leaving_erases_account_work_and_key_and_the_address_is_free_again(
    school: School, gateway: httpx.AsyncClient, owner_database: Database
) -> None:
    email = new_email()
    student, other = await register(gateway, email=email), await register(gateway)
    for each in (student, other):
        await gateway.post("/query", json={"query": "planted"}, headers=each["headers"])
    sealed = SealedText(await owner_database.fetchval("select query from questions where user_id = $1", student["id"]))
    answer = await leave(gateway, student, {"password": PASSWORD})
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await gateway.get("/me", headers=student["headers"])).status_code == 401
    refreshed = await gateway.post("/auth/refresh", json={"refresh_token": student["refresh_token"]})
    assert refreshed.status_code == 401
    with pytest.raises(KeyMissing):
        await school.vault.open(student["id"], sealed)
    assert await owner_database.fetchval("select count(*) from questions where user_id = $1", student["id"]) == 0
    assert await owner_database.fetchval("select count(*) from questions where user_id = $1", other["id"]) == 1
    login = {"email": email, "password": PASSWORD}
    assert (await gateway.post("/auth/login", json=login)).status_code == 401
    assert (await register(gateway, email=email))["id"] != student["id"]


async def test_a_roster_forgets_who_left(school: School, gateway: httpx.AsyncClient, owner_database: Database) -> None:
    email = new_email()
    student, teacher = await register(gateway, email=email), await register(gateway)
    class_id = await teach(school, teacher["id"], student["id"])
    for index in (school.vault.email_index(email), school.vault.email_index(new_email())):
        await owner_database.execute(
            "insert into roster_invitations (class_id, email_index, email, name) values ($1, $2, 'lf1.x', 'lf1.x')",
            class_id,
            index,
        )
    await leave(gateway, student, {"password": PASSWORD})
    assert await owner_database.fetchval("select count(*) from roster_invitations") == 1


async def test_who_signed_in_long_ago_needs_the_password(gateway: httpx.AsyncClient, owner_database: Database) -> None:
    student = await register(gateway)
    await owner_database.execute("update sessions set created_at = now() - interval '11 minutes'")
    asked = await leave(gateway, student, None)
    assert (asked.status_code, asked.json()["fields"][0]["field"]) == (422, "password")
    assert (await leave(gateway, student, {"password": "a guess"})).status_code == 401
    assert (await gateway.get("/me", headers=student["headers"])).status_code == 200
    assert (await leave(gateway, student, {"password": PASSWORD})).status_code == 204


async def test_who_has_just_signed_in_and_a_guest_may_leave_without_it(gateway: httpx.AsyncClient) -> None:
    guest = (await gateway.post("/auth/guest", json={"refresh_in": "body"})).json()
    for someone in (await register(gateway), {"headers": bearer(guest["access_token"])}):
        assert (await leave(gateway, someone, {})).status_code == 204
        assert (await gateway.get("/me", headers=someone["headers"])).status_code == 401


@pytest.mark.parametrize("body", [{"password": ""}, {"password": "x" * 129}, {"user_id": "1"}, {"password": 7}, []])
async def test_a_wrong_wish_to_leave_erases_nobody(gateway: httpx.AsyncClient, body: Any) -> None:
    student = await register(gateway)
    assert (await leave(gateway, student, body)).status_code == 422
    assert (await gateway.get("/me", headers=student["headers"])).status_code == 200


async def test_a_teacher_leaves_when_nobody_learns_in_their_classes(school: School, gateway: httpx.AsyncClient) -> None:
    teacher, student = await register(gateway), await register(gateway)
    class_id = await teach(school, teacher["id"], student["id"])
    assert (await leave(gateway, teacher, {"password": PASSWORD})).status_code == 409
    await school.gateway.execute("update classes set archived_at = now() where id = $1", class_id)
    assert (await leave(gateway, teacher, {"password": PASSWORD})).status_code == 204
    assert (await gateway.get("/me", headers=student["headers"])).status_code == 200


@pytest.mark.plan("P-RULE-erasure")
async def test_what_events_bring_after_an_erasure_is_swept(
    gateway: httpx.AsyncClient, owner_database: Database, settings_for: Callable[..., dict[str, Any]]
) -> None:
    student = await register(gateway)
    await leave(gateway, student, {"password": PASSWORD})
    await owner_database.execute("insert into error_patterns values ($1, 'NameError', 'typo', 1, now())", student["id"])
    async with running(settings_for) as instance:
        await instance.parts.erasure.sweep()
        assert await owner_database.fetchval("select count(*) from error_patterns") == 1
        await owner_database.execute("update erasures set erased_at = now() - interval '11 minutes'")
        await instance.parts.erasure.sweep()
        assert await owner_database.fetchval("select count(*) from error_patterns") == 0
        await owner_database.execute("update erasures set erased_at = now() - interval '32 days'")
        await instance.parts.erasure.sweep()
        assert await owner_database.fetchval("select count(*) from erasures") == 0


async def test_the_operators_look_is_recorded(gateway: httpx.AsyncClient, school: School) -> None:
    student = await register(gateway)
    await school.gateway.fetchval("select look_at_student($1, 'admin', $2, 'export')", OPERATOR, student["id"])
    page = (await gateway.get("/me/access-records", headers=student["headers"])).json()
    assert page["items"][0]["viewer_name"] == "The operator of this platform"
