"""A pool of asyncpg connections without what asyncpg's own adds to every use: a task, a proxy and a RESET.

That is 60 of 125 microseconds of a short transaction. Nobody changes the session of a pooled connection, and one
that comes back inside a transaction or closed is thrown away.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

IDLE_S = 10.0
"""A backend of PostgreSQL is 2-4 MB: what was opened for a moment's rush is closed after it."""
REST_S = 0.5
PATIENCE_S = 0.02
"""To open a connection takes longer than most are lent for: whoever finds all lent first waits for one to come back."""


class Pool:
    """At most `size` connections, opened when they are first needed; the last used is used again first.

    What was idle for IDLE_S is closed.
    """

    def __init__(self, connect: Callable[[], Awaitable[Connection]], size: int) -> None:
        self._connect = connect
        self._size = size
        # with the time when it was given back, the longest idle first
        self._idle: list[tuple[Connection, float]] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._look_again: asyncio.TimerHandle | None = None
        self._lent: set[Connection] = set()
        self._opening = 0
        # each gets a connection, or None as the leave to open one
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._all_back = asyncio.Event()

    def is_resting(self) -> bool:
        """Nothing is lent, and nothing was a moment ago."""
        if self._lent or self._opening:
            return False
        return not self._idle or self._idle[-1][1] < time.monotonic() - REST_S

    async def take(self, timeout_s: float) -> Connection:
        """A connection for the caller alone; raises TimeoutError when none is free in time."""
        connection = self._free()
        if connection is None:
            async with asyncio.timeout(timeout_s):
                connection = await self._open_or_wait()
        self._lent.add(connection)
        return connection

    def give_back(self, connection: Connection) -> None:
        """Every `take` ends with this one."""
        self._lent.discard(connection)
        if connection.is_closed() or connection.is_in_transaction():
            connection.terminate()
            self._hand_over(None)
        elif not self._hand_over(connection):
            self._idle.append((connection, time.monotonic()))
            self._close_idle()
        if not self._lent:
            self._all_back.set()

    async def close(self, timeout_s: float) -> None:
        """Wait a moment for what is lent, then close everything."""
        self._all_back.clear()
        if self._lent:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._all_back.wait()
        for connection in self._lent:
            connection.terminate()
        await asyncio.gather(*(_close(connection) for connection, _ in self._idle), *self._closing)
        self._idle.clear()
        if self._look_again is not None:
            self._look_again.cancel()

    def _free(self) -> Connection | None:
        while self._idle:
            connection, _ = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    def _close_idle(self) -> None:
        """What has been idle for long, and look again when the next one may have been."""
        now = time.monotonic()
        while self._idle and self._idle[0][1] <= now - IDLE_S:
            closing = asyncio.create_task(_close(self._idle.pop(0)[0]))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
        if self._idle and self._look_again is None:
            pause_s = self._idle[0][1] + IDLE_S - now
            self._look_again = asyncio.get_running_loop().call_later(pause_s, self._look)

    def _look(self) -> None:
        self._look_again = None
        self._close_idle()

    async def _open_or_wait(self) -> Connection:
        connection = await self._soon_back() if self._lent else None
        if connection is not None:
            return connection
        while True:
            if len(self._lent) + self._opening < self._size:
                return await self._open()
            connection = await self._wait()
            if connection is not None and not connection.is_closed():
                return connection
            if connection is not None:
                self._lent.discard(connection)

    async def _soon_back(self) -> Connection | None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                connection = await self._wait()
        except TimeoutError:
            return None
        if connection is None or not connection.is_closed():
            return connection
        self._lent.discard(connection)
        return None

    async def _open(self) -> Connection:
        self._opening += 1
        try:
            return await self._connect()
        except BaseException:
            self._hand_over(None)
            raise
        finally:
            self._opening -= 1

    async def _wait(self) -> Connection | None:
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            self._pass_on(turn)
            raise

    def _pass_on(self, turn: asyncio.Future[Connection | None]) -> None:
        """It was our turn, and we are no longer there to use it."""
        if turn.cancelled() or not turn.done():
            return
        connection = turn.result()
        if connection is None:
            self._hand_over(None)
        else:
            self.give_back(connection)

    def _hand_over(self, connection: Connection | None) -> bool:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                if connection is not None:
                    self._lent.add(connection)
                turn.set_result(connection)
                return True
        return False


class Kept:
    """A connection that its owner keeps open for something else, lent to one at a time meanwhile."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.lock = asyncio.Lock()

    def is_free(self) -> bool:
        return not (self.lock.locked() or self.connection.is_closed())

    async def take(self, timeout_s: float) -> Connection:
        """The connection for the caller alone; TimeoutError when it is not free in time, ConnectionError when lost."""
        async with asyncio.timeout(timeout_s):
            await self.lock.acquire()
        if self.connection.is_closed():
            self.lock.release()
            raise ConnectionError
        return self.connection

    def give_back(self, connection: Connection) -> None:
        """Every `take` ends with this one."""
        if not connection.is_closed() and connection.is_in_transaction():
            connection.terminate()
        self.lock.release()


async def _close(connection: Connection) -> None:
    try:
        await connection.close(timeout=1)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        connection.terminate()
