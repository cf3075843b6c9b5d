"""What progress does with events: it keeps every one of them, and answers questions about progress."""

from collections.abc import Sequence
from functools import partial

from learnflow.contracts import topics
from learnflow.contracts.envelope import CloudEvent
from learnflow.contracts.events import LessonGenerated, ProgressRequested, StudentActive
from learnflow.contracts.services import PROGRESS
from learnflow.contracts.topics import Topic
from learnflow.kit.bus.base import Bus, Event
from learnflow.kit.database import Transaction
from learnflow.kit.work import WorkQueue
from learnflow.services.progress.service import FactKeeper, ProgressDesk

SPACING_S = 0.05
"""Nobody waits for a fact to be logged: many at once, well within the 100 ms that an event may take."""


class Handlers:
    """The consumer group of progress: all topics for the log, and a few types of them for more."""

    def __init__(self, keeper: FactKeeper, desk: ProgressDesk, queue: WorkQueue) -> None:
        self._keeper = keeper
        self._desk = desk
        self._queue = queue

    def subscribe(self, bus: Bus) -> None:
        for topic in PROGRESS.reads:
            bus.subscribe_all(topic, PROGRESS.group, partial(self.on_facts, topic), spacing_s=SPACING_S)
        bus.subscribe(
            topics.PROGRESS_EVENTS,
            PROGRESS.group,
            {
                ProgressRequested: self.on_progress_requested,
                LessonGenerated: self.on_lesson_generated,
                StudentActive: self.on_student_active,
            },
        )

    async def on_facts(self, topic: Topic, tx: Transaction, events: Sequence[Event]) -> None:
        await self._keeper.keep(tx, topic, events)

    async def on_progress_requested(self, tx: Transaction, event: Event) -> None:
        await self._desk.answer(tx, event)

    async def on_lesson_generated(self, tx: Transaction, event: Event) -> None:
        # claimed work, because the state store may be another process
        await self._queue.put(tx, event)

    async def on_student_active(self, tx: Transaction, event: CloudEvent[StudentActive]) -> None:
        if event.data.kind == "step_done" and event.data.lesson_id is not None:
            await self._queue.put(tx, event)
