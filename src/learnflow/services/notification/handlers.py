"""What notification does with events: alerts go to the student's own teachers, the rest to the student."""

from uuid import UUID

from learnflow.contracts import topics
from learnflow.contracts.envelope import CloudEvent
from learnflow.contracts.events import ExerciseAssigned, MasteryChanged, StruggleDetected, StruggleResolved
from learnflow.contracts.services import NOTIFICATION
from learnflow.kit.bus.base import Bus
from learnflow.kit.database import Transaction
from learnflow.services.notification.levels import Levels
from learnflow.services.notification.service import Notice, Notices
from learnflow.services.notification.texts import Texts


class Handlers:
    """The consumer group of notification."""

    def __init__(self, notices: Notices, levels: Levels, texts: Texts) -> None:
        self._notices = notices
        self._levels = levels
        self._texts = texts

    def subscribe(self, bus: Bus) -> None:
        bus.subscribe(
            topics.STRUGGLE_DETECTED,
            NOTIFICATION.group,
            {StruggleDetected: self.on_struggle_detected, StruggleResolved: self.on_struggle_resolved},
        )
        bus.subscribe(
            topics.PROGRESS_EVENTS,
            NOTIFICATION.group,
            {ExerciseAssigned: self.on_exercise_assigned, MasteryChanged: self.on_mastery_changed},
        )

    async def on_struggle_detected(self, tx: Transaction, event: CloudEvent[StruggleDetected]) -> None:
        await self._notices.alert_teachers(tx, UUID(event.subject), event.data, UUID(event.correlationid))

    async def on_struggle_resolved(self, tx: Transaction, event: CloudEvent[StruggleResolved]) -> None:
        await self._notices.close_alert(tx, UUID(event.subject), event.data, UUID(event.correlationid))

    async def on_exercise_assigned(self, tx: Transaction, event: CloudEvent[ExerciseAssigned]) -> None:
        fact = event.data
        about = {
            "assignment_id": str(fact.assignment_id),
            "exercise_id": fact.exercise_id,
            "topic_id": fact.topic_id,
            **({"due_at": fact.due_at.isoformat()} if fact.due_at else {}),
        }
        notice = Notice(UUID(event.subject), self._texts.assigned(fact), about)
        await self._notices.send(tx, notice, UUID(event.correlationid))

    async def on_mastery_changed(self, tx: Transaction, event: CloudEvent[MasteryChanged]) -> None:
        fact = event.data
        if await self._levels.is_news(UUID(event.subject), fact):
            about = {"topic_id": fact.topic_id, "module_id": fact.module_id, "level": fact.level}
            notice = Notice(UUID(event.subject), self._texts.level(fact), about)
            await self._notices.send(tx, notice, UUID(event.correlationid))
