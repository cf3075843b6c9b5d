"""All sockets of this process, and the one task that feeds them: a wake-up names a student, one query serves many."""

import asyncio
from collections.abc import Iterable, Sequence
from uuid import UUID

import structlog

from learnflow.kit.background import Background
from learnflow.services.websocket.connection import Close, Connection
from learnflow.services.websocket.frames import StoredFrame
from learnflow.services.websocket.service import FrameReader

log = structlog.get_logger()

POLL_S = 1.0
"""A wake-up may be lost with its connection: look for new frames at least this often."""

_USERS_A_QUERY = 200
_FRAMES_A_USER = 64


class Hub(Background):
    """Knows which sockets are open here and brings them what is new in the table."""

    name = "sockets"

    def __init__(self, reader: FrameReader, *, sockets_per_user: int = 10, poll_s: float = POLL_S) -> None:
        super().__init__()
        self._reader = reader
        self._sockets_per_user = sockets_per_user
        self._poll_s = poll_s
        self._open: dict[UUID, list[Connection]] = {}
        self._marked: dict[UUID, None] = {}
        self._wake = asyncio.Event()
        self._is_stopping = False

    @property
    def count(self) -> int:
        """How many sockets are open."""
        return sum(map(len, self._open.values()))

    def add(self, connection: Connection) -> None:
        """Feed this socket from now on; the oldest of too many sockets of one user is closed."""
        sockets = self._open.setdefault(connection.user_id, [])
        sockets.append(connection)
        if len(sockets) > self._sockets_per_user:
            sockets[0].end(Close.TRY_LATER, "You opened too many sockets; this was the oldest.")
        if self._is_stopping:
            connection.end(Close.RESTART, "The service restarts; connect again.")
        self.mark(connection.user_id)

    def remove(self, connection: Connection) -> None:
        sockets = self._open.get(connection.user_id, [])
        if connection in sockets:
            sockets.remove(connection)
        if not sockets:
            self._open.pop(connection.user_id, None)

    def mark(self, user_id: UUID) -> None:
        """There may be something new for this student."""
        if user_id in self._open:
            self._marked[user_id] = None
            self._wake.set()

    def on_wakeup(self, payload: str) -> None:
        """The callback of a notification: a student's id; an empty one means that some may have been lost."""
        if payload:
            self.mark(UUID(payload))
        else:
            self._marked.update(dict.fromkeys(self._open))
            self._wake.set()

    def on_session_revoked(self, payload: str) -> None:
        """The callback of a session that was ended: its sockets end with it."""
        for connection in self._all():
            if payload and connection.session_id == UUID(payload):
                connection.end(Close.NOT_SIGNED_IN, "This session was ended. Sign in again.")

    async def stop(self) -> None:
        """Ask every client to connect again elsewhere, and stop feeding."""
        self._is_stopping = True
        for connection in self._all():
            connection.end(Close.RESTART, "The service restarts; connect again.")
        await super().stop()

    async def reason_not_ready(self) -> str | None:
        return "the task that feeds the sockets has ended" if self._task is None or self._task.done() else None

    def _all(self) -> list[Connection]:
        return [connection for sockets in self._open.values() for connection in sockets]

    async def _run(self) -> None:
        while True:
            try:
                await self._wait()
                await self._feed_marked()
            except Exception as error:  # noqa: BLE001 - whatever PostgreSQL does, the sockets are fed again later
                log.warning("sockets.feeding.failed", error=type(error).__name__)
                await asyncio.sleep(0.2)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._poll_s):
                await self._wake.wait()
        except TimeoutError:
            sent = self._sent(self._open)
            self._marked.update(dict.fromkeys(await self._reader.behind(sent) if sent else ()))
        self._wake.clear()

    async def _feed_marked(self) -> None:
        while self._marked:
            users = list(self._marked)[:_USERS_A_QUERY]
            # before the query: whoever is marked while it runs has something that it does not see
            for user_id in users:
                del self._marked[user_id]
            sent = self._sent(users)
            try:
                if sent:
                    await self._feed(await self._reader.after(sent, _FRAMES_A_USER))
            except BaseException:
                self._marked.update(dict.fromkeys(users))
                raise
            self._mark_those_with_more(sent)

    def _sent(self, users: Iterable[UUID]) -> dict[UUID, int]:
        """Student -> the lowest number that a socket with room has been given; the others wait."""
        sent: dict[UUID, int] = {}
        for user_id in users:
            seqs = [connection.sent_seq for connection in self._open.get(user_id, ()) if not connection.is_behind]
            if seqs:
                sent[user_id] = min(seqs)
        return sent

    async def _feed(self, frames: Sequence[StoredFrame]) -> None:
        for frame in frames:
            text = await self._reader.opened(frame)
            for connection in tuple(self._open.get(frame.user_id, ())):
                connection.offer(frame.seq, text)

    def _mark_those_with_more(self, before: dict[UUID, int]) -> None:
        """A full helping may not be the last: whoever moved by one is looked at again."""
        for user_id, seq in self._sent(before).items():
            if seq - before[user_id] >= _FRAMES_A_USER:
                self.mark(user_id)
