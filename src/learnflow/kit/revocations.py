"""Ended sessions whose access tokens have not expired yet, known to every instance within milliseconds."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog

from learnflow.contracts.errors import Unavailable
from learnflow.kit.background import Background
from learnflow.kit.database import Database, Transaction
from learnflow.kit.tokens import ACCESS_TTL, CLOCK_SKEW_S
from learnflow.kit.wakeups import Wakeups

log = structlog.get_logger()

CHANNEL = "session_revoked"
RELOAD_EVERY_S = 10.0
KEPT = ACCESS_TTL + timedelta(seconds=2 * CLOCK_SKEW_S)


class Revocations(Background):
    """A part that holds the ended sessions of the last half hour; `is_revoked` is for the TokenVerifier."""

    name = "revocations"

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        super().__init__()
        self._database = database
        self._wakeups = wakeups
        self._revoked: frozenset[UUID] = frozenset()
        self._just_revoked: set[UUID] = set()
        self._is_loaded = False
        self._changed = asyncio.Event()
        wakeups.on(CHANNEL, self._on_wakeup)

    def is_revoked(self, session_id: UUID) -> bool:
        return session_id in self._revoked or session_id in self._just_revoked

    async def revoke(self, tx: Transaction, session_ids: Sequence[UUID]) -> None:
        """Refuse these sessions' tokens everywhere once the transaction is durable. The gateway alone may."""
        await tx.execute(
            "insert into revoked_sessions (session_id, until) select s, now() + $2 from unnest($1::uuid[]) s"
            " on conflict (session_id) do nothing",
            list(session_ids),
            KEPT,
        )
        tx.after_commit(lambda: self._just_revoked.update(session_ids))
        for session_id in session_ids:
            self._wakeups.notify_after_commit(tx, CHANNEL, str(session_id))

    async def reason_not_ready(self) -> str | None:
        return None if self._is_loaded else "the ended sessions are not loaded yet"

    def _on_wakeup(self, payload: str) -> None:
        if payload:
            self._just_revoked.add(UUID(payload))
        else:
            self._changed.set()  # reconnected: something may have been missed

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            try:
                await self._reload()
            except Unavailable:
                log.warning("revocations.reload.failed")
            await self._wait(RELOAD_EVERY_S if self._is_loaded else 0.2)

    async def _reload(self) -> None:
        known_before = set(self._just_revoked)
        rows = await self._database.poll("select session_id from revoked_sessions where until > now()")
        self._revoked = frozenset(row["session_id"] for row in rows)
        # what came in meanwhile may be missing from the snapshot just read
        self._just_revoked -= known_before
        self._is_loaded = True

    async def _wait(self, wait_s: float) -> None:
        # not wait_for: up to Python 3.11 it can swallow the cancellation that stops this part
        try:
            async with asyncio.timeout(wait_s):
                await self._changed.wait()
        except TimeoutError:
            return
