"""Progress on a real log: every fact is kept once, counted, and traced."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from learnflow.contracts import topics
from learnflow.contracts.events import (
    AnswerFinished,
    CodeExecuted,
    ConceptExplained,
    Fact,
    HintGiven,
    ProgressRequested,
)
from learnflow.contracts.events.code import RunStatus
from learnflow.contracts.sealed import SealedText
from learnflow.kit.bus.base import Event, new_event
from learnflow.kit.clock import system_clock
from learnflow.kit.database import Database
from learnflow.services.progress.alerts_repository import Alerts, Work
from learnflow.services.progress.app import create, whole_course
from learnflow.services.progress.repository import ActivityDays, FactLog, FactRow
from learnflow.services.progress.scoring import Scorer
from learnflow.services.progress.scoring_repository import Scores
from learnflow.services.progress.service import FactKeeper
from learnflow.services.progress.settings import Settings
from learnflow.services.progress.watching import Watcher
from tests.integration.school import School, eventually, running


@pytest.fixture
async def database(database_for: Callable[[str], Awaitable[Database]]) -> Database:
    return await database_for("progress")


@pytest.fixture
async def client(school: School, settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        running(create(Settings(**settings_for("progress")), keys=school.keys)) as address,
        httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client,
    ):
        yield client


def run(status: RunStatus) -> CodeExecuted:
    return CodeExecuted(execution_id=uuid4(), status=status, duration_ms=1)


def keeper_of(school: School, database: Database) -> FactKeeper:
    days = ActivityDays(database)
    scorer = Scorer(database, Scores(database), days, school.bus, system_clock, whole_course())
    watcher = Watcher(Alerts(database), Work(database), school.bus, school.vault, whole_course())
    return FactKeeper(FactLog(database), days, scorer, watcher)


def raw(fact: Fact, student_id: UUID, at: datetime) -> Event:
    """An event as a batch handler gets it: data as the JSON object that travelled."""
    event = new_event(fact, source="/learnflow/api-gateway", student_id=student_id, correlation_id=uuid4())
    return event.model_copy(update={"data": fact.model_dump(mode="json"), "time": at})


async def kept(database: Database, count: int) -> None:
    async def all_there() -> bool:
        return bool(await database.fetchval("select count(*) >= $1 from events", count))

    await eventually(all_there)


@pytest.mark.plan("P-SVC-progress", "P-TOPIC-progress")
async def test_every_fact_of_every_topic_is_kept_once_with_its_texts_sealed(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id = await school.student()
    question = await school.question(student_id, "zanzibarium?")
    events = await school.publish(student_id, question, run("ok"), HintGiven(rung=1))
    async with school.gateway.transaction() as tx:
        await school.bus.publish(tx, events[:1])
    await kept(database, 3)
    rows = await database.fetch("select *, data::text as text from events")
    assert {row["event_id"] for row in rows} == {event.id for event in events}
    assert {row["topic"] for row in rows} == {"learning.requests", "progress.events"}
    assert all(row["user_id"] == student_id and row["service"] == "api-gateway" for row in rows)
    assert "zanzibarium" not in "".join(row["text"] for row in rows)


@pytest.mark.plan("P-API-progress", "P-TOPIC-progress.events")
async def test_a_student_reads_their_own_numbers(school: School, client: httpx.AsyncClient, database: Database) -> None:
    student_id = await school.student("Asia/Tokyo")
    await school.publish(
        student_id,
        await school.question(student_id, "one?"),
        await school.question(student_id, "two?"),
        ConceptExplained(concept="for loops", topic_id="control-flow/for-loops", level="Beginner"),
        ConceptExplained(concept="for loops", topic_id="control-flow/for-loops", level="Beginner"),
        run("ok"), run("error"), run("timeout"), run("sandbox_error"),
        HintGiven(rung=1), HintGiven(rung=1), HintGiven(rung=2),
    )  # fmt: skip
    await school.publish(await school.student(), run("ok"))
    await kept(database, 12)
    answer = await client.get(f"/progress/{student_id}", headers=await school.headers(student_id))
    body = answer.json()
    assert [module["mastery"] for module in body.pop("modules")] == [0] * 8
    assert body == {
        "user_id": str(student_id),
        "questions_asked": 2,
        "concepts_explained": ["for loops"],
        "runs": {"ok": 1, "failed": 2},
        "hints": {"1": 2, "2": 1},
        "exercises": {"passed": 0, "unaided": 0},
        "active_days": 1,
        "active_days_last_30": 1,
        "streak": {"current": 1, "longest": 1},
    }


async def test_nobody_reads_somebody_elses_progress(school: School, client: httpx.AsyncClient) -> None:
    student_id, other = await school.student(), await school.student()
    path = f"/progress/{student_id}"
    assert (await client.get(path)).status_code == 401
    assert (await client.get(path, headers=await school.headers(other))).status_code == 404
    assert (await client.get(path, headers=await school.headers(other, "teacher"))).status_code == 404
    assert (await client.get(path, headers=await school.headers(other, "admin"))).status_code == 200
    assert (await client.get("/progress/me", headers=await school.headers(other))).status_code == 422


async def test_how_far_am_i_is_answered_once_with_true_numbers(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id = await school.student()
    await school.publish(
        student_id, run("ok"), run("error"), ConceptExplained(concept="lists", topic_id="t", level="l")
    )
    await kept(database, 3)
    question = await school.question(student_id, "How far am I?")
    clarification = await school.vault.seal(student_id, "Or something else?")
    request = ProgressRequested(
        query_id=question.query_id,
        query=question.query,
        intent="progress",
        confidence=0.4,
        clarification=clarification,
    )
    await school.publish(student_id, question, request)
    (answer,) = await school.published("learning.responses", question.query_id)
    text = await school.vault.open(student_id, SealedText(answer["data"]["answer"]))
    assert "asked 1 question." in text
    assert "2 programs: 1 went through, 1 did not" in text
    assert "1 idea explained: lists" in text
    assert "1 day so far" in text
    assert answer["data"]["agent"] == "progress"
    assert answer["data"]["clarification"] == clarification


async def test_the_question_itself_counts_even_when_its_fact_is_still_under_way(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    query = await school.vault.seal(student_id, "How far am I?")
    request = ProgressRequested(query_id=uuid4(), query=query, intent="progress", confidence=0.9)
    await school.publish(student_id, request)
    (answer,) = await school.published("learning.responses", request.query_id)
    text = await school.vault.open(student_id, SealedText(answer["data"]["answer"]))
    assert "asked 1 question." in text
    assert "active on 1 day" in text


async def test_a_questions_way_is_shown_in_order_with_its_times(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id = await school.student()
    question = await school.question(student_id, "why?")
    answer = AnswerFinished(query_id=question.query_id, agent="concepts", answer=question.query)
    await school.publish(student_id, question, answer, correlation_id=question.query_id)
    await kept(database, 2)
    headers = {"Authorization": f"Bearer {await school.service_token('api-gateway')}"}
    trace = (await client.get(f"/traces/{question.query_id}", headers=headers)).json()
    assert [hop["topic"] for hop in trace["hops"]] == ["learning.requests", "learning.responses"]
    assert trace["hops"][0]["offset_ms"] == 0
    assert trace["hops"][1]["offset_ms"] >= 0
    assert set(trace["hops"][0]) == {"time", "offset_ms", "service", "type", "topic", "event_id"}


async def test_traces_are_for_services_and_admins(school: School, client: httpx.AsyncClient) -> None:
    student_id = await school.student()
    assert (await client.get(f"/traces/{uuid4()}")).status_code == 401
    for role, status in (("student", 403), ("teacher", 403), ("admin", 404)):
        headers = await school.headers(student_id, role)  # type: ignore[arg-type]  # the loop's roles are Role's own
        assert (await client.get(f"/traces/{uuid4()}", headers=headers)).status_code == status


async def test_a_day_is_a_day_where_the_student_lives(school: School, database: Database) -> None:
    tokyo, berlin = await school.student("Asia/Tokyo"), await school.student("Europe/Berlin")
    days = ActivityDays(database)
    keeper = keeper_of(school, database)
    at = datetime(2026, 3, 1, 20, tzinfo=UTC)
    batch = [
        raw(run("ok"), student, at + timedelta(hours=hours)) for student in (tokyo, berlin) for hours in (0, 1, 24)
    ]
    for _ in range(2):
        async with database.transaction() as tx:
            await keeper.keep(tx, topics.PROGRESS_EVENTS, batch)
    assert [str(day) for day in await days.of(tokyo)] == ["2026-03-02", "2026-03-03"]
    assert [str(day) for day in await days.of(berlin)] == ["2026-03-01", "2026-03-02"]
    assert await database.fetchval("select sum(facts) from activity_days") == 6


async def test_what_others_did_to_a_student_makes_no_active_day(school: School, database: Database) -> None:
    student_id = await school.student()
    days = ActivityDays(database)
    async with database.transaction() as tx:
        await keeper_of(school, database).keep(
            tx, topics.PROGRESS_EVENTS, [raw(HintGiven(rung=1), student_id, datetime.now(UTC))]
        )
    assert await days.of(student_id) == []


async def test_the_queries_of_a_large_log_use_their_indexes(database: Database, owner_database: Database) -> None:
    facts = FactLog(database)
    student_id, correlation_id = uuid4(), uuid4()
    async with database.transaction() as tx:
        await facts.add(
            tx,
            [
                FactRow(uuid4(), student_id if n % 100 == 0 else uuid4(), CodeExecuted.event_type, "progress.events",
                        {"status": "ok"}, datetime.now(UTC), "api-gateway",
                        correlation_id if n % 500 == 0 else uuid4(), None)
                for n in range(5_000)
            ],
        )  # fmt: skip
    await owner_database.execute("analyze events")
    for query, argument, index in (
        ("select * from events where user_id = $1 and type = any(array['a', 'b'])", student_id, "events_of_a_student"),
        ("select * from events where correlation_id = $1 order by time", correlation_id, "events_of_a_question"),
    ):
        plan = "\n".join(row[0] for row in await database.fetch("explain " + query, argument))
        assert index in plan
    assert len(await facts.hops(correlation_id)) == 10
    assert (await facts.counts(student_id)).runs["ok"] == 50


@pytest.mark.plan("P-RULE-tables")
async def test_another_service_cannot_write_the_log_of_facts(
    database_for: Callable[[str], Awaitable[Database]], database: Database
) -> None:
    stranger = await database_for("concepts")
    for statement in ("delete from events", "select 1 from events", "update activity_days set facts = 1"):
        with pytest.raises(Exception, match="permission denied"):
            await stranger.execute(statement)
    with pytest.raises(Exception, match="permission denied"):
        await database.fetchval("select email from users")
