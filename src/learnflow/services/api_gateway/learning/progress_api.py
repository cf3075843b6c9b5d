"""Routes of progress, answered by the progress service."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from learnflow.kit.app import json_response
from learnflow.kit.auth import CallerToken, CurrentPrincipal, allow
from learnflow.services.api_gateway.learning.progress_events import ProgressEvents
from learnflow.services.api_gateway.learning.progress_schemas import Sign, Taken
from learnflow.services.api_gateway.public import PublicApi

PEOPLE = allow("student", "teacher", "admin")
_OBJECT = dict[str, Any]


def make_router(api: PublicApi, events: ProgressEvents) -> APIRouter:
    """The routes under /api/v1 that say how far somebody is."""
    router = APIRouter(prefix="/api/v1", tags=["progress"])

    @router.get("/progress", response_model=_OBJECT, summary="How far you are", dependencies=[PEOPLE])
    async def own_progress(principal: CurrentPrincipal, token: CallerToken) -> Response:
        return json_response(await api.progress(token, principal.user_id))

    @router.get("/progress/{user_id}", response_model=_OBJECT, summary="How far a student is", dependencies=[PEOPLE])
    async def progress(user_id: UUID, token: CallerToken) -> Response:
        return json_response(await api.progress(token, user_id))

    @router.post(
        "/progress/events",
        status_code=202,
        summary="Say that you opened an exercise, finished a step, or are still at it",
        dependencies=[allow("student")],
    )
    async def say(body: Sign, principal: CurrentPrincipal) -> Taken:
        await events.publish(principal, body)
        return Taken()

    return router
