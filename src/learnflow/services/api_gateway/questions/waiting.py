"""Requests and streams that wait for an answer, woken by a NOTIFY from whichever instance stored it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

CHANNEL = "answers"


class WaitingRoom:
    """Who waits for which question in this process."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def wake(self, query_id: str) -> None:
        """Something about this question was stored; an empty id (wake-ups may be lost) wakes everybody."""
        rooms = [self._waiting.get(query_id, set())] if query_id else list(self._waiting.values())
        for waiter in (waiter for room in rooms for waiter in room):
            waiter.set()

    def is_waited_for(self, query_id: UUID) -> bool:
        return str(query_id) in self._waiting

    @contextmanager
    def seat(self, query_id: UUID) -> Iterator[asyncio.Event]:
        """An event that is set whenever the question moves on; enter before reading, or a wake-up is missed."""
        waiter = asyncio.Event()
        key = str(query_id)
        self._waiting[key].add(waiter)
        try:
            yield waiter
        finally:
            self._waiting[key].discard(waiter)
            if not self._waiting[key]:
                del self._waiting[key]
