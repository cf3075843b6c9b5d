"""What debug does with events: every question that triage sends here becomes claimed work."""

from learnflow.contracts import topics
from learnflow.contracts.events import DebugRequested
from learnflow.contracts.services import DEBUG
from learnflow.kit.bus.base import Bus, Event
from learnflow.kit.database import Transaction
from learnflow.kit.work import WorkQueue


class Handlers:
    """The consumer group of debug."""

    def __init__(self, queue: WorkQueue) -> None:
        self._queue = queue

    def subscribe(self, bus: Bus) -> None:
        bus.subscribe(topics.DEBUG_REQUESTS, DEBUG.group, {DebugRequested: self.on_debug_requested})

    async def on_debug_requested(self, tx: Transaction, event: Event) -> None:
        """The program runs before the answer: that is slow work."""
        await self._queue.put(tx, event)
