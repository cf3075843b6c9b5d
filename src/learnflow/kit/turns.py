"""Turns at something costly: everybody has one at a time, so nobody's many stand in front of another's one."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from learnflow.contracts.errors import TooMany, Unavailable

RETRY_AFTER_S = 2.0


class Turns:
    """At most `at_once` in all and `each` for a person; of one person at most `most` are at work or wait."""

    def __init__(self, *, at_once: int, most: int, each: int = 1) -> None:
        self._all = asyncio.Semaphore(at_once)
        self._most = most
        self._each = each
        self._count: Counter[UUID] = Counter()
        self._lanes: dict[UUID, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def of(self, person_id: UUID, wait_s: float | None = None) -> AsyncIterator[None]:
        """This person's turn; TooMany when enough of theirs wait, Unavailable when it does not come in `wait_s`."""
        if self._count[person_id] >= self._most:
            raise TooMany(
                f"{self._most} of yours are at work already. Wait for one of them, then send this again.",
                retry_after_s=RETRY_AFTER_S,
            )
        self._count[person_id] += 1
        lane = self._lanes.setdefault(person_id, asyncio.Semaphore(self._each))
        try:
            await self._come(lane, wait_s)
            try:
                yield
            finally:
                self._all.release()
                lane.release()
        finally:
            self._count[person_id] -= 1
            if not self._count[person_id]:
                del self._count[person_id], self._lanes[person_id]

    async def _come(self, lane: asyncio.Semaphore, wait_s: float | None) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await lane.acquire()
                try:
                    await self._all.acquire()
                except BaseException:
                    lane.release()
                    raise
        except TimeoutError as error:
            raise Unavailable("Too much is going on just now. Try again in a moment.", retry_after_s=2) from error
