"""Concepts on a real log and a real state store; the sandbox behind the invoker is a process of the test's own."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from learnflow.contracts.events import ConceptRequested
from learnflow.contracts.sealed import SealedText
from learnflow.curriculum import load_catalogue, load_curriculum
from learnflow.kit.database import Database
from learnflow.services.concepts.app import create
from learnflow.services.concepts.composing import NOT_RUN
from learnflow.services.concepts.settings import Settings
from tests.answering import Reply
from tests.content.programs import trace
from tests.integration.school import School, eventually, facts_of, service_with

CODE = "zanzibars = ['a', 'b']\nfor zanzibar in zanzibars:\n    print(zanzibar)\n"
Opened = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


def sandbox(request: httpx.Request) -> httpx.Response:
    """What code-execution answers, from a real run of the program that was sent."""
    body = json.loads(request.content)
    assert (request.url.path, body["timeout_s"], body["trace"]) == ("/execute", 1, True)
    steps = [{"line": line or 1, "values": values, "final": line == 0} for line, values, _ in trace(body["code"])]
    return httpx.Response(200, json={"status": "ok", "stdout": "", "error": None, "trace": steps})


def away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("connection refused", request=request)


@pytest.fixture
def opened(school: School, settings_for: Callable[..., dict[str, Any]]) -> Opened:
    """`opened(sandbox)`: a running concepts service whose calls to others end at that function."""

    def open_with(others: Reply, **more: object) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        return service_with(school, create, Settings(**settings_for("concepts", **more)), others)

    return open_with


@pytest.fixture
async def client(opened: Opened) -> AsyncIterator[httpx.AsyncClient]:
    async with opened(sandbox) as client:
        yield client


async def requested(school: School, student_id: UUID, query: str, code: str | None = None, **more: Any) -> UUID:
    request = ConceptRequested(
        query_id=uuid4(),
        query=await school.vault.seal(student_id, query),
        code=await school.vault.seal(student_id, code) if code is not None else None,
        intent="concepts",
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
    details = await school.vault.open(student_id, SealedText(data["details"])) if data.get("details") else "{}"
    return data, text, json.loads(details)


async def test_how_do_for_loops_work_is_answered_by_the_card_of_the_for_loop(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    clarification = await school.vault.seal(student_id, "Do you mean your program?")
    query_id = await requested(school, student_id, "How do for loops work?", clarification=clarification)

    data, text, details = await answered(school, student_id, query_id)
    (explained,) = await school.published("progress.events", query_id)

    assert text.startswith("**A `for` loop runs the same lines once for each item.**")
    assert details["card"] == "control-flow/for-loops/for"
    assert details["examples"][0]["output"].startswith("Hello, Ada")
    assert (data["agent"], data["verified"], data["clarification"]) == ("concepts", True, clarification)
    assert facts_of([explained]) == ["concept_explained"]
    assert explained["data"]["topic_id"] == "control-flow/for-loops"
    assert explained["data"]["level"] == "low"


async def test_with_code_the_answer_walks_through_the_students_own_lines(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    query_id = await requested(school, student_id, "What does this loop do?", CODE)

    data, text, details = await answered(school, student_id, query_id)

    assert "Line 2 of your code begins a loop" in text
    assert "| 2 | `'b'` |" in text
    assert details["trace"][0] == {"line": 1, "values": {}}
    assert data["verified"] is True


async def test_when_the_sandbox_is_away_the_answer_comes_without_the_trace_and_says_so(
    school: School, opened: Opened
) -> None:
    student_id = await school.student()
    async with opened(away):
        query_id = await requested(school, student_id, "What does this loop do?", CODE)
        data, text, details = await answered(school, student_id, query_id)

    assert NOT_RUN in text
    assert details["trace"] is None
    assert data["verified"] is False


async def test_where_no_card_fits_the_answer_says_so_and_nothing_counts_as_explained(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    query_id = await requested(school, student_id, "What is a generator?")

    data, text, details = await answered(school, student_id, query_id)

    assert text.startswith("I have no card for that yet. It belongs to the topic **For loops**.")
    assert (data["verified"], details) == (False, {})
    assert not await school.gateway.fetchval("select count(*) from bus_log where topic = 'progress.events'")


async def test_nothing_of_the_question_or_the_code_stands_in_the_clear(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    student_id = await school.student()
    query_id = await requested(school, student_id, "Why is my zanzibar loop like that?", CODE)
    await answered(school, student_id, query_id)

    for table in ("bus_log", "work", "state", "inbox"):
        rows = await owner_database.fetch(f"select t::text as row from {table} t")
        assert not any("zanzibar" in row["row"] for row in rows)


async def test_a_question_of_an_erased_student_is_dropped_and_the_next_one_is_answered(
    school: School, client: httpx.AsyncClient
) -> None:
    erased, student_id = await school.student(), await school.student()
    questions = [(await school.vault.seal(erased, "What is a list?"), code) for code in (None, "x = 1")]
    sealed = [(query, await school.vault.seal(erased, code) if code else None) for query, code in questions]
    await school.vault.destroy_key(erased)
    for query, code in sealed:
        await school.publish(
            erased, ConceptRequested(query_id=uuid4(), query=query, code=code, intent="concepts", confidence=1)
        )
    await answered(school, student_id, await requested(school, student_id, "What is a set?"))

    async def is_done() -> bool:
        return bool(await school.gateway.fetchval("select count(*) = 3 from inbox where grp = 'concepts'"))

    await eventually(is_done)
    assert await school.gateway.fetchval("select count(*) from bus_log where topic = 'learning.responses'") == 1


async def test_the_depth_for_unknown_mastery_is_a_setting(school: School, opened: Opened) -> None:
    student_id = await school.student()
    async with opened(sandbox, default_level="mid"):
        _, _, details = await answered(school, student_id, await requested(school, student_id, "What is a set?"))

    assert details["level"] == "mid"


@pytest.mark.plan("P-API-explain")
async def test_explain_answers_in_the_shape_of_the_contract_and_is_kept_for_an_hour(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    headers = await school.headers(await school.student())
    body = {"concept": "for loops", "mastery_level": 55}

    first = await client.post("/explain", json=body, headers=headers)
    kept = await owner_database.fetchrow("select key, expires_at - now() as left from state")
    second = await client.post("/explain", json=body, headers=headers)

    assert first.status_code == 200
    assert {"concept", "level", "explanation", "examples", "check_questions", "related"} <= set(first.json())
    assert (first.json()["concept"], first.json()["level"]) == ("control-flow/for-loops/for", "mid")
    assert sum(option["right"] for option in first.json()["check_questions"][0]["options"]) == 1
    assert kept is not None
    assert kept["key"].endswith(":control-flow/for-loops/for:mid")
    assert 3500 < kept["left"].total_seconds() <= 3600
    assert second.json() == first.json()


async def test_explain_with_code_brings_a_trace_and_keeps_nothing(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    headers = await school.headers(await school.student())
    answer = await client.post("/explain", json={"concept": "loops", "code": CODE}, headers=headers)

    assert answer.json()["trace"][1]["values"] == {"zanzibars": "['a', 'b']"}
    assert "`zanzibars`" in answer.json()["explanation"]
    assert await owner_database.fetchval("select count(*) from state") == 0


async def test_an_unknown_concept_is_not_found_and_others_are_suggested(
    school: School, client: httpx.AsyncClient
) -> None:
    headers = await school.headers(await school.student())
    answer = await client.post("/explain", json={"concept": "xml files", "mastery_level": 5}, headers=headers)

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert {"id": "files/reading-writing/open", "title": "Reading and writing files"} in answer.json()["suggestions"]


WRONG: list[tuple[dict[str, object], str]] = [
    ({"concept": ""}, "concept"),
    ({"concept": "x" * 201}, "concept"),
    ({"concept": "a\x00"}, "concept"),
    ({"mastery_level": 101}, "mastery_level"),
    ({"mastery_level": -1}, "mastery_level"),
    ({"code": "x" * 10_001}, "code"),
    ({"surprise": 1}, "surprise"),
]


async def test_a_wrong_field_is_named(school: School, client: httpx.AsyncClient) -> None:
    headers = await school.headers(await school.student())
    for change, field in WRONG:
        body = {"concept": "loops", "mastery_level": 5, **change}
        answer = await client.post("/explain", json=body, headers=headers)
        assert answer.status_code == 422
        assert answer.json()["fields"][0]["field"] == field


async def test_the_list_of_concepts_comes_in_pages(school: School, client: httpx.AsyncClient) -> None:
    headers = await school.headers(await school.student())
    most = len(load_curriculum().cards) // 2 + 1
    first = (await client.get(f"/concepts?limit={most}", headers=headers)).json()
    rest = (await client.get(f"/concepts?limit={most}&offset={first['next']}", headers=headers)).json()
    lists = (await client.get("/concepts?topic_id=data-structures/lists", headers=headers)).json()

    assert [item["id"] for item in first["items"] + rest["items"]] == list(load_curriculum().cards)
    assert (first["total"], rest["next"]) == (len(load_curriculum().cards), None)
    assert {item["topic_id"] for item in lists["items"]} == {"data-structures/lists"}


async def test_without_a_token_nothing_is_told(client: httpx.AsyncClient) -> None:
    assert (await client.post("/explain", json={"concept": "loops"})).status_code == 401
    assert (await client.get("/concepts")).status_code == 401


async def test_the_tables_hold_the_catalogue_and_services_may_only_read_them(
    database_for: Callable[[str], Awaitable[Database]],
) -> None:
    database = await database_for("concepts")
    topics = await database.fetch("select id from topics order by id")

    assert [row["id"] for row in topics] == sorted(load_catalogue().topics)
    assert await database.fetchval("select count(*) from modules") == 8
    assert not await database.fetchval("select has_table_privilege('topics', 'insert, update, delete')")
