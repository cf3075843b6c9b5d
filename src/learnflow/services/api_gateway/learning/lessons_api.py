"""Routes of lessons and of the next step, answered by the course agent."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Response

from learnflow.contracts.questions import PlaceId
from learnflow.contracts.services import COURSE_AGENT
from learnflow.kit.app import json_response
from learnflow.kit.auth import CallerToken, CurrentPrincipal, allow
from learnflow.kit.invoke import Invoker
from learnflow.services.api_gateway.learning.lessons_schemas import AskForLesson

PEOPLE = allow("student", "teacher", "admin")
_OBJECT = dict[str, Any]


def make_router(invoker: Invoker) -> APIRouter:
    """The routes under /api/v1 that the course agent answers, with the caller's own token."""
    router = APIRouter(prefix="/api/v1", tags=["lessons"], dependencies=[PEOPLE])

    @router.post("/lessons", response_model=_OBJECT, status_code=201, summary="A lesson made for you")
    async def make(body: AskForLesson, principal: CurrentPrincipal, token: CallerToken) -> Response:
        user_id = body.user_id or principal.user_id
        request = {**body.model_dump(mode="json", exclude_none=True), "user_id": str(user_id)}
        made = await invoker.call(COURSE_AGENT, "POST", "/generate-lesson", json=request, token=token)
        return json_response(made, 201)

    @router.get("/lessons", response_model=_OBJECT, summary="Your lessons, the newest first")
    async def lessons(
        token: CallerToken,
        user_id: UUID | None = None,
        course_id: PlaceId | None = None,
        lesson_type: Literal["topic", "overview", "review"] | None = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    ) -> Response:
        asked = {"user_id": user_id, "course_id": course_id, "lesson_type": lesson_type}
        path = _path("/lessons", {**asked, "limit": limit, "offset": offset})
        return json_response(await invoker.call(COURSE_AGENT, "GET", path, token=token))

    @router.get("/lessons/{lesson_id}", response_model=_OBJECT, summary="One lesson")
    async def lesson(lesson_id: UUID, token: CallerToken, user_id: UUID | None = None) -> Response:
        path = _path(f"/lessons/{lesson_id}", {"user_id": user_id})
        return json_response(await invoker.call(COURSE_AGENT, "GET", path, token=token))

    @router.get("/next-step", response_model=_OBJECT, summary="What to learn next, and why")
    async def next_step(token: CallerToken, user_id: UUID | None = None) -> Response:
        return json_response(
            await invoker.call(COURSE_AGENT, "GET", _path("/next-step", {"user_id": user_id}), token=token)
        )

    return router


def _path(path: str, query: dict[str, object]) -> str:
    given = urlencode({name: value for name, value in query.items() if value is not None})
    return f"{path}?{given}" if given else path
