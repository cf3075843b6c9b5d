"""Progress' use cases: keep facts, count them, and answer "how far am I?"."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import structlog

from learnflow.contracts.envelope import CloudEvent
from learnflow.contracts.errors import NotFound
from learnflow.contracts.events import AnswerFinished, CodeExecuted, ProgressRequested, QuestionAsked
from learnflow.contracts.services import PROGRESS
from learnflow.contracts.topics import Topic
from learnflow.kit.bus.base import Bus, Event, new_event
from learnflow.kit.clock import Clock
from learnflow.kit.database import Transaction
from learnflow.kit.sealed import KeyMissing, Vault
from learnflow.services.progress.repository import ActivityDays, FactLog, FactRow, Hop
from learnflow.services.progress.streaks import day_of, days_in_window, streak_of, zone_named
from learnflow.services.progress.summary import Standing, spoken

log = structlog.get_logger()

SOURCE = f"/learnflow/{PROGRESS.name}"

ACTIVITY = frozenset({QuestionAsked.event_type, CodeExecuted.event_type})
"""Facts that are the student's own doing: they make a day an active one."""


class FactKeeper:
    """Writes the log of all facts and the active days."""

    def __init__(self, facts: FactLog, days: ActivityDays) -> None:
        self._facts = facts
        self._days = days

    async def keep(self, tx: Transaction, topic: Topic, events: Sequence[Event]) -> None:
        """Keep a batch of one topic; a fact that is there already changes nothing."""
        rows = [_row(topic, event) for event in events]
        new = await self._facts.add(tx, rows)
        await self._count_days(tx, [row for row in rows if row.event_id in new and row.type in ACTIVITY])

    async def _count_days(self, tx: Transaction, rows: Sequence[FactRow]) -> None:
        if not rows:
            return
        zones = await self._days.zones(sorted({row.user_id for row in rows}))
        await self._days.add(
            tx, Counter((row.user_id, day_of(row.time, zone_named(zones.get(row.user_id)))) for row in rows)
        )


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
class Trace:
    """A question's way; offsets count from the first hop."""

    correlation_id: UUID
    hops: tuple[tuple[float, Hop], ...]


class ProgressDesk:
    """Says how far a student is, from the facts that there are."""

    def __init__(
        self, facts: FactLog, days: ActivityDays, bus: Bus, vault: Vault, clock: Clock, titles: Mapping[str, str]
    ) -> None:
        self._facts = facts
        self._days = days
        self._titles = titles
        self._bus = bus
        self._vault = vault
        self._clock = clock

    async def standing(self, user_id: UUID) -> Standing:
        """Counts, active days and streak of a student; zeros for one who did nothing yet."""
        counts = await self._facts.counts(user_id)
        days = await self._days.of(user_id)
        today = await self._today(user_id)
        return Standing(
            questions=counts.questions,
            concepts=counts.concepts,
            runs_ok=counts.runs["ok"],
            # a fault of the sandbox is none of the student's
            runs_failed=counts.runs.total() - counts.runs["ok"] - counts.runs["sandbox_error"],
            hints=dict(counts.hints),
            active_days=len(days),
            active_days_last_30=days_in_window(days, today),
            streak=streak_of(days, today),
        )

    async def _today(self, user_id: UUID) -> date:
        zones = await self._days.zones([user_id])
        return day_of(self._clock(), zone_named(zones.get(user_id)))

    async def answer(self, tx: Transaction, event: CloudEvent[ProgressRequested]) -> None:
        """Answer "how far am I?" once; nothing for an erased student."""
        student_id, request = UUID(event.subject), event.data
        standing = await self._with_this_question(student_id, request.query_id)
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

    async def _with_this_question(self, student_id: UUID, query_id: UUID) -> Standing:
        """As the student sees it: the question just asked counts, though its fact may still be under way."""
        standing = await self.standing(student_id)
        if await self._facts.holds_question(student_id, query_id):
            return standing
        today = await self._today(student_id)
        days = {*await self._days.of(student_id), today}
        return replace(
            standing,
            questions=standing.questions + 1,
            active_days=len(days),
            active_days_last_30=days_in_window(days, today),
            streak=streak_of(days, today),
        )

    async def trace(self, correlation_id: UUID) -> Trace:
        """Every hop of a question with its distance from the first in milliseconds; NotFound when there is none."""
        hops = await self._facts.hops(correlation_id)
        if not hops:
            raise NotFound("No fact with this id has been kept. It may still be under way; try again in a moment.")
        first = hops[0].time
        return Trace(correlation_id, tuple((round((hop.time - first).total_seconds() * 1000, 3), hop) for hop in hops))
