"""Triage on a real log: a question comes in, and who answers it goes out."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from learnflow.contracts.sealed import SealedText
from learnflow.kit.settings import ServiceSettings
from learnflow.services.triage.app import create
from tests.integration.school import School, eventually, facts_of, running


@pytest.fixture
async def client(school: School, settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        running(create(ServiceSettings(**settings_for("triage")), keys=school.keys)) as address,
        httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client,
    ):
        yield client


async def asked(school: School, student_id: UUID, query: str, **more: Any) -> UUID:
    question = await school.question(student_id, query, **more)
    await school.publish(student_id, question)
    return question.query_id


@pytest.mark.plan("P-SVC-triage", "P-TOPIC-learning.requests", "P-TOPIC-concepts.requests")
async def test_a_concept_question_is_sent_to_concepts_with_a_reason(school: School, client: httpx.AsyncClient) -> None:
    student_id = await school.student()
    query_id = await asked(school, student_id, "How do for loops work?")

    (part,) = await school.published("learning.responses", query_id)
    (request,) = await school.published("concepts.requests", query_id)

    assert part["data"]["agent"] == "concepts"
    assert part["data"]["part_no"] == 0
    assert part["data"]["confidence"] > 0.5
    assert part["data"]["reasons"]
    assert request["subject"] == str(student_id)
    assert await school.vault.open(student_id, SealedText(request["data"]["query"])) == "How do for loops work?"


@pytest.mark.plan("P-TOPIC-debug.requests")
async def test_a_failing_program_is_sent_to_debug_with_its_code_still_sealed(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    query_id = await asked(school, student_id, "What is a list?", code="print(zanzibarium[0]", error="SyntaxError: x")
    (request,) = await school.published("debug.requests", query_id)
    assert request["data"]["intent"] == "debug"
    assert "zanzibarium" not in json.dumps(request)
    assert await school.vault.open(student_id, SealedText(request["data"]["code"])) == "print(zanzibarium[0]"


async def test_a_progress_question_is_sent_to_progress(school: School, client: httpx.AsyncClient) -> None:
    query_id = await asked(school, await school.student(), "How far am I?")
    assert facts_of(await school.published("progress.events", query_id)) == ["progress_requested"]


async def test_what_triage_cannot_tell_is_answered_with_what_works_and_a_question(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    query_id = await asked(school, student_id, "hello")
    part, answer = await school.published("learning.responses", query_id, count=2)
    assert part["data"]["agent"] == answer["data"]["agent"] == "triage"
    assert answer["data"]["intent"] == "clarify"
    assert "What works now" in await school.vault.open(student_id, SealedText(answer["data"]["answer"]))
    assert (await school.vault.open(student_id, SealedText(answer["data"]["clarification"]))).endswith("?")


async def test_a_wish_for_a_lesson_is_sent_to_the_course_agent(school: School, client: httpx.AsyncClient) -> None:
    query_id = await asked(school, await school.student(), "give me a lesson on for loops")
    (part,) = await school.published("learning.responses", query_id)
    assert part["data"]["agent"] == "course-agent"
    assert facts_of(await school.published("concepts.requests", query_id)) == ["lesson_requested"]


@pytest.mark.parametrize(
    ("query", "said"), [("I want to kill myself", "emergency number"), ("Was ist eine Liste?", "auf Englisch")]
)
async def test_distress_and_another_language_get_an_answer_of_triage_and_no_question_back(
    school: School, client: httpx.AsyncClient, query: str, said: str
) -> None:
    student_id = await school.student()
    part, answer = await school.published("learning.responses", await asked(school, student_id, query), count=2)
    assert part["data"]["agent"] == answer["data"]["agent"] == "triage"
    assert answer["data"]["intent"] == "clarify"
    assert answer["data"].get("clarification") is None
    assert said in await school.vault.open(student_id, SealedText(answer["data"]["answer"]))


@pytest.mark.plan("P-RULE-intents")
async def test_an_unsure_choice_is_answered_and_asks_one_question(school: School, client: httpx.AsyncClient) -> None:
    student_id = await school.student()
    query_id = await asked(school, student_id, "a dictionary inside a list")
    (request,) = await school.published("concepts.requests", query_id)
    assert request["data"]["confidence"] < 0.5
    clarification = await school.vault.open(student_id, SealedText(request["data"]["clarification"]))
    assert clarification.count("?") == 1


async def test_a_question_of_an_erased_student_is_dropped_and_the_next_one_is_handled(
    school: School, client: httpx.AsyncClient
) -> None:
    erased, student_id = await school.student(), await school.student()
    question = await school.question(erased, "How do sets work?")
    await school.vault.destroy_key(erased)
    await school.publish(erased, question)
    query_id = await asked(school, student_id, "How do sets work?")
    await school.published("concepts.requests", query_id)

    async def is_read() -> bool:
        return bool(await school.gateway.fetchval("select count(*) = 2 from inbox where grp = 'triage'"))

    await eventually(is_read)
    left = await school.gateway.fetchval(
        "select count(*) from bus_log where ce ->> 'correlationid' = $1 and topic <> 'learning.requests'",
        str(question.query_id),
    )
    assert left == 0


@pytest.mark.plan("P-API-triage")
async def test_the_route_says_who_should_answer(school: School, client: httpx.AsyncClient) -> None:
    student_id = await school.student()
    body = {"query": "Why does this fail?", "user_id": str(student_id), "code": "print(x"}
    answer = await client.post("/triage", json=body, headers=await school.headers(student_id))
    assert answer.status_code == 200
    assert answer.json()["intent"] == "debug"
    assert answer.json()["target_service"] == "debug"
    assert set(answer.json()) == {"intent", "confidence", "target_service", "reasons"}


@pytest.mark.plan("P-NUM-question")
@pytest.mark.parametrize(
    ("change", "field"),
    [({"query": ""}, "query"), ({"query": "x" * 5_001}, "query"), ({"code": "x" * 10_001}, "code"),
     ({"query": "a\x00b"}, "query"), ({"user_id": "me"}, "user_id"), ({"surprise": 1}, "surprise")],
)  # fmt: skip
async def test_a_wrong_field_is_named(
    school: School, client: httpx.AsyncClient, change: dict[str, object], field: str
) -> None:
    student_id = await school.student()
    body = {"query": "why?", "user_id": str(student_id), **change}
    answer = await client.post("/triage", json=body, headers=await school.headers(student_id))
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == field


async def test_somebody_elses_question_is_not_found_and_no_token_is_refused(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id, other = await school.student(), uuid4()
    body = {"query": "why?", "user_id": str(other)}
    assert (await client.post("/triage", json=body)).status_code == 401
    assert (await client.post("/triage", json=body, headers=await school.headers(student_id))).status_code == 404
    service = {"Authorization": f"Bearer {await school.service_token('concepts')}"}
    assert (await client.post("/triage", json=body, headers=service)).status_code == 200
