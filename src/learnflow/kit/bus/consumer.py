"""Handling what was read, the same on every driver: inbox, handlers, attempts, dead letter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import structlog

from learnflow.kit.bus import metrics
from learnflow.kit.bus.outbox import write_dead_letter
from learnflow.kit.bus.subscription import Delivery, NotAnEventError, Raw, Subscription, parse
from learnflow.kit.database import Transaction
from learnflow.kit.tracing import continued

log = structlog.get_logger()

MAX_ATTEMPTS = 5
BACKOFF_S = (0.1, 0.3, 0.9, 2.7)
HANDLER_LIMIT_S = 10.0
"""Below PostgreSQL's idle_in_transaction_session_timeout, so that we end a hanging handler and not the server."""

FAILED = """
insert into bus_attempts (grp, event_id, attempts) values ($1, $2, 1)
on conflict (grp, event_id) do update set attempts = bus_attempts.attempts + 1, at = now() returning attempts
"""
SETTLED = "delete from bus_attempts where grp = $1 and event_id = $2"

Claim = Callable[[Transaction, Sequence[UUID]], Awaitable[set[UUID]]]
"""Writes inbox rows (and whatever else marks the records as read) and returns the ids that are new."""


class HandlerFailedError(Exception):
    """A handler raised or took too long; the cause says what."""


class Consumer:
    """Applies the handlers of one subscription to raw records."""

    def __init__(self, subscription: Subscription, *, backoff_s: Sequence[float] = BACKOFF_S) -> None:
        self.subscription = subscription
        labels = (subscription.topic.name, subscription.group)
        self._backoff_s = backoff_s
        self._delivered = metrics.DELIVERED.labels(*labels)
        self._seconds = metrics.HANDLER_SECONDS.labels(*labels)
        self._retries = metrics.RETRIES.labels(*labels)

    async def handle(self, tx: Transaction, records: Sequence[Raw], claim: Claim) -> None:
        """Handle records in order in one transaction, and `finish` it afterwards.

        Both raise HandlerFailedError: then roll back and go one by one.
        """
        deliveries: list[Delivery] = []
        for raw in records:
            try:
                delivery = self.subscription.decode(raw)
            except NotAnEventError as error:
                await self._bury(tx, raw, str(error), attempts=1)
            else:
                if delivery is not None:
                    deliveries.append(delivery)
        unseen = await claim(tx, [delivery.id for delivery in deliveries])
        fresh = [delivery for delivery in deliveries if _take(unseen, delivery.id)]
        if fresh:
            await self._apply(tx, fresh)
            tx.after_commit(lambda: self._delivered.inc(len(fresh)))

    async def handle_one(self, tx: Transaction, raw: Raw, claim: Claim) -> float | None:
        """Handle one record; a failure is counted in `tx` and after the fifth the record is buried there.

        Returns None when the record is done with, else the seconds to wait before it is tried again.
        """
        try:
            async with tx.savepoint() as inner:
                await self.handle(inner, [raw], claim)
                await finish(inner)
        except HandlerFailedError as failure:
            return await self._failed(tx, raw, failure, claim)
        await self._settle(tx, raw)
        return None

    async def _apply(self, tx: Transaction, fresh: Sequence[Delivery]) -> None:
        try:
            async with asyncio.timeout(HANDLER_LIMIT_S):
                batch_handler = self.subscription.batch_handler
                if batch_handler is not None:
                    await batch_handler(tx, [one.raw_event for one in fresh if one.raw_event is not None])
                for one in fresh:
                    await self._call(tx, one)
        except Exception as error:
            raise HandlerFailedError from error

    async def _call(self, tx: Transaction, delivery: Delivery) -> None:
        if delivery.handler is None or delivery.event is None:
            return
        started = time.perf_counter()
        with continued(delivery.traceparent, self.subscription.topic.name):
            await delivery.handler(tx, delivery.event)
        self._seconds.observe(time.perf_counter() - started)

    async def _failed(self, tx: Transaction, raw: Raw, failure: HandlerFailedError, claim: Claim) -> float | None:
        group, event_id, cause = self.subscription.group, UUID(parse(raw)["id"]), type(failure.__cause__).__name__
        attempts: int = await tx.fetchval(FAILED, group, event_id)
        log.warning(
            "bus.handler.failed",
            topic=self.subscription.topic.name,
            group=group,
            event_id=str(event_id),
            attempt=attempts,
            error=cause,
        )
        if attempts < MAX_ATTEMPTS:
            self._retries.inc()
            return self._backoff_s[attempts - 1]
        await claim(tx, [event_id])
        await self._bury(tx, raw, f"the handler raised {cause}", attempts=attempts)
        await self._settle(tx, raw)
        return None

    async def _settle(self, tx: Transaction, raw: Raw) -> None:
        try:
            event_id = UUID(str(parse(raw)["id"]))
        except (NotAnEventError, ValueError):
            return
        await tx.execute(SETTLED, self.subscription.group, event_id)

    async def _bury(self, tx: Transaction, raw: Raw, reason: str, *, attempts: int) -> None:
        subscription = self.subscription
        await write_dead_letter(tx, subscription.topic, subscription.group, raw, reason=reason, attempts=attempts)


async def finish(tx: Transaction, redone: frozenset[str] = frozenset()) -> None:
    """What the last handler published fails here, as the handler's failure, and not at the commit."""
    try:
        await tx.finish(redone)
    except Exception as error:
        raise HandlerFailedError from error


def _take(unseen: set[UUID], event_id: UUID) -> bool:
    """True for the first of several records with one id."""
    if event_id in unseen:
        unseen.discard(event_id)
        return True
    return False
