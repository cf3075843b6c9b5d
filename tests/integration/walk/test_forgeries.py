"""No grade can be forged by what a student can send, and an honest solution gets all of it."""

from typing import Any

import pytest

from bench.platform import Platform
from learnflow.curriculum import load_exercises
from tests.integration.walk.forgeries import FORGERIES

PLANTS = "data-structures/lists/dry-plants"
PATH = f"/api/v1/exercises/{PLANTS}/submissions"
HONEST = load_exercises()[PLANTS].reference


async def grade(platform: Platform, code: str) -> dict[str, Any]:
    """What a student of its own gets for it."""
    async with platform.student() as student:
        answer = await student.client.post(PATH, json={"code": code})
        assert answer.status_code == 200, answer.text
        written: dict[str, Any] = answer.json()
        read = (await student.client.get(f"/api/v1/submissions/{written['submission_id']}")).json()
    assert (read["grade"]["score"], read["grade"]["passed"]) == (written["score"], written["passed"])
    return written


@pytest.mark.slow
@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forged_grade_is_nothing(platform: Platform, name: str) -> None:
    got = await grade(platform, FORGERIES[name])

    assert (got["score"], got["passed"]) == (0, False)
    assert not any(test["passed"] for test in got["tests"])


async def test_the_honest_solution_gets_all_of_it(platform: Platform) -> None:
    got = await grade(platform, HONEST)

    assert (got["score"], got["passed"]) == (100, True)


def test_there_are_six_known_ways_and_more_than_six_of_our_own() -> None:
    assert len(FORGERIES) >= 12
