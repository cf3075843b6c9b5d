"""Use cases of the sockets: keep frames, read and open them, ask a question."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4, uuid5

import structlog

from learnflow.contracts.events import QuestionAsked
from learnflow.contracts.events.base import QuestionContext
from learnflow.contracts.sealed import SealedText
from learnflow.contracts.services import WEBSOCKET
from learnflow.kit import limits
from learnflow.kit.background import Periodic
from learnflow.kit.bus.base import Bus, Event, new_event
from learnflow.kit.class_limits import take_question
from learnflow.kit.database import Database, Transaction
from learnflow.kit.sealed import KeyMissing, Vault
from learnflow.kit.students import teachers_of
from learnflow.services.websocket.frames import (
    ALERTS,
    SEALED_FIELDS,
    SHOWN,
    NewFrame,
    StoredFrame,
    alert_frames,
    encoded,
    frame_of,
    with_opened,
)
from learnflow.services.websocket.repository import Frames, NamedAsks

log = structlog.get_logger()

SOURCE = f"/learnflow/{WEBSOCKET.name}"
CHANNEL = "socket_frames"
QUESTIONS_LIMIT = "questions"
"""The limit's name is the gateway's: questions count in sum, by whatever door they come."""

KEPT_HOURS = 24

Wake = Callable[[Transaction, str], None]
"""Tell all instances, after the commit, that a student has a new frame."""


class FrameKeeper:
    """Turns facts into frames: of their student's stream, and alerts into frames of the student's own teachers."""

    def __init__(self, frames: Frames, database: Database, wake: Wake) -> None:
        self._frames = frames
        self._database = database
        self._wake = wake

    async def keep(self, tx: Transaction, events: Sequence[Event]) -> None:
        """Keep a batch: one statement for all, one wake-up for each student."""
        shown = [event for event in events if event.type in SHOWN]
        frames = [frame for event in shown for frame in await self._frames_of(event)]
        if frames:
            await self._frames.add(tx, frames)
        for user_id in dict.fromkeys(frame.user_id for frame in frames):
            self._wake(tx, str(user_id))

    async def _frames_of(self, event: Event) -> list[NewFrame]:
        student_id, fact = UUID(event.subject), SHOWN[event.type].model_validate(event.data)
        if type(fact) in ALERTS:
            return alert_frames(student_id, fact, await teachers_of(self._database, student_id))
        return [frame_of(student_id, fact)]


class FrameReader:
    """Reads frames and opens their texts on the way out."""

    def __init__(self, frames: Frames, vault: Vault) -> None:
        self._frames = frames
        self._vault = vault

    async def after(self, sent: Mapping[UUID, int], limit: int) -> list[StoredFrame]:
        return await self._frames.after(sent, limit)

    async def behind(self, sent: Mapping[UUID, int]) -> set[UUID]:
        return await self._frames.behind(sent)

    async def start_of(self, user_id: UUID, last_event_id: int | None) -> int:
        """The number after which a new socket begins: the client's own last one, or now."""
        last_seq = await self._frames.last_seq(user_id)
        return last_seq if last_event_id is None else min(last_event_id, last_seq)

    async def opened(self, frame: StoredFrame) -> str:
        """The frame as it is sent; the texts of an erased student are left out."""
        opened: dict[str, str] = {}
        data = {key: value for key, value in frame.data.items() if key not in SEALED_FIELDS}
        try:
            for name in SEALED_FIELDS:
                if name in frame.data:
                    opened[name] = await self._vault.open(frame.user_id, SealedText(frame.data[name]))
        except KeyMissing:
            opened = {}
        return encoded(frame.seq, frame.type, with_opened(data, opened))


@dataclass(frozen=True, slots=True)
class NewQuestion:
    """What a student asked over the socket, in the clear; `name` is the client's own name for it."""

    query: str
    code: str | None
    error: str | None
    context: QuestionContext
    name: str | None


class AskDesk:
    """Takes questions; the gateway keeps them when the event reaches it."""

    def __init__(
        self, database: Database, bus: Bus, vault: Vault, asks: NamedAsks, *, questions_per_minute: int
    ) -> None:
        self._database = database
        self._bus = bus
        self._vault = vault
        self._asks = asks
        self._questions_per_minute = questions_per_minute

    async def ask(self, student_id: UUID, new: NewQuestion) -> UUID:
        """Publish a question; under the same name it is asked once. TooMany when the minute or the day is full."""
        query_id = uuid5(student_id, new.name) if new.name else uuid4()
        if new.name and await self._asks.knows(query_id):
            return query_id
        await limits.take(
            self._database,
            name=QUESTIONS_LIMIT,
            subject=str(student_id),
            limit=self._questions_per_minute,
            window_s=60,
        )
        await take_question(self._database, student_id)
        event = new_event(
            await self._sealed(student_id, query_id, new),
            source=SOURCE,
            student_id=student_id,
            correlation_id=query_id,
        )
        async with self._database.transaction() as tx:
            if not new.name or await self._asks.add(tx, student_id, query_id):
                await self._bus.publish(tx, [event])
        return query_id

    async def _sealed(self, student_id: UUID, query_id: UUID, new: NewQuestion) -> QuestionAsked:
        return QuestionAsked(
            query_id=query_id,
            query=await self._vault.seal(student_id, new.query),
            code=None if new.code is None else await self._vault.seal(student_id, new.code),
            error=None if new.error is None else await self._vault.seal(student_id, new.error),
            context=new.context,
        )


class Purge(Periodic):
    """Deletes frames that are older than a day; part of every instance, harmless in several."""

    name = "purge"
    every_s = 600.0

    def __init__(self, frames: Frames) -> None:
        super().__init__()
        self._frames = frames

    async def tick(self) -> None:
        log.info("sockets.purge.finished", rows=await self._frames.purge(KEPT_HOURS))
