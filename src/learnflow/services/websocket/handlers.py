"""What the websocket service does with events: each one that a student should see becomes a frame."""

from collections.abc import Sequence

from learnflow.contracts import topics
from learnflow.contracts.services import WEBSOCKET
from learnflow.kit.bus.base import SPACING_S, Bus, Event
from learnflow.kit.database import Transaction
from learnflow.services.websocket.service import FrameKeeper

NOTICES_SPACING_S = 0.05
"""Notices may come a moment later than answers, and then many at once."""


class Handlers:
    """The consumer group of the sockets.

    It reads in batches: frames of many students are numbered in one statement and one order. One by one, two
    transactions that hold the same two students would wait for each other.
    """

    def __init__(self, keeper: FrameKeeper) -> None:
        self._keeper = keeper

    def subscribe(self, bus: Bus) -> None:
        for topic in WEBSOCKET.reads:
            spacing_s = SPACING_S if topic is topics.LEARNING_RESPONSES else NOTICES_SPACING_S
            bus.subscribe_all(topic, WEBSOCKET.group, self.on_facts, spacing_s=spacing_s)

    async def on_facts(self, tx: Transaction, events: Sequence[Event]) -> None:
        await self._keeper.keep(tx, events)
