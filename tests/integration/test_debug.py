"""Debug on a real log: questions, rungs, hints; the sandbox behind the invoker is a run in the test's own process."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from learnflow.contracts.events import DebugRequested
from learnflow.contracts.events.base import QuestionContext
from learnflow.contracts.sealed import SealedText
from learnflow.kit.database import Database
from learnflow.services.debug.app import create
from learnflow.services.debug.settings import Settings
from tests.answering import Reply
from tests.integration.school import School, eventually, facts_of, service_with
from tests.unit.debug.run_here import execute

OFF_BY_ONE = "marks = [7, 4, 9]\nfor i in range(len(marks) + 1):\n    print(marks[i])\n"
SECOND_TRY = "marks = [7, 4, 9]\nfor i in range(len(marks) + 2):\n    print(marks[i])\n"
THIRD_TRY = "marks = [7, 4, 9]\nfor i in range(1, len(marks) + 1):\n    print(marks[i])\n"
TRACEBACK = """Traceback (most recent call last):
  File "home.py", line 6, in <module>
    print(marks[i])
          ~~~~~^^^
IndexError: list index out of range
"""
Opened = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


def sandbox(request: httpx.Request) -> httpx.Response:
    """What code-execution answers, from a real run of the program that was sent."""
    body = json.loads(request.content)
    assert (request.url.path, body["timeout_s"], body["trace"]) == ("/execute", 1, True)
    return httpx.Response(200, json=execute(body["code"], body["stdin"]))


def away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("connection refused", request=request)


@pytest.fixture
def opened(school: School, settings_for: Callable[..., dict[str, Any]]) -> Opened:
    """`opened(sandbox)`: a running debug service whose calls to others end at that function."""

    def open_with(others: Reply) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        return service_with(school, create, Settings(**settings_for("debug")), others)

    return open_with


@pytest.fixture
async def client(opened: Opened) -> AsyncIterator[httpx.AsyncClient]:
    async with opened(sandbox) as client:
        yield client


async def requested(
    school: School, student_id: UUID, query: str, *, code: str | None = None, error: str | None = None, **more: Any
) -> UUID:
    request = DebugRequested(
        query_id=uuid4(),
        query=await school.vault.seal(student_id, query),
        code=await school.vault.seal(student_id, code) if code is not None else None,
        error=await school.vault.seal(student_id, error) if error is not None else None,
        intent="debug",
        confidence=0.9,
        **more,
    )
    await school.publish(student_id, request)
    return request.query_id


async def answered(school: School, student_id: UUID, query_id: UUID) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """The one answer's data, its text and its details."""
    await school.published("progress.events", query_id)
    events = await school.published("learning.responses", query_id)
    (finished,) = [event["data"] for event in events if "answer_finished" in event["type"]]
    text = await school.vault.open(student_id, SealedText(finished["answer"]))
    details = await school.vault.open(student_id, SealedText(finished["details"]))
    return finished, text, json.loads(details)


async def ask(school: School, student_id: UUID, code: str, **more: Any) -> tuple[int, str]:
    """The rung that a question about this program gets, and its text."""
    query_id = await requested(school, student_id, "why does this fail?", code=code, **more)
    data, text, _ = await answered(school, student_id, query_id)
    return data["hint_level"], text


async def hinted(client: httpx.AsyncClient, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = await client.post("/debug", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


async def wait_two_minutes(school: School, owner: Database, student_id: UUID, less: timedelta = timedelta(0)) -> None:
    await owner.execute(
        "update rungs set opened_at = opened_at - $2::interval where student_id = $1",
        student_id,
        timedelta(minutes=2) - less,
    )


async def test_a_failing_program_gets_the_first_rung_with_its_own_names_and_values(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    clarification = await school.vault.seal(student_id, "Or do you mean the task?")
    query_id = await requested(school, student_id, "why?", code=OFF_BY_ONE, clarification=clarification)

    data, text, details = await answered(school, student_id, query_id)
    events = await school.published("learning.responses", query_id, count=2)
    (hint,) = await school.published("progress.events", query_id)

    assert "It stopped at line 3, `print(marks[i])`, with `IndexError: list index out of range`." in text
    assert "Line 3 asked for position 3 of `marks`. `i` was 3. `marks` has positions 0 to 2." in text
    assert "range(len(marks))" not in text
    assert (data["agent"], data["hint_level"], data["hint_levels"], data["verified"]) == ("debug", 1, 4, True)
    assert data["clarification"] == clarification
    assert (details["error_type"], details["line"], details["hint_level"]) == ("IndexError", 3, 1)
    assert facts_of(events) == ["answer_part", "answer_finished"]
    assert events[0]["data"]["part_no"] == 1
    assert text.startswith(await school.vault.open(student_id, SealedText(events[0]["data"]["text"])))
    assert (hint["data"]["rung"], hint["data"]["error_type"]) == (1, "IndexError")


async def test_in_one_conversation_each_new_attempt_opens_the_next_rung_and_the_same_program_does_not(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    context = QuestionContext(session_id="talk-1")

    rungs = [(await ask(school, student_id, code, context=context))[0]
             for code in (OFF_BY_ONE, OFF_BY_ONE, SECOND_TRY, OFF_BY_ONE, THIRD_TRY)]  # fmt: skip

    assert rungs == [1, 1, 2, 2, 3]


async def test_the_rung_of_an_exercise_and_of_a_conversation_are_apart(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    await ask(school, student_id, OFF_BY_ONE, context=QuestionContext(exercise_id="e1", session_id="talk"))

    second, _ = await ask(school, student_id, SECOND_TRY, context=QuestionContext(exercise_id="e1", session_id="other"))
    elsewhere, _ = await ask(school, student_id, SECOND_TRY, context=QuestionContext(session_id="talk"))

    assert (second, elsewhere) == (2, 1)


async def test_without_a_conversation_a_changed_version_of_the_program_is_known_again(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    other = "names = ['Ida']\nprint(names[4])\n"

    rungs = [(await ask(school, student_id, code))[0] for code in (OFF_BY_ONE, SECOND_TRY, other)]

    assert rungs == [1, 2, 1]


@pytest.mark.parametrize("context", [QuestionContext(), QuestionContext(session_id="talk")])
async def test_a_program_of_two_lines_climbs_with_each_try_and_not_with_padding_or_an_old_version(
    school: School, client: httpx.AsyncClient, context: QuestionContext
) -> None:
    student_id = await school.student()
    tries = [f"numbers = [1, 2, 3]\nprint(numbers[{place}])\n" for place in (3, 4, 5, 6)]
    padded = [tries[1] + "pass\n", "spare = 1\n" + tries[1], tries[0]]

    codes = [*tries[:2], *padded, *tries[2:]]
    rungs = [(await ask(school, student_id, code, context=context))[0] for code in codes]

    assert rungs == [1, 2, 2, 2, 2, 3, 4]


async def test_two_minutes_open_the_next_rung_and_a_second_less_does_not(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    headers = await school.headers(student_id := await school.student())
    first = await hinted(client, headers, code=OFF_BY_ONE, exercise_id="e")
    await wait_two_minutes(school, owner_database, student_id, less=timedelta(seconds=5))
    early = await hinted(client, headers, code=OFF_BY_ONE, exercise_id="e", hint_level=2)
    await wait_two_minutes(school, owner_database, student_id)
    late = await hinted(client, headers, code=OFF_BY_ONE, exercise_id="e", hint_level=2)

    assert [answer["hint_level"] for answer in (first, early, late)] == [1, 1, 2]
    assert first["next_opens_at"] > early["next_opens_at"]


@pytest.mark.plan("P-RULE-hints")
async def test_a_student_gets_no_more_than_the_open_rung_whatever_is_asked_for(
    school: School, client: httpx.AsyncClient
) -> None:
    student = await school.headers(await school.student())
    answer = await hinted(client, student, code=OFF_BY_ONE, hint_level=4)

    assert (answer["hint_level"], answer["hint_levels"], answer["line"]) == (1, 4, 3)
    assert "Line 2" not in answer["cause"]
    assert "suspects" not in answer


@pytest.mark.parametrize("role", ["teacher", "service"])
async def test_teachers_and_services_get_any_rung_and_the_suspects_and_open_nothing(
    school: School, client: httpx.AsyncClient, owner_database: Database, role: str
) -> None:
    if role == "service":
        headers = {"Authorization": f"Bearer {await school.service_token('triage')}"}
    else:
        headers = await school.headers(uuid4(), "teacher")
    answer = await hinted(client, headers, code=OFF_BY_ONE, hint_level=3)

    assert answer["hint_level"] == 3
    assert answer["suspects"][0] == {"line": 2, "confidence": 0.95, "misconception": "range-includes-end"}
    assert await owner_database.fetchval("select count(*) from rungs") == 0


async def test_a_traceback_without_code_is_read_as_evidence(school: School, client: httpx.AsyncClient) -> None:
    student_id = await school.student()
    query_id = await requested(school, student_id, f"help\n{TRACEBACK}")
    data, text, details = await answered(school, student_id, query_id)

    assert text.startswith("I have only the error message, not your program.")
    assert "Line 6 asks `marks` for position `i`." in text
    assert data["verified"] is False
    assert details["line"] == 6


@pytest.mark.plan("P-NUM-answer")
async def test_when_the_sandbox_is_away_the_answer_comes_and_says_that_nothing_was_run(
    school: School, opened: Opened
) -> None:
    student_id = await school.student()
    async with opened(away):
        query_id = await requested(
            school, student_id, "why?", code=OFF_BY_ONE, error="IndexError: list index out of range"
        )
        data, text, _ = await answered(school, student_id, query_id)

    assert text.startswith("I could not run your program just now.")
    assert data["verified"] is False


async def test_a_program_that_runs_to_its_end_gets_a_question_back_and_counts_no_error(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    student_id = await school.student()
    _, text = await ask(school, student_id, "print(1 + 1)\n")

    assert "It ran to its end without an error." in text
    assert await owner_database.fetchval("select count(*) from error_patterns") == 0


async def test_errors_are_counted_by_type_and_cause_without_any_text_of_the_student(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    student_id = await school.student()
    for code in (OFF_BY_ONE, SECOND_TRY, "class Zanzibar(Exception):\n    pass\nraise Zanzibar('zanzibar')\n"):
        await ask(school, student_id, code)

    rows = await owner_database.fetch("select error_type, misconception, seen from error_patterns order by seen desc")
    assert [tuple(row) for row in rows] == [("IndexError", "range-includes-end", 2), ("other", "own-check", 1)]
    everything = await owner_database.fetch(
        "select ce::text as row from bus_log union all select rungs::text from rungs"
    )
    assert not any("zanzibar" in row["row"].lower() for row in everything)


async def test_twenty_questions_at_once_give_twenty_answers_and_climb_one_ladder_in_order(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    student_id = await school.student()
    context = QuestionContext(exercise_id="busy")
    ids = [await requested(school, student_id, "why?", code=f"# {n}\n{OFF_BY_ONE}", context=context) for n in range(20)]
    answers = [(await answered(school, student_id, query_id))[0] for query_id in ids]

    assert [answer["hint_level"] for answer in answers] == [1] * 20
    assert await owner_database.fetchval("select count(*) from rungs") == 1


async def test_an_erased_student_s_question_is_dropped_and_the_next_one_is_answered(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    gone, here = await school.student(), await school.student()
    sealed = await school.vault.seal(gone, "why?")
    await school.gateway.execute("delete from keys.student_keys where student_id = $1", gone)
    await school.publish(gone, DebugRequested(query_id=uuid4(), query=sealed, intent="debug", confidence=1))

    level, _ = await ask(school, here, OFF_BY_ONE)

    assert level == 1
    await eventually(lambda: _no_work_left(owner_database))


async def _no_work_left(database: Database) -> bool:
    return bool(await database.fetchval("select count(*) = 0 from work"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"code": "   "}, ""),
        ({"code": "x" * 10_001}, "code"),
        ({"code": "a\x00b"}, "code"),
        ({"traceback": "\ud800"}, "traceback"),
        ({"code": "x", "hint_level": 5}, "hint_level"),
        ({"code": "x", "hint_level": 0}, "hint_level"),
        ({"code": "x", "exercise_id": ""}, "exercise_id"),
        ({"code": "x", "more": 1}, "more"),
        ({"code": 5}, "code"),
    ],
)
async def test_malformed_requests_are_refused_by_name(
    school: School, client: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    headers = await school.headers(await school.student()) | {"Content-Type": "application/json"}
    answer = await client.post("/debug", content=json.dumps(body).encode(), headers=headers)

    assert answer.status_code == 422, answer.text
    assert field in answer.text


async def test_nobody_gets_a_hint_without_a_token(client: httpx.AsyncClient) -> None:
    assert (await client.post("/debug", json={"code": OFF_BY_ONE})).status_code == 401


async def test_the_sandbox_s_delay_does_not_stop_other_answers(school: School, opened: Opened) -> None:
    released = asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        if "slow" in json.loads(request.content)["code"]:
            await released.wait()
        return sandbox(request)

    async with opened(slow) as client:
        student = await school.headers(await school.student())
        waiting = asyncio.create_task(hinted(client, student, code="slow = [1]\nprint(slow[1])\n"))
        quick = await hinted(client, student, code=OFF_BY_ONE)
        released.set()
        assert (await waiting)["error_type"] == quick["error_type"] == "IndexError"


@pytest.mark.plan("P-RULE-class-limits")
async def test_no_hint_goes_above_the_ceiling_of_the_student_s_class(school: School, client: httpx.AsyncClient) -> None:
    student_id = await school.student()
    headers = await school.headers(student_id)
    context = QuestionContext(exercise_id="e1")
    first = await ask(school, student_id, OFF_BY_ONE, context=context)
    assert (await ask(school, student_id, SECOND_TRY, context=context))[0] == 2
    assert first[0] == 1

    await school.teacher_of(student_id, hint_ceiling=3)
    await school.teacher_of(student_id, hint_ceiling=1)
    rung, text = await ask(school, student_id, THIRD_TRY, context=context)
    answer = await hinted(client, headers, code=OFF_BY_ONE + "# new", exercise_id="e1", hint_level=4)

    assert (rung, answer["hint_level"], answer["hint_levels"], answer["next_opens_at"]) == (1, 1, 1, None)
    assert "the last hint that your class allows" in text
