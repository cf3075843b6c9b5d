"""What concepts does with events: every question that triage sends here is answered once."""

from learnflow.contracts import topics
from learnflow.contracts.events import ConceptRequested
from learnflow.contracts.services import CONCEPTS
from learnflow.kit.bus.base import Bus, Event
from learnflow.kit.database import Transaction
from learnflow.kit.work import WorkQueue
from learnflow.services.concepts.service import Concepts


class Handlers:
    """The consumer group of concepts."""

    def __init__(self, concepts: Concepts, queue: WorkQueue) -> None:
        self._concepts = concepts
        self._queue = queue

    def subscribe(self, bus: Bus) -> None:
        bus.subscribe(topics.CONCEPTS_REQUESTS, CONCEPTS.group, {ConceptRequested: self.on_concept_requested})

    async def on_concept_requested(self, tx: Transaction, event: Event) -> None:
        """Answer at once; with code the program runs first, as claimed work."""
        request: ConceptRequested = event.data
        if request.code is None:
            await self._concepts.answer(tx, event)
        else:
            await self._queue.put(tx, event)
