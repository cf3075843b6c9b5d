"""How long the oldest open transaction has held the readers of the log back."""

from __future__ import annotations

import asyncio
import time

from learnflow.contracts.errors import Unavailable
from learnflow.kit.background import Background
from learnflow.kit.bus import metrics
from learnflow.kit.database import Database

EVERY_S = 2.0
SNAPSHOT = "select pg_snapshot_xmin(s)::text as low, pg_snapshot_xmax(s)::text as high from pg_current_snapshot() as s"


class OldestTransaction(Background):
    """Samples the snapshot: while its lower edge stays, one transaction stays open.

    Needs no right to see other roles' sessions; exact to `EVERY_S`.
    """

    name = "oldest transaction"

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self._low = ""
        self._since = 0.0

    async def sample(self) -> float:
        """Take one sample and return the age in seconds."""
        [row] = await self._database.poll(SNAPSHOT)
        low, high = row["low"], row["high"]
        now = time.monotonic()
        if low != self._low or low == high:
            self._low, self._since = low, now
        metrics.OLDEST_XID_SECONDS.set(now - self._since)
        return now - self._since

    async def _run(self) -> None:
        while True:
            try:
                await self.sample()
            except Unavailable:
                metrics.OLDEST_XID_SECONDS.set(0)
            await asyncio.sleep(EVERY_S)
