"""Watches facts, and the clock, for students who struggle; says so within the transaction that sees it."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog

from learnflow.contracts.events import (
    CodeExecuted,
    CodeSubmitted,
    ExerciseAssigned,
    ExerciseGraded,
    ExerciseOpened,
    ExerciseSubmitted,
    QuestionAsked,
    QuizGraded,
    StruggleDetected,
    StruggleResolved,
    StudentActive,
)
from learnflow.contracts.sealed import SealedText
from learnflow.contracts.topics import STRUGGLE_DETECTED
from learnflow.kit.background import Periodic
from learnflow.kit.bus.base import Bus, Event, new_event
from learnflow.kit.clock import Clock
from learnflow.kit.database import Database, Record, Transaction
from learnflow.kit.sealed import KeyMissing, SealBroken, Vault
from learnflow.kit.tracing import continued
from learnflow.services.progress.alerts_repository import SIGNS, Alerts, Work
from learnflow.services.progress.casebook import Alert, Casebook
from learnflow.services.progress.course import Course
from learnflow.services.progress.facts import StudentFact
from learnflow.services.progress.scoring import SOURCE
from learnflow.services.progress.struggle import (
    ACTIVE_LIMIT_S,
    Sighting,
    Try,
    active_seconds,
    failed_runs,
    grade_try,
    is_at_work,
    low_quiz,
    no_progress,
    of_grade,
    of_run,
    run_try,
    same_error,
)
from learnflow.services.progress.stuck import said_in, said_in_code

log = structlog.get_logger()

WATCHED = frozenset({*SIGNS, QuizGraded.event_type, CodeSubmitted.event_type, ExerciseAssigned.event_type})
"""Facts that the rules look at."""


class Watcher:
    """Applies the rules to new facts of students."""

    def __init__(self, alerts: Alerts, work: Work, bus: Bus, vault: Vault, course: Course) -> None:
        self._alerts = alerts
        self._work = work
        self._bus = bus
        self._vault = vault
        self._course = course

    async def notable(self, facts: Sequence[StudentFact]) -> dict[UUID, list["Notable"]]:
        """Student -> what the rules have to look at, in order of time; most facts are not among it."""
        found: dict[UUID, list[Notable]] = {}
        for fact in sorted(facts, key=lambda one: one.time):
            one = await self._notable(fact)
            if one is not None:
                found.setdefault(fact.student_id, []).append(one)
        return found

    async def _notable(self, fact: StudentFact) -> "Notable | None":
        one = fact.fact
        if isinstance(one, QuestionAsked):
            seen = await self._said(fact, one)
            return (fact, seen) if seen else None
        if isinstance(one, CodeSubmitted):
            seen = await self._commented(fact, one)
            return (fact, seen) if seen else None
        if isinstance(one, QuizGraded):
            topic_id = self._course.topic_of(None, one.topic_id)
            quiz = low_quiz(str(one.attempt_id), one.score, topic_id, fact.time)
            return (fact, quiz) if quiz else None
        is_failed_run = isinstance(one, CodeExecuted) and one.status not in {"ok", "sandbox_error"}
        return (fact, None) if is_failed_run or isinstance(one, ExerciseGraded | ExerciseAssigned) else None

    async def _said(self, fact: StudentFact, asked: QuestionAsked) -> Sighting | None:
        said = said_in(await self._open(fact.student_id, asked.query))
        if said is None and asked.code is not None:
            said = said_in_code(await self._open(fact.student_id, asked.code))
        place = (asked.context.exercise_id, asked.context.topic_id)
        return self._stuck(fact, said, str(asked.query_id), *place)

    async def _commented(self, fact: StudentFact, code: CodeSubmitted) -> Sighting | None:
        said = said_in_code(await self._open(fact.student_id, code.code))
        return self._stuck(fact, said, str(code.submission_id), code.exercise_id, code.topic_id)

    def _stuck(
        self, fact: StudentFact, said: str | None, seen_in: str, exercise_id: str | None, topic_id: str | None
    ) -> Sighting | None:
        if said is None:
            return None
        exercises = (exercise_id,) if exercise_id else ()
        topic_id = self._course.topic_of(exercise_id, topic_id)
        return Sighting("says_stuck", topic_id, fact.time, fact.time, (seen_in,), {"said": said}, exercises)

    async def _open(self, student_id: UUID, sealed: SealedText) -> str:
        try:
            return await self._vault.open(student_id, sealed)
        except (KeyMissing, SealBroken):
            return ""

    async def watch(
        self, tx: Transaction, facts: Sequence[StudentFact], notable: Mapping[UUID, list["Notable"]]
    ) -> None:
        """Judge what is notable, each student under their lock, which the caller holds; keep who is at what."""
        await self._work.at_work(tx, self._first_signs(facts))
        if not notable:
            return
        books = await self._alerts.books(tx, sorted(notable))
        tries = await self._tries(tx, [user_id for user_id, ones in notable.items() if any(map(_needs_history, ones))])
        told: list[Event] = []
        passed: list[tuple[UUID, str]] = []
        for user_id, ones in notable.items():
            book = books[user_id]
            for one in ones:
                self._judge(book, one, tries.get(user_id, []))
                passed += [(user_id, name) for name in _passed(one)]
            await self._alerts.write(tx, book)
            told += tellings(book, ones[-1][0])
        await self._work.finished(tx, passed)
        if told:
            await self._bus.publish(tx, told)

    def _judge(self, book: Casebook, one: "Notable", tries: Sequence[Try]) -> None:
        fact, seen = one
        book.see(seen)
        if isinstance(fact.fact, ExerciseAssigned):
            topic_id = self._course.topic_of(fact.fact.exercise_id, fact.fact.topic_id)
            book.practise(fact.fact.exercise_id, topic_id)
        for exercise_id in _passed(one):
            book.passed(exercise_id, fact.time)
        latest = self._try(fact)
        if latest is not None and latest.failed:
            used = book.used_until
            book.see(same_error(latest, tries, used.get(("same_error", latest.topic_id))))
            book.see(failed_runs(latest, tries, used.get(("failed_runs", latest.topic_id))))

    async def _tries(self, tx: Transaction, user_ids: Sequence[UUID]) -> dict[UUID, list[Try]]:
        tries: dict[UUID, list[Try]] = {}
        for row in await self._work.history(tx, user_ids) if user_ids else []:
            one = self._try_of_row(row)
            if one is not None:
                tries.setdefault(row["user_id"], []).append(one)
        return tries

    def _try_of_row(self, row: Record) -> Try | None:
        """A stored fact as a try; only what is needed of it was read, for there are many."""
        topic_id = self._course.topic_of(row["exercise_id"], row["topic_id"])
        if row["type"] == CodeExecuted.event_type:
            status = row["status"] or "ok"
            return run_try(row["id"], row["time"], status, row["error_type"], topic_id, row["exercise_id"])
        return grade_try(row["id"], row["time"], bool(row["passed"]), row["error_type"], topic_id, row["exercise_id"])

    def _try(self, fact: StudentFact) -> Try | None:
        one = fact.fact
        if isinstance(one, CodeExecuted):
            return of_run(one, fact.time, self._course.topic_of(one.exercise_id, one.topic_id))
        if isinstance(one, ExerciseGraded):
            return of_grade(one, fact.time, self._course.topic_of(one.exercise_id, one.topic_id))
        return None

    def _first_signs(self, facts: Iterable[StudentFact]) -> dict[tuple[UUID, str], tuple[str | None, datetime]]:
        """Student and exercise -> its topic and the first sign; a step of a lesson is no work on an exercise."""
        first: dict[tuple[UUID, str], tuple[str | None, datetime]] = {}
        for one in sorted(facts, key=lambda fact: fact.time, reverse=True):
            exercise_id = _exercise_at_hand(one)
            if exercise_id is not None:
                first[one.student_id, exercise_id] = (self._course.topic_of(exercise_id, None), one.time)
        return first


Notable = tuple[StudentFact, Sighting | None]
"""A fact, and what it shows by itself."""


def _needs_history(one: Notable) -> bool:
    fact = one[0].fact
    return isinstance(fact, CodeExecuted) or (isinstance(fact, ExerciseGraded) and not fact.passed)


def _passed(one: Notable) -> list[str]:
    fact = one[0].fact
    return [fact.exercise_id] if isinstance(fact, ExerciseGraded) and fact.passed else []


def _exercise_at_hand(one: StudentFact) -> str | None:
    """The exercise that this fact is a sign of work on."""
    match one.fact:
        case QuestionAsked(context=context):
            return context.exercise_id
        case StudentActive(kind="heartbeat", exercise_id=exercise_id):
            return exercise_id
        case ExerciseGraded(passed=False, exercise_id=exercise_id):
            return exercise_id
        case ExerciseOpened(exercise_id=exercise_id) | ExerciseSubmitted(exercise_id=exercise_id):
            return exercise_id
        case CodeExecuted(exercise_id=exercise_id):
            return exercise_id
        case _:
            return None


def tellings(book: Casebook, cause: StudentFact | None) -> list[Event]:
    """What is told of a book's changes; nothing more of an alert that a teacher has silenced."""
    more = [one for one in book.more if one.state != "snoozed" and one not in book.closed]
    return [
        *(_event(detected(one, is_new=True), book.student_id, cause) for one in book.new),
        *(_event(detected(one, is_new=False), book.student_id, cause) for one in more),
        *(_event(resolved(one), book.student_id, cause) for one in book.closed),
    ]


def detected(alert: Alert, *, is_new: bool) -> StruggleDetected:
    """The fact that an alert is open, or that there is more of it."""
    return StruggleDetected(
        alert_id=alert.id,
        trigger=alert.trigger,
        severity=alert.severity,
        topic_id=alert.topic_id,
        exercise_id=alert.exercise_id,
        is_new=is_new,
        since=alert.since,
        evidence={"times": alert.times, **alert.evidence},
    )


def resolved(alert: Alert) -> StruggleResolved:
    """The fact that an alert is closed."""
    return StruggleResolved(
        alert_id=alert.id,
        trigger=alert.trigger,
        topic_id=alert.topic_id,
        exercise_id=alert.exercise_id,
        reason=alert.resolution or "passed",
        resolved_by=alert.resolved_by,
    )


def _event(fact: StruggleDetected | StruggleResolved, student_id: UUID, cause: StudentFact | None) -> Event:
    with continued(cause.traceparent if cause else None, STRUGGLE_DETECTED.name):
        correlation_id = cause.correlation_id if cause else uuid4()
        return new_event(fact, source=SOURCE, student_id=student_id, correlation_id=correlation_id)


Lock = Callable[[Transaction, Collection[UUID]], Awaitable[None]]
"""Takes students' locks until the commit."""


class WorkClock(Periodic):
    """Notices time alone: ten minutes at one exercise, and alerts that were silent long enough."""

    name = "work clock"
    batch = 100

    def __init__(
        self, database: Database, alerts: Alerts, work: Work, lock: Lock, bus: Bus, clock: Clock, every_s: float
    ) -> None:
        super().__init__()
        self._database = database
        self._alerts = alerts
        self._work = work
        self._lock = lock
        self._bus = bus
        self._clock = clock
        self.every_s = every_s

    async def tick(self) -> None:
        now = self._clock()
        for user_id, exercise_id in await self._work.due(now, self.batch):
            async with self._database.transaction() as tx:
                await self._lock(tx, [user_id])
                await self._look(tx, user_id, exercise_id, now)
        async with self._database.transaction() as tx:
            awake = await self._alerts.wake(tx, now)
            if awake:
                events = [_event(detected(one, is_new=False), one.student_id, None) for one in awake]
                await self._bus.publish(tx, events)

    async def _look(self, tx: Transaction, user_id: UUID, exercise_id: str, now: datetime) -> None:
        work = await self._work.still_due(tx, user_id, exercise_id, now)
        if work is None:
            return
        signs = await self._work.signs(tx, user_id, work.started_at, now)
        active_s = active_seconds(signs, exercise_id, now)
        threshold_s = work.threshold_s
        seen = no_progress(exercise_id, work.topic_id, work.started_at, now, active_s, threshold_s)
        if seen is not None:
            book = (await self._alerts.books(tx, [user_id]))[user_id]
            book.see(seen)
            await self._alerts.write(tx, book)
            await self._bus.publish(tx, tellings(book, None))
            threshold_s += ACTIVE_LIMIT_S * (1 + int(active_s - threshold_s) // ACTIVE_LIMIT_S)
        due_at = now + timedelta(seconds=max(0.0, threshold_s - active_s))
        is_growing = is_at_work(signs, exercise_id, now) if signs else False
        await self._work.reckoned(tx, work, active_s, threshold_s, due_at if is_growing else None, now)
