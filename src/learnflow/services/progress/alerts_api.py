"""Routes of alerts, for the students' own teachers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from learnflow.contracts.events.struggle import Severity
from learnflow.kit.auth import CurrentPrincipal, Principal, allow
from learnflow.kit.database import Database
from learnflow.kit.students import see_student
from learnflow.services.progress.alerts import AlertDesk
from learnflow.services.progress.alerts_repository import Wanted
from learnflow.services.progress.alerts_schemas import (
    AlertDetails,
    AlertPage,
    AlertView,
    Snooze,
    alert_details,
    alert_view,
)
from learnflow.services.progress.casebook import Alert, AlertState


def make_router(database: Database, desk: AlertDesk) -> APIRouter:
    """List, look closer, acknowledge, snooze, resolve; a list is no look at a student's record, one of theirs is."""
    router = APIRouter(tags=["alerts"], dependencies=[allow("teacher")])

    @router.get("/alerts", summary="Your students who need help")
    async def alerts(
        principal: CurrentPrincipal,
        severity: Severity | None = None,
        status: AlertState | None = None,
        student_id: UUID | None = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    ) -> AlertPage:
        if student_id is not None:
            await see_student(database, principal, student_id, "alerts")
        wanted = Wanted(severity, status, student_id)
        found, total = await desk.page(principal.user_id, wanted, limit, offset)
        following = offset + limit if offset + limit < total else None
        return AlertPage(items=[alert_view(alert) for alert in found], total=total, next=following)

    async def seen(alert_id: UUID, principal: Principal) -> Alert:
        alert = await desk.get(alert_id)
        await see_student(database, principal, alert.student_id, "alerts")
        return alert

    @router.get("/alerts/{alert_id}", summary="An alert with what it was seen in")
    async def one(alert_id: UUID, principal: CurrentPrincipal) -> AlertDetails:
        return alert_details(await seen(alert_id, principal))

    @router.post("/alerts/{alert_id}/acknowledge", summary="Say that you look after it")
    async def acknowledge(alert_id: UUID, principal: CurrentPrincipal) -> AlertView:
        return alert_view(await desk.acknowledge(await seen(alert_id, principal), principal.user_id))

    @router.post("/alerts/{alert_id}/snooze", summary="Silence it for a while")
    async def snooze(alert_id: UUID, body: Snooze, principal: CurrentPrincipal) -> AlertView:
        return alert_view(await desk.snooze(await seen(alert_id, principal), body.minutes))

    @router.post("/alerts/{alert_id}/resolve", summary="Close it")
    async def resolve(alert_id: UUID, principal: CurrentPrincipal) -> AlertView:
        return alert_view(await desk.resolve(await seen(alert_id, principal), principal.user_id))

    return router
