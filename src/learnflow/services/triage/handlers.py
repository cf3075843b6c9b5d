"""What triage does with events: every question asked is sent to whoever answers it."""

from learnflow.contracts import topics
from learnflow.contracts.events import QuestionAsked
from learnflow.contracts.services import TRIAGE
from learnflow.kit.bus.base import Bus, Event
from learnflow.kit.database import Transaction
from learnflow.services.triage.service import Triage


class Handlers:
    """Triage's consumer group."""

    def __init__(self, triage: Triage) -> None:
        self._triage = triage

    def subscribe(self, bus: Bus) -> None:
        bus.subscribe(topics.LEARNING_REQUESTS, TRIAGE.group, {QuestionAsked: self.on_question_asked})

    async def on_question_asked(self, tx: Transaction, event: Event) -> None:
        await self._triage.route(tx, event)
