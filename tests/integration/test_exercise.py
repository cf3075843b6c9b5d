"""Exercise on a real log: what is handed in is kept, graded in real sandboxes, told once, shown to whom it belongs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from learnflow.contracts.events import ExerciseRequested
from learnflow.contracts.events.base import QuestionContext
from learnflow.contracts.sealed import SealedText
from learnflow.curriculum import load_exercises
from learnflow.kit.bus.base import new_event
from learnflow.kit.database import Database
from learnflow.services.exercise.drafts.service import KEPT_VERSIONS
from tests.integration.exercises import exercises_with
from tests.integration.sandbox import Sandboxes
from tests.integration.school import School, facts_of

PLANTS, DRUMS = "data-structures/lists/dry-plants", "control-flow/for-loops/drums"
REFERENCE = load_exercises()[PLANTS].reference
WRONG = load_exercises()[PLANTS].wrong[0].code
HIDDEN_CALLS = [case.call for case in load_exercises()[PLANTS].tests if case.hidden]
Opened = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


def away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("connection refused", request=request)


def fails_itself(request: httpx.Request) -> httpx.Response:
    result: dict[str, Any] = {"status": "sandbox_error", "stdout": "", "error": None, "files": []}
    count = len(orjson.loads(request.content)["programs"])
    return httpx.Response(200, json={"results": [result] * count})


@pytest.fixture
def opened(school: School, settings_for: Callable[..., dict[str, Any]]) -> Opened:
    """`opened(sandbox)`: a running exercise service whose calls to others end at that function."""
    return partial(exercises_with, school, settings_for)


@pytest.fixture
async def client(opened: Opened, one_sandbox: Sandboxes) -> AsyncIterator[httpx.AsyncClient]:
    async with opened(one_sandbox.answer) as client:
        yield client


async def handed_in(
    school: School, client: httpx.AsyncClient, student_id: UUID, code: str, exercise_id: str = PLANTS, **more: Any
) -> httpx.Response:
    body = {"exercise_id": exercise_id, "code": code} | more
    return await client.post("/exercises/submit", json=body, headers=await school.headers(student_id))


async def facts(school: School, student_id: UUID) -> list[dict[str, Any]]:
    """All that was published about a student, in order."""
    rows = await school.gateway.fetch(
        "select ce from bus_log where ce ->> 'subject' = $1 order by xid, seq", str(student_id)
    )
    return [row["ce"] for row in rows]


@pytest.mark.plan("P-SVC-exercise")
async def test_a_right_program_is_graded_kept_sealed_and_told_once(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    student_id = await school.student()
    answer = await handed_in(school, client, student_id, REFERENCE, rung=2, aided=True, helped_by="debug")
    told = await facts(school, student_id)
    row = await owner_database.fetchrow("select * from submissions")

    grade = answer.json()
    assert (grade["score"], grade["passed"], grade["attempt_no"]) == (100, True, 1)
    assert (grade["tests_passed"], grade["tests_total"], grade["hidden_total"]) == (6, 6, 3)
    assert facts_of(told) == ["exercise_submitted", "exercise_graded", "code_submitted"]
    assert all(event["data"]["submission_id"] == grade["submission_id"] for event in told)
    assert told[1]["data"]["core"] is True
    assert (told[1]["data"]["rung"], told[1]["data"]["helped_by"]) == (2, "debug")
    assert row is not None
    assert "soil" not in str(dict(row)) + str(told)
    assert await school.vault.open(student_id, row["code"]) == REFERENCE


async def test_a_wrong_program_gets_its_share_and_the_first_failing_input(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    grade = (await handed_in(school, client, student_id, WRONG)).json()

    assert grade["passed"] is False
    assert grade["score"] == pytest.approx(16.67)
    assert grade["first_failing"]["call"] == "dry([40, 12, 55, 20], 25)"
    assert (grade["first_failing"]["expected"], grade["first_failing"]["got"]) == ("[1, 3]", "[12, 20]")
    assert (await facts(school, student_id))[1]["data"]["error_type"] == "wrong_result"


async def test_nothing_of_a_hidden_test_is_ever_shown_to_a_student(school: School, client: httpx.AsyncClient) -> None:
    student_id = await school.student()
    headers = await school.headers(student_id)
    leaks = "def dry(soil, limit):\n    print('seen', soil, limit)\n    raise ValueError(f'saw {soil}')\n"
    handed = await handed_in(school, client, student_id, leaks)
    shown = [
        handed.text,
        (await client.get(f"/exercises/{PLANTS}", headers=headers)).text,
        (await client.get(f"/submissions/{handed.json()['submission_id']}", headers=headers)).text,
    ]

    for text in shown:
        assert not any(str(call)[4:-1] in text for call in HIDDEN_CALLS)
        assert "[3, 0, 9, 1]" not in text
        assert "'reference': 'def" not in text
    assert [test["passed"] for test in handed.json()["tests"] if test["hidden"]] == [False] * 3
    assert handed.json()["error"] == {"type": "ValueError", "message": "saw [40, 12, 55, 20]", "line": 3}


async def test_what_python_cannot_read_is_graded_zero_with_the_line(school: School, client: httpx.AsyncClient) -> None:
    student_id = await school.student()
    grade = (await handed_in(school, client, student_id, "def dry(soil, limit)\n    return []\n")).json()

    assert (grade["score"], grade["passed"]) == (0, False)
    assert (grade["error"]["type"], grade["error"]["line"]) == ("SyntaxError", 1)
    assert (await facts(school, student_id))[1]["data"]["error_type"] == "SyntaxError"


async def test_a_program_that_reads_and_prints_is_judged_by_what_it_prints(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    prompted = "beats = int(input('How many? '))\nfor n in range(beats):\n    print('beat', n + 1)\nprint('end')\n"
    right = (await handed_in(school, client, student_id, load_exercises()[DRUMS].reference, DRUMS)).json()
    wrong = (await handed_in(school, client, student_id, prompted, DRUMS)).json()

    assert right["passed"] is True
    assert "inside `input()`" in wrong["first_failing"]["message"]


async def test_a_missing_construct_keeps_a_program_from_passing(school: School, client: httpx.AsyncClient) -> None:
    code = "def dry(soil, limit):\n    return [i for i, value in enumerate(soil) if value < limit]\n"
    grade = (await handed_in(school, client, await school.student(), code)).json()

    assert (grade["passed"], grade["tests_passed"], grade["tests_total"]) == (False, 6, 7)
    assert grade["first_failing"]["message"] == "Use `for` here."


@pytest.mark.parametrize("sandbox", [away, fails_itself])
async def test_while_nothing_can_be_run_nothing_is_graded_and_nothing_is_lost(
    school: School, opened: Opened, one_sandbox: Sandboxes, sandbox: Any
) -> None:
    student_id = await school.student()
    async with opened(sandbox) as client:
        refused = await handed_in(school, client, student_id, REFERENCE)
        listed = (await client.get("/submissions", headers=await school.headers(student_id))).json()
    async with opened(one_sandbox.answer) as client:
        again = (await handed_in(school, client, student_id, REFERENCE)).json()

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert [(row["status"], row["score"]) for row in listed["items"]] == [("received", None)]
    assert (again["passed"], again["attempt_no"]) == (True, 1)
    assert again["submission_id"] == listed["items"][0]["submission_id"]
    assert facts_of(await facts(school, student_id)) == ["exercise_submitted", "exercise_graded", "code_submitted"]


async def test_attempts_are_counted_and_the_reference_comes_with_success(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    headers = await school.headers(student_id)
    before = (await client.get(f"/exercises/{PLANTS}", headers=headers)).json()
    first = (await handed_in(school, client, student_id, WRONG)).json()
    still = (await client.get(f"/exercises/{PLANTS}", headers=headers)).json()
    second = (await handed_in(school, client, student_id, REFERENCE)).json()
    after = (await client.get(f"/exercises/{PLANTS}", headers=headers)).json()
    listed = (await client.get("/exercises?topic_id=data-structures/lists", headers=headers)).json()

    assert (first["attempt_no"], second["attempt_no"]) == (1, 2)
    assert (before["reference"], still["reference"], after["reference"]) == (None, None, REFERENCE)
    (row,) = [item for item in listed["items"] if item["exercise_id"] == PLANTS]
    assert (row["passed"], row["attempts"]) == (True, 2)


async def test_two_tabs_that_send_the_same_program_at_once_make_one_grade_each(
    school: School, opened: Opened, one_sandbox: Sandboxes
) -> None:
    student_id = await school.student()
    async with opened(away) as client:
        await handed_in(school, client, student_id, REFERENCE)
    async with opened(one_sandbox.answer) as client:
        answers = await asyncio.gather(*(handed_in(school, client, student_id, REFERENCE) for _ in range(2)))
    told = await facts(school, student_id)

    assert all(answer.json()["passed"] for answer in answers)
    graded = [event["data"]["attempt_no"] for event in told if event["type"].endswith("exercise_graded.v1")]
    assert len(graded) == len(set(graded))


async def test_a_students_submissions_are_for_them_their_teachers_and_services(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id, other_id = await school.student(), await school.student()
    grade = (await handed_in(school, client, student_id, WRONG)).json()
    path = f"/submissions/{grade['submission_id']}"

    own = await client.get(path, headers=await school.headers(student_id))
    assert own.json()["code"] == WRONG
    for paths in (path, f"/submissions?user_id={student_id}"):
        for role in ("student", "teacher"):
            refused = await client.get(paths, headers=await school.headers(other_id, role))
            assert refused.status_code == 404
    unknown = await client.get(f"/submissions/{uuid4()}", headers=await school.headers(student_id))
    assert unknown.status_code == 404


async def test_a_check_grades_and_records_nothing(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    headers = {"Authorization": f"Bearer {await school.service_token('code-review')}"}
    checked = await client.post("/exercises/check", json={"exercise_id": PLANTS, "code": WRONG}, headers=headers)
    full = await client.get(f"/exercises/{PLANTS}/full", headers=headers)

    assert checked.json()["score"] == pytest.approx(16.67)
    assert full.json()["tests"][3]["hidden"] is True
    assert full.json()["reference"] == REFERENCE
    assert await owner_database.fetchval("select count(*) from submissions") == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/exercises/no/such/exercise", None, 404),
        ("GET", "/exercises?difficulty=impossible", None, 422),
        ("GET", "/exercises?limit=0", None, 422),
        ("GET", "/exercises?topic_id=a sentence with blanks", None, 422),
        ("POST", "/exercises/submit", {"exercise_id": "no/such/one", "code": ""}, 404),
        ("POST", "/exercises/submit", {"exercise_id": PLANTS}, 422),
        ("POST", "/exercises/submit", {"exercise_id": PLANTS, "code": "x" * 10_001}, 422),
        ("POST", "/exercises/submit", {"exercise_id": PLANTS, "code": "\x00"}, 422),
        ("POST", "/exercises/submit", {"exercise_id": PLANTS, "code": "", "score": 100}, 422),
        ("POST", "/exercises/submit", {"exercise_id": PLANTS, "code": "", "rung": 5}, 422),
        ("POST", "/exercises/submit", {"exercise_id": PLANTS, "code": "", "helped_by": "My Mum"}, 422),
        ("PUT", f"/exercises/{PLANTS}/draft", {"code": "x" * 10_001}, 422),
        ("PUT", "/exercises/no/such/one/draft", {"code": "x"}, 404),
        ("GET", "/exercises/no/such/one/draft/versions", None, 404),
        ("GET", "/submissions/not-an-id", None, 422),
    ],
)
async def test_bad_input_is_refused_by_name(
    school: School, client: httpx.AsyncClient, method: str, path: str, body: Any, status: int
) -> None:
    answer = await client.request(method, path, json=body, headers=await school.headers(await school.student()))

    assert answer.status_code == status
    assert answer.json()["code"] in {"invalid", "not_found"}


async def test_an_empty_program_and_a_deep_one_are_graded_like_any_other(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    for code in ("", "# nothing", "(" * 5_000, "-" * 9_999 + "1"):
        answer = await handed_in(school, client, student_id, code)
        assert (answer.status_code, answer.json()["passed"]) == (200, False)


async def test_a_draft_keeps_fifty_versions_and_the_same_text_is_no_new_one(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    headers = await school.headers(await school.student())
    path = f"/exercises/{PLANTS}/draft"
    starter = (await client.get(path, headers=headers)).json()
    for number in range(KEPT_VERSIONS + 2):
        await client.put(path, json={"code": f"step = {number}"}, headers=headers)
    again = (await client.put(path, json={"code": f"step = {KEPT_VERSIONS + 1}"}, headers=headers)).json()
    versions = (await client.get(f"{path}/versions?limit=50", headers=headers)).json()
    rest = str(await owner_database.fetch("select * from drafts"))

    assert (starter["version"], starter["code"]) == (0, load_exercises()[PLANTS].starter)
    assert again["version"] == KEPT_VERSIONS + 2
    assert (versions["total"], versions["next"]) == (KEPT_VERSIONS, None)
    assert [item["version"] for item in versions["items"]] == list(range(KEPT_VERSIONS + 2, 2, -1))
    assert versions["items"][-1]["code"] == "step = 2"
    assert "step =" not in rest


async def test_drafts_are_each_students_own(school: School, client: httpx.AsyncClient) -> None:
    path = f"/exercises/{PLANTS}/draft"
    await client.put(path, json={"code": "mine"}, headers=await school.headers(await school.student()))

    other = await client.get(path, headers=await school.headers(await school.student()))
    assert other.json()["version"] == 0


async def test_erasing_a_student_erases_what_they_handed_in(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    student_id = await school.student()
    await handed_in(school, client, student_id, "def (")
    await client.put(f"/exercises/{PLANTS}/draft", json={"code": "x"}, headers=await school.headers(student_id))
    await owner_database.execute("delete from users where id = $1", student_id)

    assert (
        await owner_database.fetchval("select (select count(*) from submissions) + (select count(*) from drafts)") == 0
    )


async def requested(school: School, student_id: UUID, query: str, **context: str) -> UUID:
    request = ExerciseRequested(
        query_id=uuid4(),
        query=await school.vault.seal(student_id, query),
        intent="exercise",
        confidence=0.9,
        context=QuestionContext(**context),
    )
    await school.publish(student_id, request)
    return request.query_id


async def answered(school: School, student_id: UUID, query_id: UUID) -> tuple[str, dict[str, Any]]:
    (answer,) = await school.published("learning.responses", query_id)
    text = await school.vault.open(student_id, SealedText(answer["data"]["answer"]))
    details = await school.vault.open(student_id, SealedText(answer["data"]["details"]))
    return text, orjson.loads(details)


async def test_who_wants_practice_is_offered_exercises_of_the_topic_with_a_reason(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    query_id = await requested(school, student_id, "Can I have something easy on lists to practise?")
    text, details = await answered(school, student_id, query_id)

    assert "practice on **Lists**" in text
    assert 1 <= len(details["exercises"]) <= 3
    assert {one["topic_id"] for one in details["exercises"]} == {"data-structures/lists"}
    assert "new for you" in details["exercises"][0]["why"]


async def test_help_with_an_open_task_says_it_in_other_words_and_never_solves_it(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    query_id = await requested(school, student_id, "I do not get what to do here", exercise_id=PLANTS)
    text, details = await answered(school, student_id, query_id)

    assert details["exercise_id"] == PLANTS
    assert "`dry([40, 12, 55, 20], 25)` gives `[1, 3]`" in text
    assert "range(len(soil))" not in text
    assert not any(str(call) in text for call in HIDDEN_CALLS)


async def test_without_a_topic_what_comes_next_in_the_course_is_offered(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    text, details = await answered(school, student_id, await requested(school, student_id, "give me something to do"))

    assert "no topic" in text
    assert details["exercises"]


async def test_the_question_of_an_erased_student_is_dropped_and_the_next_one_answered(
    school: School, client: httpx.AsyncClient
) -> None:
    gone, student_id = await school.student(), await school.student()
    lost = await requested(school, gone, "exercise please")
    await school.vault.destroy_key(gone)
    await answered(school, student_id, await requested(school, student_id, "an exercise on lists"))

    rows = await school.gateway.fetch("select 1 from bus_log where ce ->> 'correlationid' = $1", str(lost))
    assert len(rows) <= 2


async def test_an_event_of_another_release_is_handled(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    """A field more, and every optional field less."""
    student_id, query_id = await school.student(), uuid4()
    sealed = await school.vault.seal(student_id, "practice on lists")
    data: dict[str, Any] = {"query_id": str(query_id), "query": sealed, "intent": "exercise", "confidence": 1}
    assert not set(data) & {name for name, field in ExerciseRequested.model_fields.items() if not field.is_required()}
    request = ExerciseRequested.model_validate(data)
    event = new_event(request, source="/learnflow/later", student_id=student_id, correlation_id=query_id)
    envelope = event.model_dump(mode="json", exclude={"data", "traceparent", "traceid"})
    raw = {**envelope, "data": {**data, "from_tomorrow": {"more": 1}}, "newer": "1"}
    insert = "insert into bus_log (topic, part, key, ce) values ('exercise.requests', 0, $1, $2)"
    await owner_database.execute(insert, str(student_id), raw)

    text, _ = await answered(school, student_id, query_id)
    assert "practice on **Lists**" in text
