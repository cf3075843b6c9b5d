"""Notification's own routes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from learnflow.contracts.errors import Forbidden
from learnflow.kit.auth import CurrentPrincipal, Principal, allow
from learnflow.kit.database import Database
from learnflow.kit.limits import take
from learnflow.kit.students import see_student
from learnflow.services.notification.schemas import (
    NoticePage,
    Publish,
    Published,
    Subscribe,
    Subscriptions,
    notice_view,
    subscriptions_view,
)
from learnflow.services.notification.service import Notice, Notices
from learnflow.services.notification.texts import Text

PEOPLE = allow("student", "teacher", "admin")
WHAT = "notices"


def make_router(database: Database, notices: Notices, per_minute: int) -> APIRouter:
    """Notices, subscriptions, and telling somebody something."""
    router = APIRouter(prefix="/notifications", tags=["notifications"])

    @router.post("/subscribe", summary="Choose what you hear of, and how", dependencies=[PEOPLE])
    async def subscribe(body: Subscribe, principal: CurrentPrincipal) -> Subscriptions:
        await take(database, name="subscribe", subject=str(principal.user_id), limit=per_minute, window_s=60)
        await notices.subscribe(principal.user_id, body.channel, body.topics)
        return subscriptions_view(await notices.subscriptions(principal.user_id))

    @router.get("/subscriptions", summary="What you hear of, and how", dependencies=[PEOPLE])
    async def subscriptions(principal: CurrentPrincipal) -> Subscriptions:
        return subscriptions_view(await notices.subscriptions(principal.user_id))

    @router.post(
        "/publish",
        status_code=201,
        summary="Tell a person something",
        dependencies=[allow("teacher", "admin", "service")],
    )
    async def publish(body: Publish, principal: CurrentPrincipal) -> Published:
        await _may_publish(database, principal, body, per_minute)
        if body.kind == "account":
            sent = await notices.post_letter(body.user_id, body.title, body.message, body.email)
        else:
            sent = await notices.publish(Notice(body.user_id, Text(body.kind, body.title, body.message)))
        return Published(notice_id=sent.notice_id, channels=list(sent.channels))

    @router.get("/{user_id}", summary="A person's notices, the newest first")
    async def page(
        user_id: UUID,
        principal: CurrentPrincipal,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    ) -> NoticePage:
        await see_student(database, principal, user_id, WHAT)
        rows, total, unread = await notices.page(user_id, limit, offset)
        following = offset + limit
        return NoticePage(
            items=[notice_view(row) for row in rows],
            total=total,
            unread=unread,
            next=following if following < total else None,
        )

    @router.post("/{notice_id}/read", status_code=204, summary="You have read it", dependencies=[PEOPLE])
    async def read(notice_id: UUID, principal: CurrentPrincipal) -> None:
        await notices.read(principal.user_id, notice_id)

    return router


async def _may_publish(database: Database, principal: Principal, body: Publish, per_minute: int) -> None:
    """Services send everything; people send messages, a teacher to their own students."""
    if principal.role == "service":
        return
    if principal.role == "teacher":
        await see_student(database, principal, body.user_id, WHAT)
    if body.kind != "message":
        raise Forbidden("You may send notices of the kind message; the others come from the services.")
    await take(database, name="publish_notice", subject=str(principal.user_id), limit=per_minute, window_s=60)
