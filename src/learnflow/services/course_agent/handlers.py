"""What the course agent does with events: every question for a lesson is claimed work, because progress is asked."""

from learnflow.contracts import topics
from learnflow.contracts.events import LessonRequested
from learnflow.contracts.services import COURSE_AGENT
from learnflow.kit.bus.base import Bus, Event
from learnflow.kit.database import Transaction
from learnflow.kit.work import WorkQueue


class Handlers:
    """The consumer group of the course agent."""

    def __init__(self, queue: WorkQueue) -> None:
        self._queue = queue

    def subscribe(self, bus: Bus) -> None:
        bus.subscribe(topics.CONCEPTS_REQUESTS, COURSE_AGENT.group, {LessonRequested: self.on_lesson_requested})

    async def on_lesson_requested(self, tx: Transaction, event: Event) -> None:
        await self._queue.put(tx, event)
