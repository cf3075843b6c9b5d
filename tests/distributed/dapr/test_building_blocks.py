"""State, secrets and invocation through real sidecars: what a service keeps there is found in Dapr's own store."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from learnflow.contracts.errors import Conflict, NotFound, Unavailable
from learnflow.contracts.services import CONCEPTS, COURSE_AGENT, PROGRESS
from learnflow.kit.clock import system_clock
from learnflow.kit.database import Database
from learnflow.kit.idempotency_store import Ask, StateAnswers
from learnflow.kit.invoke import Invoker
from learnflow.kit.migrate import role_dsn
from learnflow.kit.sidecar import SecretStore
from learnflow.runtime.servers.dapr import NAMES, DaprFolder
from learnflow.services.progress.lessons import Lessons
from tests.conftest import ROLE_SECRET
from tests.distributed.dapr.beside import Beside, beside


@pytest.fixture
async def pair(topics: str, daprd: None, owner_dsn: str, tmp_path: Path) -> AsyncIterator[tuple[Beside, Beside]]:
    """Progress and concepts with a sidecar each, on one store."""
    files, dsn = DaprFolder(tmp_path), role_dsn(owner_dsn, None, ROLE_SECRET)
    files.write(files.place(topics))
    # one after the other: of two that make the store's tables at once one ends, and here is no supervisor
    async with (
        beside(PROGRESS, files, tmp_path, state_dsn=dsn) as progress,
        beside(CONCEPTS, files, tmp_path, state_dsn=dsn) as concepts,
    ):
        yield progress, concepts


async def test_lessons_answers_and_explanations_lie_in_daprs_store(
    pair: tuple[Beside, Beside], owner_database: Database
) -> None:
    progress, concepts = pair
    student, lesson = uuid4(), uuid4()
    lessons = Lessons(progress.state, system_clock)
    await lessons.begin(student, lesson, 4)
    await asyncio.gather(*(lessons.step_done(student, lesson, step) for step in range(3)))
    assert (await lessons.status(student, lesson)).progress_percentage == 75
    answers, ask = StateAnswers(progress.state), Ask(b"s", "/route", b"k", b"body", uuid4())
    assert await answers.claim(ask, 5)
    assert not await answers.claim(Ask(b"s", "/route", b"k", b"body", uuid4()), 5)
    await answers.keep(ask, "lf1.sealed")
    kept = await answers.find(ask)
    assert kept is not None
    assert kept.answer == "lf1.sealed"
    await concepts.state.put("explanation:x", {"level": "low"}, ttl_s=3600)
    rows = await owner_database.fetch("select key, expires_at is not null as ends from dapr.state order by key")
    keys = {row["key"]: row["ends"] for row in rows}
    assert keys[f"progress||lesson:{student}:{lesson}"] is False
    assert keys["concepts||explanation:x"] is True
    assert [ends for key, ends in keys.items() if key.startswith("progress||idempotency:")] == [True]
    assert await progress.state.get("explanation:x") is None


async def test_an_erased_student_is_forgotten_there_and_an_export_shows_what_is_there(
    pair: tuple[Beside, Beside], owner_database: Database, database_for: Any
) -> None:
    progress, _ = pair
    student, other = uuid4(), uuid4()
    await progress.state.put(f"lesson:{student}:1", {"progress_percentage": 5})
    await progress.state.put(f"lesson:{other}:1", {"progress_percentage": 6})
    own = await database_for("progress")
    shown = await own.fetch("select * from dapr_state_of($1)", student)
    assert [row["record"]["key"] for row in shown] == [f"lesson:{student}:1"]
    foreign = await database_for("concepts")
    assert await foreign.fetch("select * from dapr_state_of($1)", student) == []
    await owner_database.execute("select erase_student($1)", student)
    assert await progress.state.get(f"lesson:{student}:1") is None
    assert await progress.state.get(f"lesson:{other}:1") is not None


async def test_a_store_keeps_versions_and_first_writes(pair: tuple[Beside, Beside]) -> None:
    state = pair[0].state
    await state.put("key", 1, first_write=True)
    with pytest.raises(Conflict):
        await state.put("key", 2, first_write=True)
    first = await state.get("key")
    assert first is not None
    await state.put("key", [None, {"a": 1.5}], etag=first.etag)
    with pytest.raises(Conflict):
        await state.put("key", 3, etag=first.etag)
    with pytest.raises(Conflict):
        await state.delete("key", etag=first.etag)
    assert await state.delete("key")
    assert await state.get("key") is None
    await state.put("short", 1, ttl_s=1)
    await asyncio.sleep(1.2)
    assert await state.get("short") is None
    await state.put("short", 2, first_write=True)


async def test_a_service_may_ask_for_its_own_secret_alone(pair: tuple[Beside, Beside]) -> None:
    for one in pair:
        assert await SecretStore(one.settings).read() == f"secret of {one.service.name}"
    for name in ("LEARNFLOW_STATE_DSN", "DAPR_API_TOKEN", "PATH"):
        answer = await pair[0].sidecar.request("GET", f"/v1.0/secrets/secrets/{name}")
        assert answer.status_code == 403
    everything = await pair[0].sidecar.request("GET", "/v1.0/secrets/secrets/bulk")
    assert b"LEARNFLOW_STATE_DSN" not in everything.content


async def test_a_call_goes_through_both_sidecars_with_the_callers_token(pair: tuple[Beside, Beside]) -> None:
    invoker = Invoker(pair[1].settings)
    answer = await invoker.call(PROGRESS, "POST", "/echo", json={"a": 1}, token="of the student")
    assert answer["body"] == {"a": 1}
    assert answer["token"] == "Bearer of the student"
    with pytest.raises(NotFound):
        await invoker.call(PROGRESS, "POST", "/echo", json={"fail": True}, token="of the student")
    with pytest.raises(Unavailable):
        await invoker.call(COURSE_AGENT, "GET", "/health", token="of the student", timeout_s=3)
    await invoker.stop()


async def test_a_service_is_found_while_the_file_of_names_cannot_be_written(
    pair: tuple[Beside, Beside], tmp_path: Path
) -> None:
    """A busy machine holds up the renewals for seconds; Dapr's default forgets who is late by one."""
    invoker, busy = Invoker(pair[1].settings), sqlite3.connect(tmp_path / NAMES, isolation_level=None)
    busy.execute("begin immediate")
    for _ in range(80):
        assert await invoker.call(PROGRESS, "POST", "/echo", json={}, token="of the student")
        await asyncio.sleep(0.1)
    busy.close()
    await invoker.stop()


async def test_names_of_an_earlier_run_are_forgotten(topics: str, tmp_path: Path) -> None:
    """A run that was killed leaves addresses where nobody listens now."""
    files = DaprFolder(tmp_path)
    (tmp_path / f"{NAMES}-wal").write_text("left behind")
    files.write(files.place(topics))
    assert list(tmp_path.glob(f"{NAMES}*")) == []


async def test_after_a_pause_the_sidecar_calls_its_service_on_the_connection_that_it_kept(
    topics: str, daprd: None, owner_dsn: str, tmp_path: Path
) -> None:
    """One that the service closes first, as uvicorn would after five seconds, may meet a call that is on its way."""
    files = DaprFolder(tmp_path)
    files.write(files.place(topics))
    dsn = role_dsn(owner_dsn, None, ROLE_SECRET)
    # its probe would keep the one connection busy
    async with beside(PROGRESS, files, tmp_path, state_dsn=dsn, health_check=False) as progress:
        # one that was opened while the sidecar still asked what there is to subscribe to may come first
        kept = {await _callers_port(progress) for _ in range(5)}
        await asyncio.sleep(5.5)
        assert await _callers_port(progress) in kept


async def _callers_port(one: Beside) -> int:
    path = f"/v1.0/invoke/{one.service.name}/method/echo"
    answer = await one.sidecar.request("POST", path, content=b"{}", headers={"Content-Type": "application/json"})
    port: int = orjson.loads(answer.content)["port"]
    return port
