"""One open socket as the rest of the service sees it: a bounded queue and the reason why it ends."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from uuid import UUID


class Close(IntEnum):
    """Close codes of RFC 6455 and our own 44xx, which mirror HTTP."""

    TOO_LARGE = 1009
    RESTART = 1012
    TRY_LATER = 1013
    MALFORMED = 4400
    NOT_SIGNED_IN = 4401
    NOT_YOURS = 4403


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a socket ends; `code` None when the other side has gone already."""

    code: Close | None
    reason: str


class Connection:
    """What is to be sent to one socket.

    Frames of the stream are taken in order and only while half of the queue is free; the rest waits in the
    table. Replies (accepted, pong) use the other half; a client that asks without reading is closed.
    """

    __slots__ = ("_capacity", "_queue", "ending", "expires_at", "is_behind", "sent_seq", "session_id", "user_id")

    def __init__(
        self,
        user_id: UUID,
        sent_seq: int,
        expires_at: datetime,
        *,
        session_id: UUID | None = None,
        capacity: int = 128,
    ) -> None:
        self.user_id = user_id
        self.session_id = session_id
        self.sent_seq = sent_seq
        self.expires_at = expires_at
        self.is_behind = False
        self.ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._capacity = capacity
        self._queue: asyncio.Queue[str] = asyncio.Queue(capacity)

    @property
    def has_room(self) -> bool:
        return self._queue.qsize() < self._capacity // 2

    def offer(self, seq: int, text: str) -> None:
        """Queue a frame of the stream unless it was queued before; without room it stays behind in the table."""
        if seq <= self.sent_seq or self.is_behind:
            return
        if not self.has_room:
            self.is_behind = True
            return
        self._queue.put_nowait(text)
        self.sent_seq = seq

    def reply(self, text: str) -> None:
        """Queue a frame that is not kept anywhere."""
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            self.end(Close.TRY_LATER, "You send faster than you read.")

    async def next_text(self) -> str:
        return await self._queue.get()

    def end(self, code: Close | None, reason: str) -> None:
        """Ask for this socket to be closed; the first reason counts."""
        if not self.ending.done():
            self.ending.set_result(Ending(code, reason))
