"""Wake-ups by LISTEN and NOTIFY, in this process at once: hints, never facts; who misses one finds out by polling.

NOTIFY is sent after the commit, from the one connection that also listens, and many equal ones of a moment become
one: inside the writing transaction it would take a lock of the whole database at every commit (half the rate).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import asyncpg
import structlog

from learnflow.kit.database import Database, Transaction
from learnflow.kit.pool import Kept

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
    Listening = asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]

log = structlog.get_logger()

NOTIFY = "select pg_notify(channel, payload) from unnest($1::text[], $2::text[]) as w (channel, payload)"
BACKOFF_START_S = 0.05
BACKOFF_FACTOR = 1.5
BACKOFF_MAX_S = 1.0
ALIVE_EVERY_S = 10.0
MAX_PENDING = 10_000
SPACING_S = 0.001
"""At a thousand events a second, one NOTIFY a millisecond says the same as one for each."""


def next_backoff(current_s: float) -> float:
    """How long to wait before the next attempt to reach PostgreSQL again (0.05 s, growing to 1 s)."""
    return min(max(current_s * BACKOFF_FACTOR, BACKOFF_START_S), BACKOFF_MAX_S)


class Wakeups:
    """One connection per process that listens and notifies, and comes back after PostgreSQL was away.

    Between wake-ups it is lent to whoever only looks whether there is something.
    """

    name = "wakeups"

    def __init__(self, database: Database, *, is_alone: bool = False) -> None:
        """`is_alone`: no other process of this service runs, so `wake_peers_after_commit` has nobody to notify."""
        self._database = database
        self._is_alone = is_alone
        self._callbacks: dict[str, list[Callable[[str], None]]] = {}
        self._listening: set[str] = set()
        self._pending: dict[tuple[str, str], None] = {}
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._connected = False
        self._next_at = 0.0

    def on(self, channel: str, callback: Callable[[str], None]) -> None:
        """Call back with the payload of each notification, and with "" after a reconnect (some may be lost)."""
        self._callbacks.setdefault(channel, []).append(callback)
        self._changed.set()

    def off(self, channel: str, callback: Callable[[str], None]) -> None:
        """Stop calling back."""
        self._callbacks[channel].remove(callback)

    def notify_after_commit(self, tx: Transaction, channel: str, payload: str = "") -> None:
        """Notify once the transaction is durable; equal wake-ups of a moment become one."""
        tx.after_commit(lambda: self.notify(channel, payload))

    def wake_peers_after_commit(self, tx: Transaction, channel: str, payload: str = "") -> None:
        """Wake this service's processes once the transaction is durable: this one at once, others by NOTIFY.

        Every NOTIFY wakes every connection that listens to anything, whatever its channel.
        """
        tx.after_commit(lambda: self._wake_peers(channel, payload))

    def _wake_peers(self, channel: str, payload: str) -> None:
        if self._is_alone:
            self._call(channel, payload)
        else:
            self.notify(channel, payload)

    def notify(self, channel: str, payload: str = "") -> None:
        """Call back here at once, and notify others soon.

        While PostgreSQL is away a bounded number waits; the rest is found by polling.
        """
        self._call(channel, payload)
        if len(self._pending) < MAX_PENDING:
            self._pending[channel, payload] = None
            self._changed.set()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="wakeups")

    async def stop(self) -> None:
        """Send what is pending and close."""
        if self._task is not None:
            for _ in range(100):
                if not (self._pending and self._connected):
                    break
                await asyncio.sleep(0.01)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def reason_not_ready(self) -> str | None:
        return None if self._connected else "the wake-up connection to PostgreSQL is down"

    async def _run(self) -> None:
        backoff_s = 0.0
        while True:
            connection: Connection | None = None
            try:
                connection = await self._database.listen()
                self._connected, backoff_s = True, 0.0
                await self._serve(Kept(connection))
            # asyncpg raises errors of several families, its own internal ones too, when the server dies
            except Exception as error:  # noqa: BLE001 - whatever it was, the way out is a new connection
                log.warning("wakeups.connection.lost", error=type(error).__name__)
            finally:
                self._connected, self._database.listening = False, None
                if connection is not None:
                    connection.terminate()
            backoff_s = next_backoff(backoff_s)
            await asyncio.sleep(backoff_s)

    async def _serve(self, kept: Kept) -> None:
        self._listening.clear()
        kept.connection.add_termination_listener(lambda _connection: self._changed.set())
        while not kept.connection.is_closed():
            self._changed.clear()
            async with kept.lock:
                await self._listen(kept.connection)
                await self._send(kept.connection)
            self._database.listening = kept
            await self._wait(kept)
        raise ConnectionError("closed by the server")

    async def _listen(self, connection: Connection) -> None:
        for channel in self._callbacks.keys() - self._listening:
            await connection.add_listener(channel, self._received)
            self._listening.add(channel)
            self._call(channel, "")

    async def _send(self, connection: Connection) -> None:
        while self._pending:
            await asyncio.sleep(max(0.0, self._next_at - time.monotonic()))
            self._next_at = time.monotonic() + SPACING_S
            sent = list(self._pending)
            self._pending.clear()
            try:
                await connection.execute(NOTIFY, [c for c, _ in sent], [p for _, p in sent], timeout=ALIVE_EVERY_S)
            except BaseException:
                self._pending.update(dict.fromkeys(sent))
                raise

    async def _wait(self, kept: Kept) -> None:
        try:
            async with asyncio.timeout(ALIVE_EVERY_S):
                await self._changed.wait()
        except TimeoutError:
            async with kept.lock:
                await kept.connection.execute("select 1", timeout=ALIVE_EVERY_S)

    def _received(self, connection: Listening, pid: int, channel: str, payload: object) -> None:
        # our own were called back when they were asked for
        if pid != connection.get_server_pid():
            self._call(channel, str(payload))

    def _call(self, channel: str, payload: str) -> None:
        for callback in tuple(self._callbacks.get(channel, ())):
            try:
                callback(payload)
            except Exception:
                log.exception("wakeups.callback.failed", channel=channel)
