"""Alerts as teachers deal with them: look, take care, silence, close."""

from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from uuid import UUID, uuid4

from learnflow.contracts.errors import Conflict, NotFound
from learnflow.kit.bus.base import Bus, new_event
from learnflow.kit.clock import Clock
from learnflow.kit.database import Database, Transaction
from learnflow.services.progress.alerts_repository import Alerts, Wanted, Work
from learnflow.services.progress.casebook import Alert
from learnflow.services.progress.scoring import SOURCE
from learnflow.services.progress.watching import resolved

Lock = Callable[[Transaction, Collection[UUID]], Awaitable[None]]


class AlertDesk:
    """What teachers do with alerts; whose record it is has been checked before."""

    def __init__(self, database: Database, alerts: Alerts, work: Work, lock: Lock, bus: Bus, clock: Clock) -> None:
        self._database = database
        self._alerts = alerts
        self._work = work
        self._lock = lock
        self._bus = bus
        self._clock = clock

    async def page(self, teacher_id: UUID, wanted: Wanted, limit: int, offset: int) -> tuple[list[Alert], int]:
        """A teacher's own students' alerts; without a status those that are not resolved."""
        return await self._alerts.page(teacher_id, wanted, self._clock(), limit, offset)

    async def get(self, alert_id: UUID) -> Alert:
        """One alert; NotFound without one."""
        alert = await self._alerts.get(alert_id)
        if alert is None:
            raise NotFound("There is nothing here that you may see.")
        return alert

    async def acknowledge(self, alert: Alert, teacher_id: UUID) -> Alert:
        """The teacher looks after it."""
        async with self._database.transaction() as tx:
            return _still_open(await self._alerts.acknowledge(tx, alert.id, teacher_id, self._clock()))

    async def snooze(self, alert: Alert, minutes: int) -> Alert:
        """Silent for that long; what comes meanwhile is added without a word."""
        async with self._database.transaction() as tx:
            return _still_open(await self._alerts.snooze(tx, alert.id, self._clock() + timedelta(minutes=minutes)))

    async def resolve(self, alert: Alert, teacher_id: UUID) -> Alert:
        """Close it: what it was seen in is used up, and active time counts anew."""
        now = self._clock()
        async with self._database.transaction() as tx:
            await self._lock(tx, [alert.student_id])
            closed = _still_open(await self._alerts.resolve(tx, alert.id, teacher_id, now))
            if closed.trigger == "no_progress":
                await self._work.restart(tx, closed.student_id, closed.exercises, now)
            event = new_event(resolved(closed), source=SOURCE, student_id=closed.student_id, correlation_id=uuid4())
            await self._bus.publish(tx, [event])
        return closed


def _still_open(alert: Alert | None) -> Alert:
    if alert is None:
        raise Conflict("This alert is resolved already. Load the list again.")
    return alert
