"""code-review on a real log: questions, submissions, the route; ruff is real, the other services are stand-ins."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from learnflow.contracts.events import CodeSubmitted, Fact, ReviewRequested
from learnflow.contracts.events.base import QuestionContext
from learnflow.contracts.sealed import SealedText
from learnflow.kit.bus.base import new_event
from learnflow.kit.database import Database
from learnflow.services.code_review.app import create
from learnflow.services.code_review.hits import Hit
from learnflow.services.code_review.linter import Linter
from learnflow.services.code_review.settings import Settings
from tests.answering import Reply
from tests.integration.school import School, eventually, facts_of, service_with
from tests.unit.debug.run_here import execute

EXERCISE = "control-flow/for-loops/drums"
TIDY = 'def area(width, height):\n    """Gives the area of a rectangle."""\n    return width * height\n'
UNTIDY = "def area(a,b):\n    list=[a,b]\n    if a==True:\n        return a*b\n"
TESTS = [{"number": 1, "hidden": False, "passed": True}, {"number": 2, "hidden": True, "passed": False}]
Others = Callable[[httpx.Request], httpx.Response]
Opened = Callable[[Others], AbstractAsyncContextManager[httpx.AsyncClient]]


def problem(status: int) -> httpx.Response:
    body = {"title": "no", "status": status, "code": "not_found", "detail": "There is no such exercise."}
    return httpx.Response(status, json=body, headers={"Content-Type": "application/problem+json"})


def others(request: httpx.Request) -> httpx.Response:
    """code-execution and exercise, as they answer when all is well."""
    body = json.loads(request.content)
    if request.url.path == "/execute":
        assert body["timeout_s"] == 1
        return httpx.Response(200, json=execute(body["code"], body["stdin"]))
    assert request.url.path == "/exercises/check"
    if body["exercise_id"] != EXERCISE:
        return problem(404)
    return httpx.Response(200, json={"score": 50, "passed": False, "tests": TESTS})


def without_exercise(request: httpx.Request) -> httpx.Response:
    if request.url.path != "/execute":
        raise httpx.ConnectError("connection refused", request=request)
    return others(request)


def away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("connection refused", request=request)


@pytest.fixture
def opened(school: School, settings_for: Callable[..., dict[str, Any]]) -> Opened:
    """`opened(others)`: a running service whose calls to others end at that function."""

    def open_with(others: Reply) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        return service_with(school, create, Settings(**settings_for("code-review")), others)

    return open_with


@pytest.fixture
async def client(opened: Opened) -> AsyncIterator[httpx.AsyncClient]:
    async with opened(others) as client:
        yield client


async def reviewed(client: httpx.AsyncClient, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = await client.post("/review", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


async def facts(school: School, student_id: UUID) -> list[dict[str, Any]]:
    rows = await school.gateway.fetch(
        "select ce from bus_log where topic = 'progress.events' and ce ->> 'subject' = $1 order by xid, seq",
        str(student_id),
    )
    return [row["ce"]["data"] for row in rows if "code_reviewed" in row["ce"]["type"]]


async def requested(school: School, student_id: UUID, query: str, code: str | None = None, **more: Any) -> UUID:
    request = ReviewRequested(
        query_id=uuid4(),
        query=await school.vault.seal(student_id, query),
        code=await school.vault.seal(student_id, code) if code is not None else None,
        intent="code_review",
        confidence=0.9,
        **more,
    )
    await school.publish(student_id, request)
    return request.query_id


async def submitted(school: School, student_id: UUID, code: str, score: float) -> CodeSubmitted:
    return CodeSubmitted(
        submission_id=uuid4(),
        exercise_id=EXERCISE,
        topic_id="control-flow/for-loops",
        code=await school.vault.seal(student_id, code),
        score=score,
    )


@pytest.mark.plan("P-SVC-code-review", "P-API-review")
async def test_a_review_holds_what_the_product_promises_and_the_same_code_gives_the_same_bytes(
    school: School, client: httpx.AsyncClient
) -> None:
    headers = await school.headers(await school.student())
    answers = [await client.post("/review", json={"code": UNTIDY}, headers=headers) for _ in range(2)]
    review = answers[0].json()

    assert answers[0].content == answers[1].content
    assert set(review) >= {"quality_score", "correctness", "style", "efficiency", "readability", "pep8_compliant",
                           "findings", "praise"}  # fmt: skip
    assert review["quality_score"] == round(
        0.40 * review["correctness"] + 0.25 * review["style"] + 0.2 * review["efficiency"]
        + 0.15 * review["readability"]
    )  # fmt: skip
    assert review["pep8_compliant"] is False
    assert 1 <= len(review["findings"]) <= 3
    for finding in review["findings"]:
        assert set(finding) == {"line", "column", "rule", "severity", "message", "why", "question"}
        assert all(finding.values())
    assert "`list`" in json.dumps(review["findings"])
    assert review["checked_by"] == "run"


async def test_a_tidy_program_is_praised_and_gets_full_marks(school: School, client: httpx.AsyncClient) -> None:
    review = await reviewed(client, await school.headers(await school.student()), code=TIDY)
    assert (review["quality_score"], review["findings"], review["pep8_compliant"]) == (100, [], True)
    assert "`area`" in review["praise"]


async def test_with_an_exercise_its_tests_decide_and_the_review_counts_for_it(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    review = await reviewed(client, await school.headers(student_id), code=TIDY, exercise_id=EXERCISE)
    (fact,) = await facts(school, student_id)

    assert (review["checked_by"], review["correctness"], review["quality_score"]) == ("tests", 50, 80)
    assert review["note"] == "1 of 2 tests of the exercise pass."
    assert (fact["exercise_id"], fact["topic_id"]) == (EXERCISE, "control-flow/for-loops")
    assert (fact["quality_score"], fact["correctness"]) == (80, 50)


async def test_an_unknown_exercise_is_said_and_the_review_counts_for_none(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    review = await reviewed(client, await school.headers(student_id), code=TIDY, exercise_id="no/such/one")
    (fact,) = await facts(school, student_id)
    assert review["checked_by"] == "run"
    assert review["note"].startswith("I do not know this exercise")
    assert fact.get("exercise_id") is None


async def test_without_the_exercise_service_the_program_is_run_and_it_is_said(school: School, opened: Opened) -> None:
    student_id = await school.student()
    async with opened(without_exercise) as client:
        review = await reviewed(client, await school.headers(student_id), code=TIDY, exercise_id=EXERCISE)
    assert review["checked_by"] == "run"
    assert review["note"].startswith("I could not reach the exercise's tests")
    assert [fact.get("exercise_id") for fact in await facts(school, student_id)] == [None]


async def test_when_nothing_could_run_there_is_a_review_and_nothing_is_recorded(school: School, opened: Opened) -> None:
    student_id = await school.student()
    async with opened(away) as client:
        review = await reviewed(client, await school.headers(student_id), code=UNTIDY)
    assert review["checked_by"] == "reading"
    assert "I only read it" in review["note"]
    assert await facts(school, student_id) == []


async def test_a_program_that_stops_is_told_where_and_python_s_advice_is_not(
    school: School, client: httpx.AsyncClient
) -> None:
    headers = await school.headers(await school.student())
    review = await reviewed(client, headers, code="favourite = 1\nprint(len(5))\n")
    assert review["correctness"] == 40
    assert (review["findings"][0]["rule"], review["findings"][0]["line"]) == ("run-error", 2)


async def test_code_that_does_not_parse_is_an_answer(school: School, client: httpx.AsyncClient) -> None:
    student_id = await school.student()
    review = await reviewed(client, await school.headers(student_id), code="print(1)\nif x\n    print(2)\n")
    assert (review["quality_score"], review["checked_by"]) == (0, "parser")
    assert [(finding["rule"], finding["line"]) for finding in review["findings"]] == [("syntax-error", 2)]
    assert [fact["quality_score"] for fact in await facts(school, student_id)] == [0]


async def test_a_focus_comes_first(school: School, client: httpx.AsyncClient) -> None:
    headers = await school.headers(await school.student())
    plain = await reviewed(client, headers, code=UNTIDY)
    focused = await reviewed(client, headers, code=UNTIDY, focus_areas=["style"])
    assert plain["findings"][0]["rule"] != focused["findings"][0]["rule"]
    assert plain["quality_score"] == focused["quality_score"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "code"),
        ({"code": ""}, "code"),
        ({"code": " \n\t"}, "code"),
        ({"code": 7}, "code"),
        ({"code": "x" * 10_001}, "code"),
        ({"code": "print('\0')"}, "code"),
        ({"code": "print(1)", "exercise_id": "a sentence about me"}, "exercise_id"),
        ({"code": "print(1)", "focus_areas": ["beauty"]}, "focus_areas.0"),
        ({"code": "print(1)", "focus_areas": "style"}, "focus_areas"),
        ({"code": "print(1)", "focus_areas": ["style"] * 5}, "focus_areas"),
        ({"code": "print(1)", "unknown": 1}, "unknown"),
    ],
)
async def test_a_malformed_request_names_its_field(
    school: School, client: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    headers = await school.headers(await school.student())
    answer = await client.post("/review", json=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == field


HOSTILE = [
    "x = " + "(" * 4900 + "1" + ")" * 4900,
    "a" + "+a" * 4990,
    "-" * 9990 + "1",
    "[a for a in " * 150 + "b" + "]" * 150,  # ruff needs longer for this than there is time
    "lambda:" * 1400 + "1",
    "# a b c d\n" * 999,
    "".join(f"def f{number}():0\n" for number in range(700)),
    "\x0c# ruff: noqa\nprint(nmae)  # noqa\n",
    "x = '" + "y" * 9990 + "'",
]


@pytest.mark.parametrize("code", HOSTILE, ids=range(len(HOSTILE)))
async def test_whatever_is_sent_is_answered_in_time(school: School, opened: Opened, code: str) -> None:
    async with opened(away) as client, asyncio.timeout(5):
        review = await reviewed(client, await school.headers(await school.student()), code=code)
    assert 0 <= review["quality_score"] <= 100
    assert review["praise"]


async def test_many_reviews_at_once_are_all_answered(school: School, client: httpx.AsyncClient) -> None:
    headers = await school.headers(await school.student())
    reviews = await asyncio.gather(*(reviewed(client, headers, code=TIDY) for _ in range(20)))
    assert {review["correctness"] for review in reviews} == {100}


async def test_a_teachers_review_is_nobody_s_progress(school: School, client: httpx.AsyncClient) -> None:
    teacher = await school.student()
    await reviewed(client, await school.headers(teacher, "teacher"), code=TIDY)
    assert await facts(school, teacher) == []


@pytest.mark.plan("P-TOPIC-code.submissions")
async def test_a_question_is_answered_with_the_review_and_the_review_is_told(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    context = QuestionContext(exercise_id=EXERCISE, topic_id="control-flow/for-loops")
    clarification = await school.vault.seal(student_id, "Or is something wrong?")
    query_id = await requested(school, student_id, "review?", UNTIDY, context=context, clarification=clarification)
    part, finished = await school.published("learning.responses", query_id, count=2)
    (fact,) = await school.published("progress.events", query_id)
    text = await school.vault.open(student_id, SealedText(finished["data"]["answer"]))
    details = json.loads(await school.vault.open(student_id, SealedText(finished["data"]["details"])))

    assert facts_of([part, finished]) == ["answer_part", "answer_finished"]
    assert (part["data"]["agent"], finished["data"]["agent"]) == ("code-review", "code-review")
    assert text.startswith(await school.vault.open(student_id, SealedText(part["data"]["text"])))
    assert f"**{details['quality_score']} of 100**" in text
    assert details["praise"] in text
    assert all(finding["message"] in text for finding in details["findings"])
    assert finished["data"]["verified"] is True
    assert finished["data"]["clarification"] == clarification
    assert (fact["data"]["query_id"], fact["data"]["exercise_id"]) == (str(query_id), EXERCISE)
    assert fact["data"]["quality_score"] == details["quality_score"]
    assert "area" not in json.dumps([part, finished, fact])


async def test_a_program_between_fences_is_found(school: School, client: httpx.AsyncClient) -> None:
    student_id = await school.student()
    query_id = await requested(school, student_id, f"please review\n```python\n{TIDY}```")
    *_, finished = await school.published("learning.responses", query_id, count=2)
    assert "**100 of 100**" in await school.vault.open(student_id, SealedText(finished["data"]["answer"]))


async def test_a_question_without_code_is_asked_for_it_kindly(school: School, client: httpx.AsyncClient) -> None:
    student_id = await school.student()
    query_id = await requested(school, student_id, "please review my code")
    (finished,) = await school.published("learning.responses", query_id)
    answer = await school.vault.open(student_id, SealedText(finished["data"]["answer"]))
    assert "paste it here" in answer
    assert finished["data"]["verified"] is False
    assert await facts(school, student_id) == []


async def test_without_any_other_service_a_question_is_answered(school: School, opened: Opened) -> None:
    student_id = await school.student()
    async with opened(away):
        query_id = await requested(school, student_id, "review?", UNTIDY)
        *_, finished = await school.published("learning.responses", query_id, count=2)
    assert "I only read it" in await school.vault.open(student_id, SealedText(finished["data"]["answer"]))
    assert finished["data"]["verified"] is False


async def test_a_submission_is_reviewed_with_its_own_score_and_answers_nobody(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    fact = await submitted(school, student_id, TIDY, 75)
    (event,) = await school.publish(student_id, fact)
    (found,) = await school.published("progress.events", UUID(event.correlationid))
    assert (found["data"]["submission_id"], found["data"]["exercise_id"]) == (str(fact.submission_id), EXERCISE)
    assert (found["data"]["correctness"], found["data"]["style"], found["data"]["quality_score"]) == (75, 100, 90)
    count = "select count(*) from bus_log where topic = 'learning.responses'"
    assert await school.gateway.fetchval(count) == 0


async def test_a_submission_that_does_not_parse_is_nought(school: School, client: httpx.AsyncClient) -> None:
    student_id = await school.student()
    (event,) = await school.publish(student_id, await submitted(school, student_id, "if x\n", 0))
    (found,) = await school.published("progress.events", UUID(event.correlationid))
    assert found["data"]["quality_score"] == 0


async def test_a_submission_waits_for_ruff_and_is_reviewed_when_it_is_back(
    school: School, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    find, calls = Linter.find, []

    async def absent_at_first(self: Linter, source: str, *, wait_s: float) -> list[Hit] | None:
        calls.append(source)
        return await find(self, source, wait_s=wait_s) if len(calls) > 1 else None

    monkeypatch.setattr(Linter, "find", absent_at_first)
    student_id = await school.student()
    (event,) = await school.publish(student_id, await submitted(school, student_id, TIDY, 100))
    (found,) = await school.published("progress.events", UUID(event.correlationid))
    assert (found["data"]["quality_score"], len(calls)) == (100, 2)


async def test_what_is_delivered_twice_is_reviewed_once(school: School, client: httpx.AsyncClient) -> None:
    student_id = await school.student()
    events = await school.publish(student_id, await submitted(school, student_id, TIDY, 100))
    query_id = await requested(school, student_id, "review?", TIDY)
    async with school.gateway.transaction() as tx:
        await school.bus.publish(tx, events)
    last = await submitted(school, student_id, UNTIDY, 0)
    await school.publish(student_id, last)

    async def all_done() -> bool:
        return str(last.submission_id) in {fact["submission_id"] for fact in await facts(school, student_id)}

    await eventually(all_done)
    await school.published("progress.events", query_id)
    assert len(await facts(school, student_id)) == 3


async def test_an_erased_student_s_work_is_dropped_and_the_next_is_done(
    school: School, client: httpx.AsyncClient
) -> None:
    gone, here = await school.student(), await school.student()
    fact = await submitted(school, gone, TIDY, 100)
    await school.vault.destroy_key(gone)
    await school.publish(gone, fact)
    query_id = await requested(school, here, "review?", TIDY)
    await school.published("learning.responses", query_id, count=2)
    assert await facts(school, gone) == []


@pytest.mark.parametrize("kind", [ReviewRequested, CodeSubmitted])
async def test_an_event_of_another_release_is_handled(
    school: School, client: httpx.AsyncClient, owner_database: Database, kind: type[Fact]
) -> None:
    """A field more, and every optional field less."""
    student_id = await school.student()
    sealed = await school.vault.seal(student_id, f"review?\n```\n{TIDY}```")
    data: dict[str, Any] = {"query_id": str(uuid4()), "query": sealed, "intent": "code_review", "confidence": 1}
    if kind is CodeSubmitted:
        data = (await submitted(school, student_id, TIDY, 100)).model_dump(mode="json")
    assert not set(data) & {name for name, field in kind.model_fields.items() if not field.is_required()}
    event = new_event(
        kind.model_validate(data), source="/learnflow/later", student_id=student_id, correlation_id=uuid4()
    )
    envelope = event.model_dump(mode="json", exclude={"data", "traceparent", "traceid"})
    raw = {**envelope, "data": {**data, "from_tomorrow": {"more": 1}}, "newer": "1"}
    insert = "insert into bus_log (topic, part, key, ce) values ('code.submissions', 0, $1, $2)"
    await owner_database.execute(insert, str(student_id), raw)

    async def done() -> bool:
        return len(await facts(school, student_id)) == 1

    await eventually(done)
