"""Slow work that is claimed: a model call or a program run, outside of every transaction.

A handler puts the event into the table `work` in its own transaction. Any process of the group claims it for a
second and renews the claim every 0.3 s while `run` works; what `run` returns is applied in a transaction only if
the claim is still its own. Five attempts, then the dead letter of the event's topic.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID, uuid4

import orjson
import structlog

from learnflow.contracts.envelope import CloudEvent
from learnflow.contracts.events import EVENTS
from learnflow.kit.bus import metrics
from learnflow.kit.bus.base import Event
from learnflow.kit.bus.outbox import to_json, write_dead_letter
from learnflow.kit.database import Database, Transaction
from learnflow.kit.tracing import continued
from learnflow.kit.wakeups import next_backoff

log = structlog.get_logger()

LEASE_S = 1.0
RENEW_S = 0.3
POLL_S = 0.5
STOP_S = 3.0
MAX_ATTEMPTS = 5
BACKOFF_S = (0.1, 0.3, 0.9, 2.7)
LATER_S = 60.0

PUT = """
insert into work (grp, event_id, ce)
select grp, event_id, ce::jsonb from unnest($1::text[], $2::uuid[], $3::text[]) as w (grp, event_id, ce)
on conflict do nothing
"""
CLAIM = """
update work w set state = 'running', lease_token = n.token, attempts = attempts + 1,
    lease_until = clock_timestamp() + make_interval(secs => $4)
from (
    select o.event_id, t.token from (
        select event_id, row_number() over (order by lease_until) as no from (
            select event_id, lease_until from work where grp = $1 and lease_until <= clock_timestamp()
            order by lease_until limit $2 for update skip locked
        ) locked
    ) o join unnest($3::uuid[]) with ordinality as t (token, no) using (no)
) n
where w.grp = $1 and w.event_id = n.event_id
returning w.event_id, w.ce::text as ce, w.attempts, w.lease_token
"""
RENEW = """
update work set lease_until = clock_timestamp() + make_interval(secs => $3)
where grp = $1 and lease_token = any($2::uuid[])
"""
TAKE = "delete from work where grp = $1 and event_id = $2 and lease_token = $3 returning event_id"
GIVE_BACK = """
update work set state = 'waiting', lease_token = null, attempts = attempts - $4::int,
    lease_until = clock_timestamp() + make_interval(secs => $5)
where grp = $1 and event_id = $2 and lease_token = $3
"""

Finish = Callable[[Transaction], Awaitable[None]]
"""Stores and publishes the outcome; called in a transaction, at most once per event."""


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One event to work on; `attempt` counts from 1."""

    event: Event
    attempt: int


Run = Callable[[WorkItem], Awaitable[Finish]]


@dataclass(frozen=True, slots=True)
class _Claimed:
    event_id: UUID
    token: UUID
    raw: str
    attempt: int


class WorkQueue:
    """Claims the work of one group and runs up to `concurrency` pieces at once."""

    name = "work"

    def __init__(
        self,
        database: Database,
        group: str,
        run: Run,
        *,
        concurrency: int = 4,
        backoff_s: Sequence[float] = BACKOFF_S,
    ) -> None:
        self._database = database
        self._group = group
        self._run = run
        self._concurrency = concurrency
        self._backoff_s = backoff_s
        self._woken = asyncio.Event()
        self._running: dict[UUID, asyncio.Task[None]] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._is_claiming = False

    async def put(self, tx: Transaction, event: Event) -> None:
        """Ask for work on an event, in the transaction of the handler that received it."""
        await tx.insert_last(PUT, [(self._group, event.id, to_json(event))])
        tx.after_commit(self._woken.set)

    async def start(self) -> None:
        self._loops = [
            asyncio.create_task(self._forever(self._claim), name=f"work {self._group}"),
            asyncio.create_task(self._forever(self._renew), name=f"work leases {self._group}"),
        ]

    async def stop(self) -> None:
        """Take no more, wait a little for what runs, and give the rest back for another process to begin again."""
        if not self._loops:
            return
        claiming, renewing = self._loops
        await _cancel(claiming)
        if self._running:
            await asyncio.wait(self._running.values(), timeout=STOP_S)
        for task in list(self._running.values()):
            await _cancel(task)
        await _cancel(renewing)
        self._loops = []

    async def reason_not_ready(self) -> str | None:
        return None if self._is_claiming else "claimed work cannot reach PostgreSQL"

    async def _forever(self, step: Callable[[], Awaitable[None]]) -> None:
        backoff_s = 0.0
        while True:
            try:
                await step()
                backoff_s = 0.0
            # asyncpg raises errors of several families when the server dies
            except Exception as error:  # noqa: BLE001 - whatever it was, it is tried again
                self._is_claiming = False
                log.warning("work.database.lost", group=self._group, error=type(error).__name__)
                backoff_s = next_backoff(backoff_s)
                await asyncio.sleep(backoff_s)

    async def _claim(self) -> None:
        ask = self._database.fetch if self._woken.is_set() else self._database.poll
        self._woken.clear()
        free = self._concurrency - len(self._running)
        if free > 0:
            tokens = [uuid4() for _ in range(free)]
            rows = await ask(CLAIM, self._group, free, tokens, LEASE_S)
            for row in rows:
                self._begin(_Claimed(row["event_id"], row["lease_token"], row["ce"], row["attempts"]))
        self._is_claiming = True
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_S):
                await self._woken.wait()

    def _begin(self, claimed: _Claimed) -> None:
        task = asyncio.create_task(self._work(claimed), name=f"work {self._group} {claimed.event_id}")
        self._running[claimed.token] = task
        task.add_done_callback(lambda _task: self._ended(claimed.token))

    def _ended(self, token: UUID) -> None:
        self._running.pop(token, None)
        self._woken.set()

    async def _renew(self) -> None:
        await asyncio.sleep(RENEW_S)
        if self._running:
            await self._database.execute(RENEW, self._group, list(self._running), LEASE_S)

    async def _work(self, claimed: _Claimed) -> None:
        """One attempt; whatever fails here, the row stays in the table until an attempt ends well or the last fails."""
        try:
            await self._attempt(claimed)
        except asyncio.CancelledError:
            await self._give_back(claimed, delay_s=0, uncount=1)
            raise
        except Exception as error:  # noqa: BLE001 - a piece of work may raise anything; it is counted
            await self._failed(claimed, type(error).__name__)

    async def _attempt(self, claimed: _Claimed) -> None:
        started = time.perf_counter()
        if claimed.attempt > MAX_ATTEMPTS:
            raise RuntimeError("the process died at every attempt")
        item = WorkItem(_event(claimed.raw), claimed.attempt)
        with continued(item.event.traceparent, f"work {self._group}"):
            finish = await self._run(item)
            async with self._database.transaction() as tx:
                if await tx.fetchval(TAKE, self._group, claimed.event_id, claimed.token) is None:
                    log.warning("work.lease.lost", group=self._group, event_id=str(claimed.event_id))
                    return
                await finish(tx)
        metrics.WORK_SECONDS.labels(self._group).observe(time.perf_counter() - started)

    async def _failed(self, claimed: _Claimed, error: str) -> None:
        attempt = claimed.attempt
        log.warning(
            "work.attempt.failed", group=self._group, event_id=str(claimed.event_id), attempt=attempt, error=error
        )
        if attempt < MAX_ATTEMPTS:
            await self._give_back(claimed, delay_s=self._backoff_s[attempt - 1], uncount=0)
        else:
            await self._quietly(self._bury(claimed, error))

    async def _give_back(self, claimed: _Claimed, *, delay_s: float, uncount: int) -> None:
        key = (self._group, claimed.event_id, claimed.token)
        await self._quietly(self._database.execute(GIVE_BACK, *key, uncount, delay_s))
        asyncio.get_running_loop().call_later(delay_s, self._woken.set)

    async def _bury(self, claimed: _Claimed, error: str) -> None:
        fact = EVENTS.get(orjson.loads(claimed.raw)["type"])
        if fact is None:
            # put by a newer release, and for it to take
            await self._give_back(claimed, delay_s=LATER_S, uncount=1)
            return
        async with self._database.transaction() as tx:
            if await tx.fetchval(TAKE, self._group, claimed.event_id, claimed.token) is not None:
                reason = f"the work raised {error}"
                await write_dead_letter(
                    tx, fact.topic, self._group, claimed.raw, reason=reason, attempts=claimed.attempt
                )

    async def _quietly(self, operation: Awaitable[object]) -> None:
        """Without PostgreSQL the lease runs out by itself, and the work is claimed again."""
        try:
            await operation
        except Exception as error:  # noqa: BLE001 - see above
            log.warning("work.database.lost", group=self._group, error=type(error).__name__)


def _event(raw: str) -> Event:
    fact = EVENTS[orjson.loads(raw)["type"]]
    event: Event = CloudEvent[fact].model_validate_json(raw)  # type: ignore[valid-type] # a run-time model
    return event


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
