"""Progress' use cases: keep facts, count them, and answer "how far am I?"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import structlog

from learnflow.contracts.envelope import CloudEvent
from learnflow.contracts.errors import NotFound
from learnflow.contracts.events import (
    AnswerFinished,
    CodeExecuted,
    ExerciseGraded,
    ExerciseOpened,
    ExerciseSubmitted,
    ProgressRequested,
    QuestionAsked,
    QuizGraded,
    StudentActive,
)
from learnflow.contracts.services import PROGRESS
from learnflow.contracts.topics import Topic
from learnflow.kit.bus.base import Bus, Event, new_event
from learnflow.kit.clock import Clock
from learnflow.kit.database import Transaction
from learnflow.kit.sealed import KeyMissing, Vault
from learnflow.services.progress.course import Course
from learnflow.services.progress.facts import read_facts
from learnflow.services.progress.mastery import consistency
from learnflow.services.progress.mistakes import open_mistakes
from learnflow.services.progress.overview import ModuleStanding, overview
from learnflow.services.progress.repository import ActivityDays, FactLog, FactRow, Hop, Person
from learnflow.services.progress.scoring import SCORED, SOURCE, Scorer
from learnflow.services.progress.scoring_repository import Scores
from learnflow.services.progress.streaks import Streak, days_in_window, streak_of
from learnflow.services.progress.summary import Standing, spoken
from learnflow.services.progress.watching import WATCHED, Watcher

log = structlog.get_logger()

ACTIVITY = frozenset(
    fact.event_type
    for fact in (
        QuestionAsked,
        CodeExecuted,
        ExerciseOpened,
        ExerciseSubmitted,
        ExerciseGraded,
        QuizGraded,
        StudentActive,
    )
)
"""Facts that are the student's own doing: they make a day an active one."""
TOLD = ACTIVITY | SCORED | WATCHED
"""Facts that change more than the log."""


class FactKeeper:
    """Writes the log of all facts and the active days, and hands new facts to mastery and to who watches."""

    def __init__(self, facts: FactLog, days: ActivityDays, scorer: Scorer, watcher: Watcher) -> None:
        self._facts = facts
        self._days = days
        self._scorer = scorer
        self._watcher = watcher

    async def keep(self, tx: Transaction, topic: Topic, events: Sequence[Event]) -> None:
        """Keep a batch of one topic; a fact that is there already changes nothing."""
        new = await self._facts.add(tx, [_row(topic, event) for event in events])
        told = [event for event in events if event.id in new and event.type in TOLD]
        if not told:
            return
        people = await self._days.people({UUID(event.subject) for event in told})
        # of somebody who was erased meanwhile nothing is kept but the log, which nobody can read any more
        theirs = [event for event in told if UUID(event.subject) in people]
        facts = read_facts(theirs, SCORED | WATCHED)
        of_students = [fact for fact in facts if people[fact.student_id].role == "student"]
        notable = await self._watcher.notable(of_students)
        newly_active = await self._days.add(tx, _moments(theirs, people))
        # all locks at once and in order, so that two batches never wait for each other
        await self._scorer.lock(tx, {*self._scorer.students(facts), *newly_active, *notable})
        await self._scorer.score(tx, facts, newly_active)
        await self._watcher.watch(tx, of_students, notable)


def _moments(events: Sequence[Event], people: Mapping[UUID, Person]) -> dict[tuple[UUID, date], list[datetime]]:
    moments: dict[tuple[UUID, date], list[datetime]] = {}
    for event in events:
        if event.type in ACTIVITY:
            user_id = UUID(event.subject)
            moments.setdefault((user_id, people[user_id].day_of(event.time)), []).append(event.time)
    return moments


def _row(topic: Topic, event: Event) -> FactRow:
    return FactRow(
        event_id=event.id,
        user_id=UUID(event.subject),
        type=event.type,
        topic=topic.name,
        data=event.data,
        time=event.time,
        service=event.source.rsplit("/", 1)[-1],
        correlation_id=UUID(event.correlationid),
        traceparent=event.traceparent,
    )


@dataclass(frozen=True, slots=True)
class Summary:
    """A student in short; `last_active` is the latest sign of activity."""

    user_id: UUID
    modules: tuple[ModuleStanding, ...]
    last_active: datetime | None
    streak: Streak


@dataclass(frozen=True, slots=True)
class Trace:
    """A question's way; offsets count from the first hop."""

    correlation_id: UUID
    hops: tuple[tuple[float, Hop], ...]


class ProgressDesk:
    """Says how far a student is, from the facts that there are."""

    def __init__(
        self,
        facts: FactLog,
        days: ActivityDays,
        scores: Scores,
        course: Course,
        bus: Bus,
        vault: Vault,
        clock: Clock,
        titles: Mapping[str, str],
    ) -> None:
        self._facts = facts
        self._days = days
        self._scores = scores
        self._course = course
        self._titles = titles
        self._bus = bus
        self._vault = vault
        self._clock = clock

    async def standing(self, user_id: UUID, *, is_asking: bool = False) -> Standing:
        """Counts, active days, streak and mastery of a student; zeros for one who did nothing yet.

        `is_asking`: they ask just now, and the fact of it is still under way.
        """
        counts = await self._facts.counts(user_id)
        today = await self._today(user_id)
        days = {*await self._days.of(user_id), *([today] if is_asking else [])}
        stored = (await self._scores.components_of([user_id]))[user_id]
        active_lately = days_in_window(days, today)
        exercises = await self._scores.exercises_of(user_id)
        return Standing(
            questions=counts.questions + is_asking,
            concepts=counts.concepts,
            runs_ok=counts.runs["ok"],
            # a fault of the sandbox is none of the student's
            runs_failed=counts.runs.total() - counts.runs["ok"] - counts.runs["sandbox_error"],
            hints=dict(counts.hints),
            active_days=len(days),
            active_days_last_30=active_lately,
            streak=streak_of(days, today),
            modules=overview(self._course, stored, consistency(active_lately), exercises),
            passed=sum(score.passed for topic in exercises.values() for score in topic.values()),
            unaided=sum(score.unaided for topic in exercises.values() for score in topic.values()),
            mistakes=open_mistakes(await self._facts.outcomes(user_id)),
            not_passed={
                topic_id: tuple(name for name, score in scores.items() if score.attempts and not score.passed)
                for topic_id, scores in exercises.items()
            },
        )

    async def summaries(self, user_ids: Sequence[UUID]) -> list[Summary]:
        """The same in short for many, in their order; those who do not exist are left out."""
        people = await self._days.people(user_ids)
        active, stored = await self._days.of_many(user_ids), await self._scores.components_of(user_ids)
        now = self._clock()
        found: list[Summary] = []
        for user_id in dict.fromkeys(user_ids):
            if user_id not in people:
                continue
            today = people[user_id].day_of(now)
            days = active[user_id].days
            modules = overview(self._course, stored[user_id], consistency(days_in_window(days, today)))
            found.append(Summary(user_id, modules, active[user_id].last_at, streak_of(days, today)))
        return found

    async def _today(self, user_id: UUID) -> date:
        person = (await self._days.people([user_id])).get(user_id, Person("UTC", "student"))
        return person.day_of(self._clock())

    async def answer(self, tx: Transaction, event: CloudEvent[ProgressRequested]) -> None:
        """Answer "how far am I?" once; nothing for an erased student."""
        student_id, request = UUID(event.subject), event.data
        is_counted = await self._facts.holds_question(student_id, request.query_id)
        standing = await self.standing(student_id, is_asking=not is_counted)
        try:
            answer = await self._vault.seal(student_id, spoken(standing, self._titles))
        except KeyMissing:
            log.info("progress.request_dropped", query_id=str(request.query_id), reason="student erased")
            return
        finished = AnswerFinished(
            query_id=request.query_id,
            agent=PROGRESS.name,
            answer=answer,
            clarification=request.clarification,
            intent=request.intent,
            verified=True,
        )
        await self._bus.publish(
            tx, [new_event(finished, source=SOURCE, student_id=student_id, correlation_id=request.query_id)]
        )

    async def trace(self, correlation_id: UUID) -> Trace:
        """Every hop of a question with its distance from the first in milliseconds; NotFound when there is none."""
        hops = await self._facts.hops(correlation_id)
        if not hops:
            raise NotFound("No fact with this id has been kept. It may still be under way; try again in a moment.")
        first = hops[0].time
        return Trace(correlation_id, tuple((round((hop.time - first).total_seconds() * 1000, 3), hop) for hop in hops))
