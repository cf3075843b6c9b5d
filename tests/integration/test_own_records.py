"""GET /export/{user_id} of a service: its rows about the person who asks, opened, in pages, and nobody else's."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from learnflow.kit.database import Database
from learnflow.services.debug.app import create
from learnflow.services.debug.settings import Settings
from tests.integration.school import School, running

RUNG = """insert into rungs (student_id, scope, open, opened_at, shown, finding, spent)
          values ($1, $2, 1, now(), 1, $3, '{digest}')"""


@pytest.fixture
async def debug(school: School, settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        running(create(Settings(**settings_for("debug")), keys=school.keys)) as address,
        httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client,
    ):
        yield client


async def test_rows_and_state_come_in_pages_and_opened(
    school: School, debug: httpx.AsyncClient, owner_database: Database
) -> None:
    student, other = await school.student(), await school.student()
    for number in range(3):
        await owner_database.execute(RUNG, student, f"scope {number}", await school.vault.seal(student, "my words"))
        await owner_database.execute(RUNG, other, f"scope {number}", "x")
    state = "insert into state (owner, key, value) values ($1, $2, $3)"
    await owner_database.execute(
        state, "lf_debug", f"line/{student}", {"text": [await school.vault.seal(student, "hi")]}
    )
    await owner_database.execute(state, "lf_progress", f"line/{student}", {})
    headers = await school.headers(student)
    first = (await debug.get(f"/export/{student}?limit=3", headers=headers)).json()
    second = (await debug.get(first["next"], headers=headers)).json()
    assert (first["total"], second["next"]) == (4, None)
    rows = [*first["items"], *second["items"]]
    assert [row["table"] for row in rows] == ["rungs"] * 3 + ["state"]
    assert {row["record"]["finding"] for row in rows[:3]} == {"my words"}
    assert "spent" not in rows[0]["record"]
    assert rows[3]["record"]["value"] == {"text": ["hi"]}


async def test_what_cannot_be_opened_is_none(
    school: School, debug: httpx.AsyncClient, owner_database: Database
) -> None:
    student, other = await school.student(), await school.student()
    await owner_database.execute(RUNG, student, "a", await school.vault.seal(other, "not mine"))
    await owner_database.execute(RUNG, student, "b", "lf1.!!")
    rows = (await debug.get(f"/export/{student}", headers=await school.headers(student))).json()["items"]
    assert [row["record"]["finding"] for row in rows] == [None, None]


@pytest.mark.parametrize("role", ["student", "teacher", "admin"])
async def test_nobody_elses_records_are_handed_out(school: School, debug: httpx.AsyncClient, role: Any) -> None:
    student, other = await school.student(), uuid4()
    answer = await debug.get(f"/export/{student}", headers=await school.headers(other, role))
    assert answer.status_code == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "offset=-1", "offset=x"])
async def test_a_wrong_page_is_refused(school: School, debug: httpx.AsyncClient, query: str) -> None:
    student = await school.student()
    answer = await debug.get(f"/export/{student}?{query}", headers=await school.headers(student))
    assert answer.status_code == 422
