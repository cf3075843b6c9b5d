"""Struggle on a real log: an alert within seconds, one per trigger and topic, closed by passing, kept by teachers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import ConfigDict

from learnflow.contracts.events import (
    CodeExecuted,
    CodeSubmitted,
    ExerciseAssigned,
    ExerciseGraded,
    ExerciseOpened,
    Fact,
    QuestionAsked,
    QuizGraded,
    StruggleDetected,
    StruggleResolved,
    StudentActive,
)
from learnflow.contracts.events.base import QuestionContext
from learnflow.contracts.events.code import RunStatus
from learnflow.kit.bus.base import Event, new_event
from learnflow.kit.database import Database
from learnflow.services.progress.app import create, whole_course
from learnflow.services.progress.settings import Settings
from tests.integration.school import School, eventually, running

LISTS = "data-structures/lists"
PLANTS = f"{LISTS}/dry-plants"
FAILED: list[RunStatus] = ["error", "timeout", "memory", "output_limit", "killed"]


@pytest.fixture
async def database(database_for: Callable[[str], Awaitable[Database]]) -> Database:
    return await database_for("progress")


@pytest.fixture
async def client(school: School, settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(**settings_for("progress", work_clock_s=0.05))
    async with (
        running(create(settings, keys=school.keys, course=whole_course())) as address,
        httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client,
    ):
        yield client


def failed_run(status: RunStatus = "error", error_type: str | None = "NameError", **more: Any) -> CodeExecuted:
    fields = {"execution_id": uuid4(), "status": status, "error_type": error_type, "duration_ms": 1}
    return CodeExecuted.model_validate(fields | {"topic_id": LISTS, "exercise_id": PLANTS} | more)


def graded(*, passed: bool = False, exercise_id: str = PLANTS) -> ExerciseGraded:
    return ExerciseGraded(
        submission_id=uuid4(),
        exercise_id=exercise_id,
        topic_id=LISTS,
        attempt_no=1,
        core=True,
        difficulty="medium",
        passed=passed,
        score=100 if passed else 50,
        tests_passed=2 if passed else 1,
        tests_total=2,
    )


def quiz(score: float) -> QuizGraded:
    return QuizGraded(attempt_id=uuid4(), quiz_id=LISTS, topic_id=LISTS, score=score, right=1, questions=4)


def assigned(exercise_id: str) -> ExerciseAssigned:
    return ExerciseAssigned(assignment_id=uuid4(), exercise_id=exercise_id, topic_id=LISTS, assigned_by=uuid4())


def event_at(fact: Fact, student_id: UUID, at: datetime) -> Event:
    event = new_event(fact, source="/learnflow/exercise", student_id=student_id, correlation_id=uuid4())
    return event.model_copy(update={"time": at})


async def send(school: School, *events: Event) -> None:
    async with school.gateway.transaction() as tx:
        await school.bus.publish(tx, events)


async def alerts_of(database: Database, student_id: UUID) -> list[dict[str, Any]]:
    query = "select * from alerts where user_id = $1 order by since, trigger"
    return [dict(row.items()) for row in await database.fetch(query, student_id)]


async def handled(school: School, database: Database, student_id: UUID) -> None:
    """Everything that was sent about this student so far is handled: what is sent last comes out last."""
    fact = StudentActive(kind="step_done")
    (event,) = await school.publish(student_id, fact)

    async def is_kept() -> bool:
        return bool(await database.fetchval("select exists (select from events where event_id = $1)", event.id))

    await eventually(is_kept)


async def told(database: Database, student_id: UUID, fact: type[Fact], times: int) -> list[Any]:
    query = "select data from events where user_id = $1 and type = $2 order by time"

    async def all_there() -> bool:
        return len(await database.fetch(query, student_id, fact.event_type)) >= times

    await eventually(all_there)
    rows = await database.fetch(query, student_id, fact.event_type)
    return [fact.model_validate(row["data"]) for row in rows]


@pytest.mark.plan("P-RULE-struggle", "P-DAY-6", "P-TOPIC-struggle.detected")
async def test_three_failed_tries_raise_one_alert_and_passing_closes_it(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id = await school.student()
    await school.publish(student_id, graded(), graded())
    await handled(school, database, student_id)
    assert await alerts_of(database, student_id) == []
    await school.publish(student_id, graded())
    (seen,) = await told(database, student_id, StruggleDetected, 1)
    assert (seen.trigger, seen.topic_id, seen.exercise_id, seen.is_new) == ("same_error", LISTS, PLANTS, True)
    assert seen.evidence == {"error_type": "wrong_result", "times": 3}
    await school.publish(student_id, graded(), graded())
    more = (await told(database, student_id, StruggleDetected, 2))[-1]
    assert (more.alert_id, more.is_new) == (seen.alert_id, False)
    await school.publish(student_id, graded(passed=True))
    (closed,) = await told(database, student_id, StruggleResolved, 1)
    assert (closed.alert_id, closed.reason, closed.resolved_by) == (seen.alert_id, "passed", None)
    (alert,) = await alerts_of(database, student_id)
    assert (alert["state"], alert["times"], alert["severity"]) == ("resolved", 5, "high")
    await school.publish(student_id, graded())
    await handled(school, database, student_id)
    assert len(await alerts_of(database, student_id)) == 1


@pytest.mark.plan("P-DAY-10")
async def test_solving_what_the_teacher_assigned_closes_the_alert_of_its_topic(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id, easy = await school.student(), f"{LISTS}/easy-one"
    await school.publish(student_id, graded(), graded(), graded())
    await told(database, student_id, StruggleDetected, 1)
    await school.publish(student_id, assigned(easy), graded(passed=True, exercise_id=easy))
    assert (await told(database, student_id, StruggleResolved, 1))[0].reason == "passed"


@pytest.mark.parametrize(
    ("runs", "triggers"),
    [
        ([failed_run("error", "A"), *(failed_run("timeout", None) for _ in range(3))], []),
        (
            [failed_run(status, None) for status in ("error", "timeout", "memory", "output_limit", "killed")],
            ["failed_runs"],
        ),
        ([failed_run("error", None)] * 4 + [failed_run("ok", None)], []),
        ([failed_run("sandbox_error", "SandboxError") for _ in range(6)], []),
        ([failed_run() for _ in range(3)], ["same_error"]),
        ([failed_run(), failed_run(), failed_run(topic_id=None, exercise_id=None)], []),
    ],
)
async def test_runs_are_judged_at_the_exact_boundaries(
    school: School, client: httpx.AsyncClient, database: Database, runs: list[Fact], triggers: list[str]
) -> None:
    student_id = await school.student()
    await school.publish(student_id, *runs)
    await handled(school, database, student_id)
    assert [alert["trigger"] for alert in await alerts_of(database, student_id)] == triggers


@pytest.mark.parametrize(("score", "times"), [(50, 0), (49.9, 1)])
async def test_a_quiz_below_half_is_told(
    school: School, client: httpx.AsyncClient, database: Database, score: float, times: int
) -> None:
    student_id = await school.student()
    await school.publish(student_id, quiz(score))
    await handled(school, database, student_id)
    assert len(await alerts_of(database, student_id)) == times


async def test_who_says_they_are_stuck_is_heard_wherever_they_type_it(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    asker, coder = await school.student(), await school.student()
    question = await school.question(asker, "I don\u2019t understand list comprehensions")
    context = QuestionContext(topic_id=LISTS, exercise_id=PLANTS)
    await school.publish(asker, question.model_copy(update={"context": context}))
    (seen,) = await told(database, asker, StruggleDetected, 1)
    assert (seen.trigger, seen.topic_id, seen.exercise_id) == ("says_stuck", LISTS, PLANTS)
    assert seen.evidence == {"said": "does not understand", "times": 1}
    code = await school.vault.seal(coder, "x = 1  # i'm stuck here\n")
    submitted = CodeSubmitted(submission_id=uuid4(), exercise_id=PLANTS, topic_id=LISTS, code=code, score=0)
    await school.publish(coder, submitted)
    assert (await told(database, coder, StruggleDetected, 1))[0].evidence["said"] == "is stuck"
    kept = await database.fetchval("select string_agg(a::text, ' ') from alerts a")
    assert "comprehensions" not in kept


@pytest.mark.parametrize(("seconds", "times"), [(590, 0), (601, 1)])
async def test_the_clock_notices_ten_minutes_of_work_without_passing(
    school: School, client: httpx.AsyncClient, database: Database, seconds: int, times: int
) -> None:
    student_id, now = await school.student(), datetime.now(UTC)
    began = now - timedelta(seconds=seconds)
    beats = [StudentActive(kind="heartbeat", exercise_id=PLANTS) for _ in range(4)]
    events = [event_at(ExerciseOpened(exercise_id=PLANTS), student_id, began)]
    events += [event_at(beat, student_id, began + timedelta(seconds=150 * n)) for n, beat in enumerate(beats, 1)]
    await send(school, *[event for event in events if event.time < now])
    await handled(school, database, student_id)
    if times:
        (seen,) = await told(database, student_id, StruggleDetected, 1)
        assert (seen.trigger, seen.exercise_id, seen.topic_id) == ("no_progress", PLANTS, LISTS)
        assert seen.evidence["active_s"] >= 600
        await school.publish(student_id, graded(passed=True))
        await told(database, student_id, StruggleResolved, 1)
    assert len(await alerts_of(database, student_id)) == times


async def test_a_passed_or_abandoned_exercise_is_not_watched(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    passed, gone = await school.student(), await school.student()
    began = datetime.now(UTC) - timedelta(minutes=20)
    opened = ExerciseOpened(exercise_id=PLANTS)
    await send(
        school,
        event_at(graded(passed=True), passed, began - timedelta(minutes=1)),
        *(event_at(opened, passed, began + timedelta(minutes=n)) for n in range(10)),
        event_at(opened, gone, began),
    )

    async def nobody_is_due() -> bool:
        return bool(await database.fetchval("select not exists (select from open_work where due_at is not null)"))

    await handled(school, database, passed)
    await handled(school, database, gone)
    await eventually(nobody_is_due)
    assert await alerts_of(database, passed) == []
    assert await alerts_of(database, gone) == []
    assert await database.fetchval("select active_s from open_work where user_id = $1", gone) == 300


async def test_a_teacher_who_tries_things_out_raises_no_alert(
    school: School, client: httpx.AsyncClient, database: Database, owner_database: Database
) -> None:
    teacher = await school.student()
    await owner_database.execute("update users set role = 'teacher' where id = $1", teacher)
    await school.publish(teacher, *(failed_run() for _ in range(6)), quiz(0))
    await handled(school, database, teacher)
    assert await alerts_of(database, teacher) == []


async def test_facts_handled_twice_count_once(school: School, client: httpx.AsyncClient, database: Database) -> None:
    student_id = await school.student()
    events = [event_at(failed_run(), student_id, datetime.now(UTC)) for _ in range(2)]
    await send(school, *events, *events, *events)
    await handled(school, database, student_id)
    assert await alerts_of(database, student_id) == []


def loose(fact: Fact) -> Fact:
    """A fact of another release: a field more, and no optional one but the place."""
    required = {name for name, field in type(fact).model_fields.items() if field.is_required()}
    data = fact.model_dump(mode="json", include=required | {"exercise_id"}) | {"a_field_of_tomorrow": [1]}
    config = ConfigDict(frozen=True, extra="allow")
    kind = type("Loose", (Fact,), {"event_type": fact.event_type, "topic": fact.topic, "model_config": config})
    return cast("type[Fact]", kind).model_validate(data)


async def test_events_one_release_behind_are_judged_all_the_same(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id = await school.student()
    facts: list[Fact] = [*(failed_run() for _ in range(5)), *(graded() for _ in range(3)), quiz(10)]
    facts += [assigned(PLANTS), await school.question(student_id, "I am stuck"), ExerciseOpened(exercise_id=PLANTS)]
    await school.publish(student_id, *(loose(fact) for fact in facts))
    await handled(school, database, student_id)
    await told(database, student_id, QuestionAsked, 1)
    triggers = {alert["trigger"] for alert in await alerts_of(database, student_id)}
    assert triggers == {"failed_runs", "same_error", "low_quiz", "says_stuck"}
    assert await database.fetchval("select count(*) from bus_log where topic like '%.dead-letter'") == 0


@pytest.fixture
async def teacher(school: School, owner_database: Database) -> UUID:
    teacher = await school.student()
    await owner_database.execute("update users set role = 'teacher' where id = $1", teacher)
    await owner_database.execute(
        "insert into classes (id, name, join_code, created_by) values ($1, 'lf1.x', 'ABCDEFGH', $1)", teacher
    )
    await owner_database.execute("insert into class_teachers (class_id, teacher_id) values ($1, $1)", teacher)
    return teacher


async def enrol(owner_database: Database, teacher: UUID, *students: UUID) -> None:
    for student_id in students:
        await owner_database.execute(
            "insert into enrolments (class_id, student_id) values ($1, $2)", teacher, student_id
        )


@pytest.mark.plan("P-EP-alerts")
async def test_a_teacher_sees_and_handles_the_alerts_of_their_own_students(
    school: School, client: httpx.AsyncClient, database: Database, owner_database: Database, teacher: UUID
) -> None:
    mine, foreign, other_teacher = [await school.student() for _ in range(3)]
    await owner_database.execute("update users set role = 'teacher' where id = $1", other_teacher)
    await enrol(owner_database, teacher, mine)
    await school.publish(mine, quiz(10), *(graded() for _ in range(3)))
    await school.publish(foreign, quiz(10))
    await told(database, foreign, StruggleDetected, 1)
    await told(database, mine, StruggleDetected, 2)
    headers = await school.headers(teacher, "teacher")
    page = (await client.get("/alerts", headers=headers)).json()
    assert [(one["student_id"], one["trigger"], one["severity"]) for one in page["items"]] == [
        (str(mine), "low_quiz", "high"),
        (str(mine), "same_error", "medium"),
    ]
    assert page["items"][1]["reason"] == "Got a wrong result 3 times on this topic."
    assert (page["total"], page["next"]) == (2, None)
    high = (await client.get("/alerts?severity=high&status=open", headers=headers)).json()
    assert [one["trigger"] for one in high["items"]] == ["low_quiz"]
    assert (await client.get("/alerts?limit=1", headers=headers)).json()["next"] == 1
    looks = "select count(*) from access_records where student_id = $1"
    assert await owner_database.fetchval(looks, mine) == 0
    of_mine = (await client.get(f"/alerts?student_id={mine}&limit=1", headers=headers)).json()
    assert (of_mine["total"], of_mine["next"], of_mine["items"][0]["student_id"]) == (2, 1, str(mine))
    assert await owner_database.fetchval(looks, mine) == 1
    path = f"/alerts/{page['items'][1]['alert_id']}"
    assert len((await client.get(path, headers=headers)).json()["seen_ids"]) == 3
    assert await owner_database.fetchval(looks, mine) == 1
    strange = await school.headers(other_teacher, "teacher")
    for nobody_of_theirs in (mine, uuid4()):
        assert (await client.get(f"/alerts?student_id={nobody_of_theirs}", headers=strange)).status_code == 404
    assert (await client.get(path, headers=strange)).status_code == 404
    assert (await client.post(f"{path}/resolve", headers=strange)).status_code == 404
    assert (await client.get("/alerts", headers=strange)).json()["items"] == []
    taken = (await client.post(f"{path}/acknowledge", headers=headers)).json()
    assert (taken["status"], taken["acknowledged_by"]) == ("acknowledged", str(teacher))
    closed = (await client.post(f"{path}/resolve", headers=headers)).json()
    assert (closed["status"], closed["resolution"]) == ("resolved", "resolved_by_teacher")
    (fact,) = await told(database, mine, StruggleResolved, 1)
    assert (fact.reason, fact.resolved_by) == ("resolved_by_teacher", teacher)
    assert (await client.post(f"{path}/resolve", headers=headers)).status_code == 409
    assert (await client.get("/alerts?status=resolved", headers=headers)).json()["total"] == 1
    await school.publish(mine, graded(), graded())
    await handled(school, database, mine)
    assert (await client.get("/alerts", headers=headers)).json()["total"] == 1


async def test_a_silenced_alert_collects_in_silence_and_comes_back(
    school: School, client: httpx.AsyncClient, database: Database, owner_database: Database, teacher: UUID
) -> None:
    student_id = await school.student()
    await enrol(owner_database, teacher, student_id)
    await school.publish(student_id, quiz(40))
    (seen,) = await told(database, student_id, StruggleDetected, 1)
    headers = await school.headers(teacher, "teacher")
    path = f"/alerts/{seen.alert_id}/snooze"
    silent = (await client.post(path, json={"minutes": 30}, headers=headers)).json()
    assert silent["status"] == "snoozed"
    await school.publish(student_id, quiz(20))
    await handled(school, database, student_id)
    (alert,) = await alerts_of(database, student_id)
    assert (alert["times"], alert["severity"], alert["evidence"]) == (2, "high", {"score": 20, "lowest": 20})
    assert len(await told(database, student_id, StruggleDetected, 1)) == 1
    await database.execute("update alerts set snoozed_until = now() where id = $1", seen.alert_id)
    again = (await told(database, student_id, StruggleDetected, 2))[-1]
    assert (again.alert_id, again.is_new, again.severity) == (seen.alert_id, False, "high")
    assert (await client.get("/alerts?status=open", headers=headers)).json()["total"] == 1


@pytest.mark.parametrize("body", [{}, {"minutes": 0}, {"minutes": 10_081}, {"minutes": 5, "more": 1}, {"minutes": "x"}])
async def test_a_silence_that_cannot_be_is_refused(
    school: School, client: httpx.AsyncClient, teacher: UUID, body: dict[str, Any]
) -> None:
    headers = await school.headers(teacher, "teacher")
    assert (await client.post(f"/alerts/{uuid4()}/snooze", json=body, headers=headers)).status_code == 422


async def test_alerts_are_no_business_of_students(school: School, client: httpx.AsyncClient) -> None:
    headers = await school.headers(await school.student())
    assert (await client.get("/alerts", headers=headers)).status_code == 403
    assert (await client.get(f"/alerts/{uuid4()}", headers=headers)).status_code == 403
    teacher = await school.headers(await school.student(), "teacher")
    assert (await client.get("/alerts?severity=urgent", headers=teacher)).status_code == 422
    assert (await client.get(f"/alerts/{uuid4()}", headers=teacher)).status_code == 404


async def test_a_student_takes_their_own_copy_of_what_is_kept(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id = await school.student()
    await school.publish(student_id, quiz(20))
    await told(database, student_id, StruggleDetected, 1)
    kept = (await client.get(f"/export/{student_id}", headers=await school.headers(student_id))).json()
    assert len(kept["active_days"]) == 1
    assert [(alert["trigger"], alert["evidence"]["score"]) for alert in kept["alerts"]] == [("low_quiz", 20)]
    assert kept["facts"][QuizGraded.event_type] == 1
    teacher = await school.headers(await school.student(), "teacher")
    assert (await client.get(f"/export/{student_id}", headers=teacher)).status_code == 404
