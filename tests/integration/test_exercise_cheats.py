"""A grade cannot be forged: what computes it never shares a process with what is graded."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from learnflow.curriculum import load_exercises
from tests.integration.cheats import CHEATS
from tests.integration.exercises import exercises_with
from tests.integration.sandbox import Sandboxes
from tests.integration.school import School

PLANTS, DRUMS = "data-structures/lists/dry-plants", "control-flow/for-loops/drums"
HONEST = "def dry(soil, limit):\n    found = []\n    for nothing in ():\n        pass\n    return found\n"
"""An honest try that is not there yet: it passes the one test in which no plant is dry."""


@pytest.fixture
async def client(
    school: School, settings_for: Callable[..., dict[str, Any]], one_sandbox: Sandboxes
) -> AsyncIterator[httpx.AsyncClient]:
    async with exercises_with(school, settings_for, one_sandbox.answer) as client:
        yield client


async def grades(
    school: School, client: httpx.AsyncClient, programs: dict[str, str], exercise_id: str = PLANTS
) -> dict[str, dict[str, Any]]:
    """The grade of each program, by its name; four at a time."""
    headers, turn = await school.headers(await school.student()), asyncio.Semaphore(4)

    async def grade(code: str) -> dict[str, Any]:
        async with turn:
            handed_in = {"exercise_id": exercise_id, "code": code}
            answer = await client.post("/exercises/submit", json=handed_in, headers=headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    return dict(zip(programs, await asyncio.gather(*map(grade, programs.values())), strict=True))


@pytest.mark.slow
@pytest.mark.timeout(60)
async def test_no_cheat_gets_more_than_an_honest_try(school: School, client: httpx.AsyncClient) -> None:
    got = await grades(school, client, {"honest": HONEST, **CHEATS})
    honest = got.pop("honest")["score"]

    assert honest == pytest.approx(16.67)
    assert {name: grade["score"] for name, grade in got.items() if grade["passed"] or grade["score"] > honest} == {}


async def test_what_is_expected_never_enters_a_sandbox_and_each_test_has_its_own(
    school: School, client: httpx.AsyncClient, one_sandbox: Sandboxes
) -> None:
    one_sandbox.asked.clear()
    await grades(school, client, {"honest": HONEST})
    (sent,) = map(json.loads, one_sandbox.asked)
    task = load_exercises()[PLANTS]
    jobs = [json.loads(program["files"]["job.json"]) for program in sent["programs"]]

    assert [job["call"] for job in jobs] == [case.call for case in task.tests]
    assert len({job["nonce"] for job in jobs}) == len({job["result"] for job in jobs}) == len(jobs)
    for program in sent["programs"]:
        assert set(program) == {"code", "stdin", "timeout_s", "files"}
        assert not any(str(case.expected) in json.dumps(program) for case in task.tests if str(case.expected) != "[]")
        assert "reference" not in json.dumps(program)


async def test_a_program_that_prints_its_own_success_fails_like_any_other(
    school: School, client: httpx.AsyncClient
) -> None:
    programs = {
        "exit": "import os\nos._exit(0)\n",
        "claims": "for word in ('passed', '100', 'ok'):\n    print(word)\n",
        "all at once": "for n in range(13):\n    print('beat', n)\n    print('end')\n",
        "one case by heart": "n = int(input())\nfor beat in (1, 2):\n    print('beat', beat)\nprint('end')\n",
    }
    got = await grades(school, client, programs, DRUMS)

    assert not any(grade["passed"] for grade in got.values())
    assert max(grade["score"] for grade in got.values()) <= 16.67


async def test_a_class_that_has_the_name_of_an_exception_does_not_pass_for_it(
    school: School, client: httpx.AsyncClient
) -> None:
    raises_at_once = "raise ValueError('not one of these calls')\ndef dry(soil, limit):\n    for _ in []: pass\n"
    got = await grades(school, client, {"at once": raises_at_once})

    assert got["at once"]["score"] == 0
    assert got["at once"]["error"]["line"] == 1
