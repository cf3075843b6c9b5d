"""Routes of a person's own notices, answered by notification."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from learnflow.contracts.services import NOTIFICATION
from learnflow.kit.app import json_response
from learnflow.kit.auth import CallerToken, CurrentPrincipal, allow
from learnflow.kit.invoke import Invoker

PEOPLE = allow("student", "teacher", "admin")
_OBJECT = dict[str, Any]


class SubscribeTo(BaseModel):
    """The kinds of notices that you want by a channel; they replace those that you chose before."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"channel": "email", "topics": ["assignment"]}]}
    )

    channel: Literal["page", "email"]
    topics: list[Literal["alert", "alert_resolved", "assignment", "mastery", "message"]] = Field(max_length=5)


def make_router(invoker: Invoker) -> APIRouter:
    """The routes under /api/v1 about what somebody is told, passed on with the caller's own token."""
    router = APIRouter(prefix="/api/v1/notifications", tags=["notifications"], dependencies=[PEOPLE])

    @router.get("", response_model=_OBJECT, summary="Your notices, the newest first")
    async def notices(
        principal: CurrentPrincipal,
        token: CallerToken,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    ) -> Response:
        path = f"/notifications/{principal.user_id}?limit={limit}&offset={offset}"
        return json_response(await invoker.call(NOTIFICATION, "GET", path, token=token))

    @router.post("/subscribe", response_model=_OBJECT, summary="Choose what you hear of, and how")
    async def subscribe(body: SubscribeTo, token: CallerToken) -> Response:
        chosen = body.model_dump(mode="json")
        return json_response(
            await invoker.call(NOTIFICATION, "POST", "/notifications/subscribe", json=chosen, token=token)
        )

    @router.get("/subscriptions", response_model=_OBJECT, summary="What you hear of, and how")
    async def subscriptions(token: CallerToken) -> Response:
        return json_response(await invoker.call(NOTIFICATION, "GET", "/notifications/subscriptions", token=token))

    @router.post("/{notice_id}/read", status_code=204, summary="You have read it")
    async def read(notice_id: UUID, token: CallerToken) -> None:
        await invoker.call(NOTIFICATION, "POST", f"/notifications/{notice_id}/read", token=token)

    return router
