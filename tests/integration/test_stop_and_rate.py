"""An answer that is not wanted any more, and what a student thinks of one, on the whole gateway."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from learnflow.contracts.events import AnswerFinished, AnswerPart
from learnflow.services.api_gateway.app import create
from learnflow.services.api_gateway.settings import Settings
from tests.integration.school import School, eventually, running

LATE = "This part came too late."


@pytest.fixture
async def gateway(settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        running(create(Settings(**settings_for("api-gateway")))) as address,
        httpx.AsyncClient(base_url=f"http://{address}/api/v1", trust_env=False) as client,
    ):
        yield client


async def asked(gateway: httpx.AsyncClient, headers: dict[str, str]) -> UUID:
    answer = await gateway.post("/query", json={"query": "How do for loops work?"}, headers=headers)
    return UUID(answer.json()["query_id"])


async def answer_it(school: School, student_id: UUID, query_id: UUID, text: str = "Like this.") -> None:
    part = AnswerPart(query_id=query_id, agent="concepts", part_no=1, text=await school.vault.seal(student_id, text))
    finished = AnswerFinished(query_id=query_id, agent="concepts", answer=await school.vault.seal(student_id, text))
    await school.publish(student_id, part, finished)


async def handled(school: School) -> None:
    """Everything on learning.responses is handled by the gateway."""

    async def is_so() -> bool:
        left = await school.gateway.fetchval(
            """select count(*) from bus_log l where topic = 'learning.responses' and not exists (
               select from inbox i where i.grp = 'api-gateway' and i.event_id::text = l.ce ->> 'id')"""
        )
        return bool(left == 0)

    await eventually(is_so)


@pytest.mark.plan("P-EP-query-stop")
async def test_a_stopped_question_ends_its_stream_and_drops_what_comes_later(
    school: School, gateway: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    headers = await school.headers(student_id)
    query_id = await asked(gateway, headers)
    streaming = asyncio.create_task(gateway.get(f"/query/{query_id}/stream", headers=headers))
    await asyncio.sleep(0.05)
    stopped = await gateway.post(f"/query/{query_id}/stop", headers=headers)
    assert (stopped.status_code, stopped.json()["status"]) == (200, "stopped")
    async with asyncio.timeout(5):
        assert "event: done" in (await streaming).text
    await answer_it(school, student_id, query_id, LATE)
    await handled(school)
    question = (await gateway.get(f"/query/{query_id}", headers=headers)).json()
    assert (question["status"], question["answer"]) == ("stopped", None)
    assert await school.gateway.fetchval("select count(*) from answers") == 0
    assert await school.gateway.fetchval("select count(*) from answer_parts") == 0
    again = await gateway.post(f"/query/{query_id}/stop", headers=headers)
    assert again.json() == stopped.json()


async def test_stopping_wakes_a_request_that_waits(school: School, gateway: httpx.AsyncClient) -> None:
    student_id = await school.student()
    headers = await school.headers(student_id)
    waiting = asyncio.create_task(
        gateway.post("/query", json={"query": "How?"}, headers={**headers, "Prefer": "wait=10"}, timeout=20)
    )
    await eventually(lambda: _is_stored(school, student_id))
    query_id = await school.gateway.fetchval("select id from questions")
    await gateway.post(f"/query/{query_id}/stop", headers=headers)
    async with asyncio.timeout(5):
        assert (await waiting).status_code == 202


async def _is_stored(school: School, student_id: UUID) -> bool:
    return bool(await school.gateway.fetchval("select count(*) from questions where user_id = $1", student_id))


async def test_an_answered_question_stays_as_it_is(school: School, gateway: httpx.AsyncClient) -> None:
    student_id = await school.student()
    headers = await school.headers(student_id)
    query_id = await asked(gateway, headers)
    await answer_it(school, student_id, query_id)
    await handled(school)
    stopped = (await gateway.post(f"/query/{query_id}/stop", headers=headers)).json()
    assert (stopped["status"], stopped["answer"]["answer"]) == ("answered", "Like this.")


@pytest.mark.plan("P-EP-query-stop")
async def test_a_rating_is_kept_sealed_and_may_be_changed(school: School, gateway: httpx.AsyncClient) -> None:
    student_id = await school.student()
    headers = await school.headers(student_id)
    query_id = await asked(gateway, headers)
    early = await gateway.post(f"/query/{query_id}/rate", json={"helpful": True}, headers=headers)
    assert early.status_code == 409
    await answer_it(school, student_id, query_id)
    await handled(school)
    for helpful in (True, False):
        body = {"helpful": helpful, "comment": "planted words"}
        assert (await gateway.post(f"/query/{query_id}/rate", json=body, headers=headers)).status_code == 204
        assert (await gateway.get(f"/query/{query_id}", headers=headers)).json()["helpful"] is helpful
    rows = await school.gateway.fetch("select * from ratings")
    assert len(rows) == 1
    assert "planted" not in str(dict(rows[0]))


@pytest.mark.parametrize("what", ["stop", "rate"])
async def test_nobody_elses_question_is_stopped_or_rated(school: School, gateway: httpx.AsyncClient, what: str) -> None:
    owner, stranger = await school.student(), await school.headers(await school.student())
    query_id = await asked(gateway, await school.headers(owner))
    for wanted in (query_id, uuid4()):
        answer = await gateway.post(f"/query/{wanted}/{what}", json={"helpful": True}, headers=stranger)
        assert answer.status_code == 404
    question = await gateway.get(f"/query/{query_id}", headers=await school.headers(owner))
    assert question.json()["status"] == "open"


@pytest.mark.parametrize(
    "body", [{}, {"helpful": "perhaps"}, {"helpful": True, "comment": ""}, {"helpful": True, "comment": "x" * 1001},
             {"helpful": True, "stars": 5}, {"helpful": True, "comment": "nul \x00"}, [], None]
)  # fmt: skip
async def test_a_wrong_rating_is_refused(school: School, gateway: httpx.AsyncClient, body: Any) -> None:
    headers = await school.headers(await school.student())
    query_id = await asked(gateway, headers)
    assert (await gateway.post(f"/query/{query_id}/rate", json=body, headers=headers)).status_code == 422
