"""The weeks before the day: what makes module 2 show 60 % by the formula, and 68 % after one exercise and one quiz.

The module's four topics are each 0.40 exercises + 0.30 quiz + 0.20 quality + 0.10 consistency, and the module is their
mean. The step from 60 to 68 is 8 points of the module, so 32 of the topic for loops: its last core exercise of five
gives 0.40 x 20 = 8, a first quiz with 4 of 5 gives 0.30 x 80 = 24. So in for loops all core exercises but one are
passed and no quiz was taken. In each other topic half of the core exercises are passed and the quiz stands at 3 of 5
(without a quiz: all of them are passed). All that goes through the public API: real programs (the course's own),
real grades, real reviews, real quizzes.

What is left is consistency, which counts for all four topics alike: a further active day gives each a third of a point.
Their number is computed from what the grades and reviews came to, so that the mean comes as near to 60 as it can
(within 0.17); the days before today are heartbeats with their own time, published on the bus like any other, since
nobody can live last month through an API. Today counts already, so the steps of the day do not move it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from learnflow.contracts.events import StudentActive
from learnflow.contracts.services import API_GATEWAY
from learnflow.curriculum import Exercise, load_catalogue, load_exercises, load_quizzes
from learnflow.curriculum.exercises import PROGRAMS
from learnflow.kit.bus.base import new_event
from learnflow.kit.bus.log import LogBus
from learnflow.kit.database import Database
from learnflow.runtime.acceptance.people import Failed, Person, until
from learnflow.runtime.acceptance.quizzes import answers_to
from learnflow.runtime.wiring import Wiring

MODULE = "control-flow"
TOPIC = "control-flow/for-loops"
LAST_EXERCISE = "control-flow/for-loops/drums"
BEFORE, AFTER = 60, 68
WINDOW_DAYS = 30
SOURCE = f"/learnflow/{API_GATEWAY.name}"


@dataclass(frozen=True, slots=True)
class TopicPast:
    """What was done in one topic: exercises passed, and right answers of five in its quiz (None: not taken)."""

    topic_id: str
    passed: tuple[str, ...]
    quiz_right: int | None


def plan() -> list[TopicPast]:
    """What the student did in each topic of module 2, from the course as it is."""
    module = next(module for module in load_catalogue().modules if module.id == MODULE)
    return [_topic_past(topic.id) for topic in module.topics]


def _topic_past(topic_id: str) -> TopicPast:
    core = _core_of(topic_id)
    if topic_id == TOPIC:
        return TopicPast(topic_id, tuple(name for name in core if name != LAST_EXERCISE), None)
    if topic_id not in load_quizzes():
        return TopicPast(topic_id, tuple(core), None)
    return TopicPast(topic_id, tuple(core[: len(core) // 2]), 3)


def _core_of(topic_id: str) -> list[str]:
    """The core exercises of a topic, programs first: they are reviewed, and quality counts too."""
    mine = [one for one in load_exercises().values() if one.topic_id == topic_id and one.level.core]
    return [one.exercise for one in sorted(mine, key=_is_puzzle)]


def _is_puzzle(exercise: Exercise) -> bool:
    return exercise.level.kind not in PROGRAMS


def days_wanted(topics: Sequence[dict[str, Any]]) -> int:
    """How many of the last 30 days have to be active, today among them, for the module to show BEFORE.

    `topics` are the module's, as GET /progress shows them.
    """
    without = sum(_without_consistency(topic["components"]) for topic in topics) / len(topics)
    return max(1, min(WINDOW_DAYS, round((BEFORE - without) * WINDOW_DAYS / 10)))


def _without_consistency(parts: dict[str, float]) -> float:
    return 0.40 * parts["exercises"] + 0.30 * parts["quiz"] + 0.20 * parts["quality"]


def live_the_past(student: Person) -> list[datetime]:
    """Do what the plan says as this student; returns the past days on which they still have to have been active."""
    wanted = plan()
    for topic in wanted:
        for name in topic.passed:
            pass_exercise(student, name)
        if topic.quiz_right is not None:
            take_quiz(student, topic.topic_id, topic.quiz_right)
    topics = _all_counted(student, wanted)
    now = datetime.now(UTC)
    return [now - timedelta(days=back) for back in range(1, days_wanted(topics))]


def _all_counted(student: Person, wanted: Sequence[TopicPast]) -> list[dict[str, Any]]:
    """The module's topics once the past is in them; Failed says what was there instead."""
    what = "the grades and reviews of the past in GET /progress"
    try:
        return until(lambda: _when_counted(student, wanted), what)
    except Failed as failure:
        seen = {topic["id"]: topic["components"] for topic in module_of(student)["topics"]}
        raise Failed(f"{failure}, but {seen}") from failure


def pass_exercise(student: Person, name: str) -> dict[str, Any]:
    """Hand in the course's own solution of the student's variant; the grade. Failed when it does not pass."""
    task = load_exercises()[name]
    body = {"code": task.as_variant(task.variant_of(UUID(student.id))).reference}
    grade: dict[str, Any] = student.call("POST", f"/exercises/{name}/submissions", body)
    if not grade["passed"]:
        raise Failed(f"the course's own solution of {name} came to {grade['score']:g}: {grade['error']}")
    return grade


def take_quiz(student: Person, topic_id: str, right: int) -> dict[str, Any]:
    """Take a topic's quiz with that many right answers; the result."""
    quiz = student.call("GET", f"/quizzes?topic_id={topic_id}")
    result: dict[str, Any] = student.call(
        "POST", f"/quizzes/{quiz['quiz_id']}/attempts", {"answers": answers_to(quiz, right)}
    )
    return result


def module_of(student: Person) -> dict[str, Any]:
    """Module 2 as GET /progress shows it."""
    modules = student.call("GET", "/progress").get("modules", [])
    return next((module for module in modules if module["id"] == MODULE), {"mastery": None, "topics": []})


def _when_counted(student: Person, wanted: Sequence[TopicPast]) -> list[dict[str, Any]] | None:
    """The module's topics once every grade, quiz and review of the plan is counted; None before."""
    topics = {topic["id"]: topic for topic in module_of(student)["topics"]}
    is_there = all(_is_counted(topics[past.topic_id], past) for past in wanted if past.topic_id in topics)
    return list(topics.values()) if is_there and len(topics) == len(wanted) else None


def _is_counted(topic: dict[str, Any], past: TopicPast) -> bool:
    parts, core = topic["components"], len(_core_of(past.topic_id))
    reviewed = any(load_exercises()[name].level.kind in PROGRAMS for name in past.passed)
    return (
        abs(parts["exercises"] - 100 * len(past.passed) / core) < 0.1
        and (past.quiz_right is None or parts["quiz"] > 0)
        and (not reviewed or parts["quality"] > 0)
    )


def wait_for_days(student: Person, days: int) -> None:
    """Return when that many active days are counted."""
    until(
        lambda: True if student.call("GET", "/progress")["active_days_last_30"] == days else None,
        f"{days} active days in GET /progress",
    )


async def publish_days(wiring: Wiring, student_id: UUID, moments: Sequence[datetime]) -> None:
    """Signs of work at these moments, as the gateway publishes them."""
    database = Database(wiring.database_url(API_GATEWAY), pool_size=2)
    await database.start()
    bus = LogBus(database)
    await bus.start()
    try:
        fact = StudentActive(kind="heartbeat", topic_id=TOPIC)
        events = [
            new_event(fact, source=SOURCE, student_id=student_id, correlation_id=uuid4()).model_copy(
                update={"time": moment}
            )
            for moment in moments
        ]
        async with database.transaction() as tx:
            await bus.publish(tx, events)
    finally:
        await bus.stop()
        await database.stop()
