"""Routes of alerts, answered by the progress service."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Response

from learnflow.contracts.events.struggle import Severity
from learnflow.contracts.services import PROGRESS
from learnflow.kit.app import json_response
from learnflow.kit.auth import CallerToken, allow
from learnflow.kit.invoke import Invoker
from learnflow.services.api_gateway.learning.progress_schemas import SnoozeAlert

_OBJECT = dict[str, Any]
AlertStatus = Literal["open", "acknowledged", "snoozed", "resolved"]


def make_router(invoker: Invoker) -> APIRouter:
    """The routes under /api/v1/teacher that deal with students who need help."""
    router = APIRouter(prefix="/api/v1/teacher", tags=["alerts"], dependencies=[allow("teacher")])

    async def passed_on(token: str, method: str, path: str, body: object | None = None) -> Response:
        return json_response(await invoker.call(PROGRESS, method, path, json=body, token=token))

    @router.get("/alerts", response_model=_OBJECT, summary="Your students who need help")
    async def alerts(
        token: CallerToken,
        severity: Severity | None = None,
        status: AlertStatus | None = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    ) -> Response:
        wanted = {"severity": severity, "status": status, "limit": limit, "offset": offset}
        query = urlencode({name: value for name, value in wanted.items() if value is not None})
        return await passed_on(token, "GET", f"/alerts?{query}")

    @router.get("/alerts/{alert_id}", response_model=_OBJECT, summary="An alert with what it was seen in")
    async def one(alert_id: UUID, token: CallerToken) -> Response:
        return await passed_on(token, "GET", f"/alerts/{alert_id}")

    @router.post("/alerts/{alert_id}/acknowledge", response_model=_OBJECT, summary="Say that you look after it")
    async def acknowledge(alert_id: UUID, token: CallerToken) -> Response:
        return await passed_on(token, "POST", f"/alerts/{alert_id}/acknowledge")

    @router.post("/alerts/{alert_id}/resolve", response_model=_OBJECT, summary="Close it")
    async def resolve(alert_id: UUID, token: CallerToken) -> Response:
        return await passed_on(token, "POST", f"/alerts/{alert_id}/resolve")

    @router.post("/alerts/{alert_id}/snooze", response_model=_OBJECT, summary="Silence it for a while")
    async def snooze(alert_id: UUID, body: SnoozeAlert, token: CallerToken) -> Response:
        return await passed_on(token, "POST", f"/alerts/{alert_id}/snooze", body.model_dump())

    return router
