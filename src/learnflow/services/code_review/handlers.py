"""What code-review does with events: questions and submissions become claimed work."""

from learnflow.contracts import topics
from learnflow.contracts.events import CodeSubmitted, ReviewRequested
from learnflow.contracts.services import CODE_REVIEW
from learnflow.kit.bus.base import Bus, Event
from learnflow.kit.database import Transaction
from learnflow.kit.work import WorkQueue


class Handlers:
    """The consumer group of code-review."""

    def __init__(self, queue: WorkQueue) -> None:
        self._queue = queue

    def subscribe(self, bus: Bus) -> None:
        bus.subscribe(
            topics.CODE_SUBMISSIONS,
            CODE_REVIEW.group,
            {ReviewRequested: self.on_review_requested, CodeSubmitted: self.on_code_submitted},
        )

    async def on_review_requested(self, tx: Transaction, event: Event) -> None:
        """The program is read and runs before the answer: that is slow work."""
        await self._queue.put(tx, event)

    async def on_code_submitted(self, tx: Transaction, event: Event) -> None:
        """The grade is there already; ruff has to run all the same."""
        await self._queue.put(tx, event)
