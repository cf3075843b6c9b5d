"""Mastery on a real log: stored from facts, exactly once, in whatever order, and read by whom it concerns."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import ConfigDict

from learnflow.contracts.events import (
    CodeReviewed,
    ExerciseGraded,
    ExerciseOpened,
    Fact,
    LessonGenerated,
    MasteryChanged,
    QuestionAsked,
    QuizGraded,
    StudentActive,
)
from learnflow.kit.bus.base import Event, new_event
from learnflow.kit.database import Database
from learnflow.services.progress.app import create
from learnflow.services.progress.course import Course, CourseModule, CourseTopic
from learnflow.services.progress.rebuild import Rebuild
from learnflow.services.progress.settings import Settings
from tests.integration.school import School, eventually, running

LOOPS = "control-flow/for-loops"
CORE = [f"{LOOPS}/{name}" for name in ("drums", "stairs")]
COURSE = Course(
    (
        CourseModule(
            "control-flow",
            "Control flow",
            (
                CourseTopic(LOOPS, "For loops", frozenset(CORE)),
                CourseTopic("control-flow/while-loops", "While loops", frozenset()),
            ),
        ),
    ),
    frozenset(CORE),
)


@pytest.fixture
async def database(database_for: Callable[[str], Awaitable[Database]]) -> Database:
    return await database_for("progress")


@pytest.fixture
async def client(school: School, settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[httpx.AsyncClient]:
    app = create(Settings(**settings_for("progress")), keys=school.keys, course=COURSE)
    async with (
        running(app) as address,
        httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client,
    ):
        yield client


def graded(exercise_id: str = CORE[0], *, passed: bool = True, **more: Any) -> ExerciseGraded:
    fields = {
        "submission_id": uuid4(),
        "exercise_id": exercise_id,
        "topic_id": LOOPS,
        "attempt_no": 1,
        "core": True,
        "difficulty": "easy",
        "passed": passed,
        "score": 100 if passed else 40,
        "tests_passed": 5 if passed else 2,
        "tests_total": 5,
    }
    return ExerciseGraded.model_validate(fields | more)


def quiz(score: float, quiz_id: str = LOOPS) -> QuizGraded:
    return QuizGraded(attempt_id=uuid4(), quiz_id=quiz_id, topic_id=LOOPS, score=score, right=4, questions=5)


def reviewed(quality: float, exercise_id: str | None = CORE[0]) -> CodeReviewed:
    parts = {"correctness": 100, "style": 60, "efficiency": 80, "readability": 70}
    return CodeReviewed(review_id=uuid4(), exercise_id=exercise_id, topic_id=LOOPS, quality_score=quality, **parts)


async def shown(school: School, client: httpx.AsyncClient, student_id: UUID) -> dict[str, Any]:
    answer = await client.get(f"/progress/{student_id}", headers=await school.headers(student_id))
    assert answer.status_code == 200, answer.text
    module: dict[str, Any] = answer.json()["modules"][0]
    return module


async def kept(database: Database, student_id: UUID, fact: type[Fact], times: int) -> None:
    async def all_there() -> bool:
        query = "select count(*) >= $3 from events where user_id = $1 and type = $2"
        return bool(await database.fetchval(query, student_id, fact.event_type, times))

    await eventually(all_there)


def event_at(fact: Fact, student_id: UUID, at: datetime) -> Event:
    event = new_event(fact, source="/learnflow/exercise", student_id=student_id, correlation_id=uuid4())
    return event.model_copy(update={"time": at})


def loose(fact: type[Fact], data: dict[str, Any]) -> Fact:
    """A fact as another release would write it."""
    config = ConfigDict(frozen=True, extra="allow")
    kind = type("Loose", (Fact,), {"event_type": fact.event_type, "topic": fact.topic, "model_config": config})
    return cast("type[Fact]", kind).model_validate(data)


async def send(school: School, *events: Event) -> None:
    async with school.gateway.transaction() as tx:
        await school.bus.publish(tx, events)


async def service(school: School) -> dict[str, str]:
    return {"Authorization": f"Bearer {await school.service_token('course-agent')}"}


@pytest.mark.plan("P-RULE-mastery")
async def test_the_four_components_and_mastery_are_stored_from_facts(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id = await school.student()
    await school.publish(student_id, graded(), quiz(80), reviewed(60))
    await kept(database, student_id, ExerciseGraded, 1)
    await kept(database, student_id, MasteryChanged, 1)
    parts = {"exercises": 50, "quiz": 80, "quality": 60, "consistency": pytest.approx(100 / 30)}
    mastery = pytest.approx(0.4 * 50 + 0.3 * 80 + 0.2 * 60 + 0.1 * 100 / 30)
    rows = await database.fetch("select component, score from progress_components where user_id = $1", student_id)
    assert {row["component"]: row["score"] for row in rows} == parts
    assert await database.fetchval("select mastery from progress where user_id = $1", student_id) == mastery
    module = await shown(school, client, student_id)
    loops, whiles = module["topics"]
    assert (loops["mastery"], loops["level"], loops["color"], loops["started"]) == (56, "Learning", "yellow", True)
    assert loops["components"] == {"exercises": 50, "quiz": 80, "quality": 60, "consistency": 3.33}
    assert loops["exercises"] == {"core": 2, "core_passed": 1, "passed": 1, "unaided": 1, "attempts": 1}
    assert (whiles["mastery"], whiles["started"]) == (0, False)
    assert (module["mastery"], module["level"], module["color"]) == (28, "Beginner", "red")


async def test_a_change_of_mastery_is_told_with_its_module(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id = await school.student()
    (event,) = await school.publish(student_id, quiz(80))
    await kept(database, student_id, MasteryChanged, 1)
    row = await database.fetchrow(
        "select data, correlation_id from events where user_id = $1 and type = $2",
        student_id,
        MasteryChanged.event_type,
    )
    assert row is not None
    fact = MasteryChanged.model_validate(row["data"])
    assert (fact.topic_id, fact.module_id, fact.level, fact.quiz) == (LOOPS, "control-flow", "Beginner", 80)
    assert fact.mastery == pytest.approx(24 + 1 / 3)
    assert fact.module_mastery == pytest.approx(fact.mastery / 2)
    assert str(row["correlation_id"]) == event.correlationid


async def test_what_changes_nothing_is_not_told(school: School, client: httpx.AsyncClient, database: Database) -> None:
    student_id = await school.student()
    await school.publish(student_id, quiz(80))
    await kept(database, student_id, MasteryChanged, 1)
    await school.publish(student_id, quiz(30), graded(passed=False))
    await kept(database, student_id, ExerciseGraded, 1)
    await school.publish(student_id, quiz(90))
    await kept(database, student_id, MasteryChanged, 2)
    told = "select count(*) from events where user_id = $1 and type = $2"
    assert await database.fetchval(told, student_id, MasteryChanged.event_type) == 2


async def test_facts_in_any_order_and_twice_make_the_same_mastery(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    now = datetime.now(UTC)
    facts: list[Fact] = [
        graded(passed=False),
        graded(attempt_no=2, rung=2, aided=True),
        graded(CORE[1], origin="imported"),
        graded(f"{LOOPS}/made", origin="generated"),
        quiz(40), quiz(70), reviewed(30), reviewed(50), reviewed(90, None),
    ]  # fmt: skip
    seen = []
    for seed in range(3):
        student_id = await school.student()
        events = [event_at(fact, student_id, now + timedelta(milliseconds=n)) for n, fact in enumerate(facts)]
        random.Random(seed).shuffle(events)
        await send(school, *events)
        await send(school, *events)
        await kept(database, student_id, CodeReviewed, 3)
        await kept(database, student_id, QuizGraded, 2)
        seen.append((await shown(school, client, student_id))["topics"][0])
    assert seen[0] == seen[1] == seen[2]
    assert seen[0]["components"] == {"exercises": 50, "quiz": 70, "quality": 50, "consistency": 3.33}
    assert seen[0]["exercises"] == {"core": 2, "core_passed": 1, "passed": 3, "unaided": 2, "attempts": 4}


async def test_consistency_counts_the_students_own_days_and_moves_with_time(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id = await school.student("Asia/Tokyo")
    now = datetime.now(UTC)
    # a quiz of forty days ago is no activity of the last thirty
    await send(school, event_at(quiz(100), student_id, now - timedelta(days=40)))
    await kept(database, student_id, MasteryChanged, 1)
    assert (await shown(school, client, student_id))["topics"][0]["components"]["consistency"] == 0
    days = [event_at(ExerciseOpened(exercise_id=CORE[0]), student_id, now - timedelta(days=n)) for n in range(3)]
    await send(school, *days)
    await kept(database, student_id, ExerciseOpened, 3)
    assert (await shown(school, client, student_id))["topics"][0]["components"]["consistency"] == 10
    stored = "select score from progress_components where user_id = $1 and component = 'consistency'"
    assert await database.fetchval(stored, student_id) == pytest.approx(10)


async def test_fields_of_a_later_release_are_ignored_and_optional_ones_may_be_missing(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id = await school.student()
    facts: list[Fact] = [graded(), quiz(50), reviewed(70), ExerciseOpened(exercise_id=CORE[0])]
    facts += [StudentActive(kind="heartbeat"), LessonGenerated.model_validate(LESSON)]
    events = []
    for fact in facts:
        required = {name for name, field in type(fact).model_fields.items() if field.is_required()}
        if isinstance(fact, CodeReviewed):
            required.add("exercise_id")
        data = fact.model_dump(mode="json", include=required) | {"a_field_of_tomorrow": {"deep": [1]}}
        events.append(event_at(loose(type(fact), data), student_id, datetime.now(UTC)))
    await send(school, *events)
    await kept(database, student_id, LessonGenerated, 1)
    parts = (await shown(school, client, student_id))["topics"][0]["components"]
    assert parts == {"exercises": 50, "quiz": 50, "quality": 70, "consistency": 3.33}
    assert await database.fetchval("select count(*) from bus_log where topic like '%.dead-letter'") == 0


async def test_a_fact_that_fits_no_model_is_kept_and_stops_nobody(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id = await school.student()
    broken = event_at(loose(QuizGraded, {"score": "high"}), student_id, datetime.now(UTC))
    await send(school, broken, event_at(quiz(60), student_id, datetime.now(UTC)))
    await kept(database, student_id, QuizGraded, 2)
    assert (await shown(school, client, student_id))["topics"][0]["components"]["quiz"] == 60


async def test_a_review_of_an_exercise_that_nobody_has_begins_no_topic(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id = await school.student()
    await school.publish(student_id, reviewed(100, f"{LOOPS}/mine"))
    await kept(database, student_id, CodeReviewed, 1)
    assert not (await shown(school, client, student_id))["topics"][0]["started"]
    assert await database.fetchval("select count(*) from bus_attempts") == 0


async def test_an_erased_student_leaves_no_rows_and_a_late_fact_makes_none(
    school: School, client: httpx.AsyncClient, database: Database, owner_database: Database
) -> None:
    student_id, other = await school.student(), await school.student()
    await school.publish(student_id, graded(), quiz(80))
    await kept(database, student_id, MasteryChanged, 1)
    await owner_database.execute("delete from users where id = $1", student_id)
    tables = ("progress", "progress_components", "activity_days", "exercise_scores", "quiz_scores")
    await school.publish(student_id, graded(CORE[1]))
    await school.publish(other, quiz(70))
    await kept(database, student_id, ExerciseGraded, 2)
    await kept(database, other, MasteryChanged, 1)
    for table in tables:
        assert await database.fetchval(f"select count(*) from {table} where user_id = $1", student_id) == 0


async def test_a_service_reports_a_score_that_raises_its_component(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id = await school.student()
    report = {"user_id": str(student_id), "topic_id": LOOPS, "activity_type": "quiz", "score": 80}
    answer = await client.post("/progress", json=report, headers=await service(school))
    assert answer.status_code == 200, answer.text
    assert answer.json()["components"] == {"exercises": 0, "quiz": 80, "quality": 0, "consistency": 3.33}
    assert (answer.json()["mastery"], answer.json()["level"]) == (24, "Beginner")
    lower = await client.post("/progress", json=report | {"score": 10}, headers=await service(school))
    assert lower.json()["components"]["quiz"] == 80
    concept = report | {"activity_type": "concept", "score": 100}
    assert (await client.post("/progress", json=concept, headers=await service(school))).json()["mastery"] == 24


@pytest.mark.parametrize(
    "wrong",
    [
        {"score": 100.1},
        {"score": -0.1},
        {"score": "nan"},
        {"activity_type": "streak"},
        {"topic_id": "no/such-topic"},
        {"topic_id": "I am a sentence"},
        {"user_id": "me"},
        {"mastery": 100},
    ],
)
async def test_a_report_that_cannot_be_is_refused(
    school: School, client: httpx.AsyncClient, wrong: dict[str, Any]
) -> None:
    student_id = await school.student()
    report = {"user_id": str(student_id), "topic_id": LOOPS, "activity_type": "quiz", "score": 80}
    answer = await client.post("/progress", json=report | wrong, headers=await service(school))
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == next(iter(wrong))


async def test_only_services_report_scores_and_only_for_students_that_exist(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await school.student()
    report = {"user_id": str(student_id), "topic_id": LOOPS, "activity_type": "quiz", "score": 80}
    own = await client.post("/progress", json=report, headers=await school.headers(student_id))
    assert own.status_code == 403
    gone = report | {"user_id": str(uuid4())}
    assert (await client.post("/progress", json=gone, headers=await service(school))).status_code == 404


async def test_summaries_are_for_the_students_own_teachers(
    school: School, client: httpx.AsyncClient, database: Database, owner_database: Database
) -> None:
    one, two, teacher, stranger = [await school.student() for _ in range(4)]
    await owner_database.execute("update users set role = 'teacher' where id = any($1::uuid[])", [teacher, stranger])
    await teach(owner_database, teacher, one, two)
    await school.publish(one, graded(), quiz(80))
    await kept(database, one, ExerciseGraded, 1)
    body = {"user_ids": [str(one), str(two)]}
    answer = await client.post("/progress/summaries", json=body, headers=await school.headers(teacher, "teacher"))
    first, second = answer.json()["items"]
    assert (first["user_id"], first["streak"]) == (str(one), 1)
    assert first["modules"] == [{"id": "control-flow", "mastery": 22, "level": "Beginner"}]
    assert first["topics"][0] == {"id": LOOPS, "mastery": 44, "level": "Learning", "started": True}
    assert datetime.fromisoformat(first["last_active"]) <= datetime.now(UTC)
    assert (second["last_active"], second["streak"]) == (None, 0)
    foreign = await client.post("/progress/summaries", json=body, headers=await school.headers(stranger, "teacher"))
    assert foreign.status_code == 404
    assert (await client.post("/progress/summaries", json=body, headers=await service(school))).status_code == 200
    student = await client.post("/progress/summaries", json=body, headers=await school.headers(one))
    assert student.status_code == 403
    looks = await owner_database.fetch("select viewer_id, allowed from access_records where student_id = $1", one)
    assert {(row["viewer_id"], row["allowed"]) for row in looks} == {(teacher, True), (stranger, False)}


@pytest.mark.parametrize("ids", [[], ["me"], [str(uuid4())] * 201])
async def test_summaries_of_nobody_or_of_too_many_are_refused(
    school: School, client: httpx.AsyncClient, ids: list[str]
) -> None:
    answer = await client.post("/progress/summaries", json={"user_ids": ids}, headers=await service(school))
    assert answer.status_code == 422


async def test_mastery_is_made_anew_from_the_log(school: School, client: httpx.AsyncClient, database: Database) -> None:
    student_id, other, _idle = [await school.student() for _ in range(3)]
    await school.publish(student_id, graded(), quiz(80), reviewed(60))
    await kept(database, student_id, CodeReviewed, 1)
    report = {"user_id": str(other), "topic_id": LOOPS, "activity_type": "quiz", "score": 70}
    await client.post("/progress", json=report, headers=await service(school))
    before = [await shown(school, client, one) for one in (student_id, other)]
    for table in ("progress", "progress_components", "exercise_scores", "quiz_scores", "activity_days"):
        await database.execute(f"delete from {table} where user_id = $1", student_id)
    await database.execute("update progress_components set score = 99 where user_id = $1", other)
    rebuild = Rebuild(database, COURSE)
    assert await rebuild.everyone() == 3
    assert [await shown(school, client, one) for one in (student_id, other)] == before
    await rebuild.one(student_id)
    assert await shown(school, client, student_id) == before[0]


async def test_readers_of_two_topics_keep_one_student_right(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id, now = await school.student(), datetime.now(UTC)
    for n in range(6):
        # each question makes a day active while a quiz and a grade of the other topic come in
        at = now - timedelta(days=6 - n)
        question = await school.question(student_id, "why?")
        await send(
            school,
            event_at(question, student_id, at),
            event_at(quiz(10 * n), student_id, at),
            event_at(graded(CORE[n % 2], attempt_no=n + 1), student_id, at),
        )
    await kept(database, student_id, QuestionAsked, 6)
    await kept(database, student_id, ExerciseGraded, 6)
    rows = await database.fetch("select component, score from progress_components where user_id = $1", student_id)
    assert {row["component"]: row["score"] for row in rows} == {
        "exercises": 100, "quiz": 50, "quality": 0, "consistency": pytest.approx(20),
    }  # fmt: skip


async def teach(owner_database: Database, teacher: UUID, *students: UUID) -> None:
    class_id = uuid4()
    await owner_database.execute(
        "insert into classes (id, name, join_code, created_by) values ($1, 'lf1.x', 'ABCDEFGH', $2)", class_id, teacher
    )
    await owner_database.execute("insert into class_teachers (class_id, teacher_id) values ($1, $2)", class_id, teacher)
    for student_id in students:
        await owner_database.execute(
            "insert into enrolments (class_id, student_id) values ($1, $2)", class_id, student_id
        )


LESSON = {"lesson_id": str(uuid4()), "module_id": "control-flow", "topic_id": LOOPS, "lesson_type": "topic"}
LESSON |= {"difficulty": "low"}


@pytest.mark.plan("P-API-update-progress")
async def test_a_lesson_begins_at_nothing_and_goes_on_by_its_steps(school: School, client: httpx.AsyncClient) -> None:
    student_id, other = await school.student(), await school.student()
    lesson = LessonGenerated.model_validate(LESSON | {"steps": 4})
    where = {"user_id": str(student_id), "lesson_id": LESSON["lesson_id"]}
    headers = await school.headers(student_id)
    assert (await client.get("/status", params=where, headers=headers)).status_code == 404

    async def stands(percentage: float, status: str) -> None:
        async def so() -> bool:
            answer = (await client.get("/status", params=where, headers=headers)).json()
            return (answer.get("progress_percentage"), answer.get("status")) == (percentage, status)

        await eventually(so)

    await school.publish(student_id, lesson)
    await stands(0, "not_started")
    await school.publish(student_id, StudentActive(kind="step_done", lesson_id=lesson.lesson_id, step=0), lesson)
    await stands(25, "in_progress")
    done = where | {"progress_percentage": 100, "status": "completed"}
    assert (await client.post("/update-progress", json=done, headers=headers)).status_code == 200
    assert (await client.get("/status", params=where, headers=await service(school))).json()["status"] == "completed"
    assert (await client.get("/status", params=where, headers=await school.headers(other))).status_code == 404
    foreign = await client.post("/update-progress", json=done, headers=await school.headers(other))
    assert foreign.status_code == 404


@pytest.mark.parametrize("wrong", [{"progress_percentage": 101}, {"status": "lost"}, {"lesson_id": "x"}, {"more": 1}])
async def test_lesson_progress_that_cannot_be_is_refused(
    school: School, client: httpx.AsyncClient, wrong: dict[str, Any]
) -> None:
    student_id = await school.student()
    body = {"user_id": str(student_id), "lesson_id": str(uuid4()), "progress_percentage": 5, "status": "in_progress"}
    answer = await client.post("/update-progress", json=body | wrong, headers=await school.headers(student_id))
    assert answer.status_code == 422


async def test_what_went_wrong_is_shown_by_topic_until_it_is_put_right(
    school: School, client: httpx.AsyncClient, database: Database
) -> None:
    student_id = await school.student()
    wrong = graded(passed=False, misconceptions=["range-includes-end"])
    missed = quiz(60).model_copy(update={"misconceptions": ["accumulator-reset"]})
    await school.publish(student_id, wrong)
    await school.publish(student_id, missed)
    await kept(database, student_id, QuizGraded, 1)
    topic = (await shown(school, client, student_id))["topics"][0]
    assert topic["misconceptions"] == ["accumulator-reset", "range-includes-end"]
    assert topic["not_passed"] == [CORE[0]]
    older = graded().model_dump(mode="json", exclude={"misconceptions"})
    await school.publish(student_id, loose(ExerciseGraded, older | {"later": 1}))
    await kept(database, student_id, ExerciseGraded, 2)
    topic = (await shown(school, client, student_id))["topics"][0]
    assert (topic["misconceptions"], topic["not_passed"]) == (["accumulator-reset"], [])
