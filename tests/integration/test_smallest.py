"""The smallest input that goes wrong, in real sandboxes: after the grade, of public tests, for who sees the work."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from learnflow.curriculum import load_exercises
from learnflow.kit.database import Database
from learnflow.services.exercise import service
from learnflow.services.exercise.grading import smallest
from learnflow.services.exercise.grading.shrinking import signature
from learnflow.services.exercise.service import SEARCHES
from tests.integration.exercises import exercises_with
from tests.integration.sandbox import Sandboxes
from tests.integration.school import School

PLANTS, DRUMS = "data-structures/lists/dry-plants", "control-flow/for-loops/drums"
TASK = load_exercises()[PLANTS]


class Others:
    """The sandbox, which may be slow or away."""

    def __init__(self, sandbox: Sandboxes) -> None:
        self._sandbox = sandbox
        self.calls = 0
        self.is_away = False
        self.wait_s = 0.0
        self.begun = asyncio.Semaphore(0)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        self.begun.release()
        if self.is_away:
            raise httpx.ConnectError("connection refused", request=request)
        await asyncio.sleep(self.wait_s)
        return await self._sandbox.answer(request)


@pytest.fixture(autouse=True)
def no_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is found in time on a busy machine is no matter of these tests."""
    monkeypatch.setattr(smallest, "BUDGET_S", 20.0)


@pytest.fixture
def others(one_sandbox: Sandboxes) -> Others:
    return Others(one_sandbox)


@pytest.fixture
async def client(
    school: School, settings_for: Callable[..., dict[str, Any]], others: Others
) -> AsyncIterator[httpx.AsyncClient]:
    async with exercises_with(school, settings_for, others.answer) as client:
        yield client


async def graded(school: School, client: httpx.AsyncClient, whose: UUID, code: str, exercise_id: str = PLANTS) -> str:
    body = {"exercise_id": exercise_id, "code": code}
    answer = await client.post("/exercises/submit", json=body, headers=await school.headers(whose))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["submission_id"])


async def looked_at(school: School, client: httpx.AsyncClient, whose: UUID, submission_id: str) -> Any:
    answer = await client.get(f"/submissions/{submission_id}", headers=await school.headers(whose))
    assert answer.status_code == 200, answer.text
    return answer.json()["smallest_failing"]


@pytest.mark.plan("P-RULE-smallest")
async def test_the_smallest_input_that_goes_wrong_is_found_once_and_kept_sealed(
    school: School, client: httpx.AsyncClient, others: Others, owner_database: Database
) -> None:
    student = await school.student()
    no_return = "def dry(soil, limit):\n    found = []\n"
    submission_id = await graded(school, client, student, no_return)
    after_grade = others.calls
    found = await looked_at(school, client, student, submission_id)
    assert found["expected"] == "[]"
    assert found["got"] == "None"
    assert found["text"] == (
        f"The smallest input we found that goes wrong: `{found['call']}` gives `None`, expected `[]`."
    )
    assert len(found["call"]) < len(TASK.tests[0].call or "")
    assert others.calls == after_grade + 1
    assert await looked_at(school, client, student, submission_id) == found
    assert others.calls == after_grade + 1
    kept = await owner_database.fetchval("select smallest from submissions where submission_id = $1", submission_id)
    assert kept.startswith("lf1.")


async def test_it_shows_where_the_programs_part_and_never_a_hidden_input(
    school: School, client: httpx.AsyncClient
) -> None:
    student = await school.student()
    hidden = {signature(case) for case in TASK.tests if case.hidden}
    for wrong in TASK.wrong:
        found = await looked_at(school, client, student, await graded(school, client, student, wrong.code))
        names: dict[str, Any] = {}
        exec(TASK.reference, names)
        assert str(eval(found["call"], names)) == found["expected"] != found["got"]
        case = TASK.tests[0].model_copy(update={"call": found["call"]})
        assert signature(case) not in hidden


async def test_of_a_program_that_reads_the_input_is_smaller(school: School, client: httpx.AsyncClient) -> None:
    student = await school.student()
    found = await looked_at(school, client, student, await graded(school, client, student, "print('end')\n", DRUMS))
    assert found["stdin"] == "1\n"
    assert found["text"].endswith("wrong: `1`. Your program prints `end`. `beat 1`, `end` is expected.")


@pytest.mark.parametrize(
    "code",
    [TASK.reference, "def dry(soil, limit):\n    while True:\n        pass\n", "def dry(soil, limit:\n"],
    ids=["right", "endless", "unreadable"],
)
async def test_where_there_is_nothing_to_shrink_nothing_is_run(
    school: School, client: httpx.AsyncClient, others: Others, code: str
) -> None:
    student = await school.student()
    submission_id = await graded(school, client, student, code)
    after_grade = others.calls
    assert await looked_at(school, client, student, submission_id) is None
    assert others.calls == after_grade


async def test_what_fails_in_hidden_tests_alone_stays_silent(
    school: School, client: httpx.AsyncClient, others: Others
) -> None:
    student = await school.student()
    public = {case.call: case.expected for case in TASK.tests if not case.hidden}
    answers = "".join(
        f"    if (soil, limit) == {call[3:]}:\n        return {value}\n" for call, value in public.items() if call
    )
    submission_id = await graded(
        school, client, student, f"def dry(soil, limit):\n    for _ in soil:\n        pass\n{answers}"
    )
    assert await looked_at(school, client, student, submission_id) is None


async def test_without_a_sandbox_the_submission_is_shown_and_it_is_looked_for_again_later(
    school: School, client: httpx.AsyncClient, others: Others
) -> None:
    student = await school.student()
    submission_id = await graded(school, client, student, TASK.wrong[0].code)
    others.is_away = True
    assert await looked_at(school, client, student, submission_id) is None
    others.is_away = False
    assert await looked_at(school, client, student, submission_id) is not None


async def test_when_time_is_out_nothing_is_shown_and_only_so_many_are_looked_for_in_a_minute(
    school: School, client: httpx.AsyncClient, others: Others, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smallest, "BUDGET_S", 0.05)
    student = await school.student()
    submission_id = await graded(school, client, student, TASK.wrong[0].code)
    others.wait_s = 5.0
    graded_after = others.calls
    for _ in range(SEARCHES + 2):
        assert await looked_at(school, client, student, submission_id) is None
    assert others.calls == graded_after + SEARCHES


async def test_searches_that_take_all_their_time_hold_up_no_check(
    school: School, client: httpx.AsyncClient, others: Others, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CHECK_WAIT_S", 0.2)
    monkeypatch.setattr(smallest, "BUDGET_S", 3.0)
    students = [await school.student() for _ in range(service.CHECKS_AT_ONCE)]
    handed_in = [(student, await graded(school, client, student, TASK.wrong[0].code)) for student in students]
    others.wait_s, others.begun = 5.0, asyncio.Semaphore(0)
    searches = [asyncio.create_task(looked_at(school, client, *one)) for one in handed_in]
    for _ in searches:
        await others.begun.acquire()
    others.wait_s = 0.0
    headers = {"Authorization": f"Bearer {await school.service_token('code-review')}"}
    body = {"exercise_id": PLANTS, "code": TASK.reference}
    answer = await client.post("/exercises/check", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert await asyncio.gather(*searches) == [None] * len(searches)


async def test_the_teacher_sees_it_and_a_stranger_does_not(school: School, client: httpx.AsyncClient) -> None:
    student, stranger = await school.student(), await school.student()
    teacher = await school.teacher_of(student)
    submission_id = await graded(school, client, student, TASK.wrong[0].code)
    path = f"/submissions/{submission_id}"
    assert (await client.get(path, headers=await school.headers(stranger))).status_code == 404
    seen = await client.get(path, headers=await school.headers(teacher, "teacher"))
    assert orjson.loads(seen.content)["smallest_failing"]["call"].startswith("dry(")
