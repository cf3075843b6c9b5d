"""Runs that are brought forth before anybody asks: shut in and warm, they wait for a program."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol

from learnflow.services.code_execution.live import LiveRun

_IDLE_S = 0.002
"""A place is filled again when nothing was asked for this long: whoever asks comes first."""
_MOST_LOST = 4
"""Children that could not be parked, or ended while they waited: after so many none is parked any more."""


class Bearer(Protocol):
    """Whoever brings runs forth."""

    def bear(self, timeout_s: float | None) -> LiveRun: ...


class Parking:
    """Keeps `wanted` of them; one is made at a time."""

    def __init__(self, bearer: Bearer, wanted: int) -> None:
        self._bearer = bearer
        self._wanted = wanted
        self._waiting: list[LiveRun] = []
        self._coming: LiveRun | None = None
        self._lost = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def count(self) -> int:
        """All that have no program yet."""
        return len(self._waiting) + (self._coming is not None)

    @property
    def ready(self) -> int:
        """How many may be told a program at once."""
        return len(self._waiting)

    def take(self) -> LiveRun | None:
        return self._waiting.pop(0) if self._waiting else None

    def add(self, live: LiveRun) -> None:
        """This one is ready."""
        if live is self._coming:
            self._coming = None
            self._waiting.append(live)
            self.look_later()

    def lost(self, live: LiveRun) -> bool:
        """Whether this one, which has ended, was to wait."""
        if live is self._coming:
            self._coming = None
        elif live in self._waiting:
            self._waiting.remove(live)
        else:
            return False
        self._lost += 1
        self.look_later()
        return True

    def look_later(self) -> None:
        """When it is quiet, the next one is made."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.count < self._wanted and self._coming is None and self._lost < _MOST_LOST:
            self._timer = asyncio.get_running_loop().call_later(_IDLE_S, self._fill)

    def close(self) -> None:
        """No more of them."""
        self._wanted = 0
        self._waiting.clear()
        self._coming = None
        self.look_later()

    def _fill(self) -> None:
        self._timer = None
        with contextlib.suppress(OSError):  # the zygote is gone
            self._coming = self._bearer.bear(None)
