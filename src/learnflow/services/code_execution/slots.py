"""Who may run now: bounded live runs, a bounded queue, and at most a few for each student."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from learnflow.contracts.errors import TooMany, Unavailable
from learnflow.services.code_execution import metrics

RETRY_AFTER_S = 1.0


class Slots:
    """Places for live runs. One is taken before a run and given back when its last process is gone."""

    def __init__(self, kind: str, size: int, queue_size: int) -> None:
        self._waiting = 0
        self._queue_size = queue_size
        self._places = asyncio.Semaphore(size)
        self._live = metrics.LIVE.labels(kind)
        self._queue = metrics.QUEUE.labels(kind)

    async def take(self) -> Callable[[], None]:
        """A place; what is returned gives it back, once. Unavailable when the queue is full."""
        if self._places.locked() and self._waiting >= self._queue_size:
            raise Unavailable("Too many programs are running just now. Try again in a moment.", retry_after_s=1.0)
        self._waiting += 1
        self._queue.inc()
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
            self._queue.dec()
        self._live.inc()
        return self._give_back

    def _give_back(self) -> None:
        self._live.dec()
        self._places.release()


class Turns:
    """A few runs begin at a time, in the order in which they were asked for, and the next one when one is done: so of a
    hundred short ones none takes much longer than the others. A long one gives its turn up and goes on."""

    def __init__(self, at_a_time: int, longest_s: float) -> None:
        self._places = asyncio.Semaphore(at_a_time)
        self._longest_s = longest_s

    async def take(self) -> Callable[[], None]:
        """A turn; what is returned ends it, if it has not been given up meanwhile."""
        await self._places.acquire()
        is_over = False

        def end() -> None:
            nonlocal is_over
            if not is_over:
                is_over = True
                timer.cancel()
                self._places.release()

        timer = asyncio.get_running_loop().call_later(self._longest_s, end)
        return end


class PerStudent:
    """How many runs each student has, waiting ones included."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._runs: Counter[UUID] = Counter()

    @contextmanager
    def one_more(self, student_id: UUID) -> Iterator[None]:
        """TooMany when the student already has as many as one may have."""
        if self._runs[student_id] >= self._limit:
            raise TooMany(
                f"You already have {self._limit} programs running. Wait for one, or stop it.",
                retry_after_s=RETRY_AFTER_S,
            )
        self._runs[student_id] += 1
        try:
            yield
        finally:
            self._runs[student_id] -= 1
            if not self._runs[student_id]:
                del self._runs[student_id]
