"""Routes of drafts; everybody has their own only."""

from typing import Annotated

from fastapi import APIRouter, Query

from learnflow.contracts.errors import Problem
from learnflow.contracts.questions import PlaceId
from learnflow.kit.auth import CurrentPrincipal, allow
from learnflow.services.exercise.drafts.schemas import DraftPage, DraftView, SaveDraft
from learnflow.services.exercise.drafts.service import DraftDesk

PEOPLE = allow("student", "teacher", "admin")
_DRAFT = "/exercises/{exercise_id:path}/draft"


def make_router(desk: DraftDesk) -> APIRouter:
    """The draft of an exercise and its versions."""
    router = APIRouter(tags=["drafts"], dependencies=[PEOPLE], responses={404: {"model": Problem}})

    @router.get(f"{_DRAFT}/versions", summary="The versions of your draft, newest first")
    async def versions(
        exercise_id: PlaceId,
        principal: CurrentPrincipal,
        limit: Annotated[int, Query(ge=1, le=50)] = 20,
        offset: Annotated[int, Query(ge=0, le=1000)] = 0,
    ) -> DraftPage:
        return await desk.versions(principal.user_id, exercise_id, limit, offset)

    @router.get(_DRAFT, summary="Your draft, or the starter")
    async def latest(exercise_id: PlaceId, principal: CurrentPrincipal) -> DraftView:
        return await desk.latest(principal, exercise_id)

    @router.put(_DRAFT, summary="Save your draft")
    async def save(exercise_id: PlaceId, request: SaveDraft, principal: CurrentPrincipal) -> DraftView:
        return await desk.save(principal.user_id, exercise_id, request.code)

    return router
