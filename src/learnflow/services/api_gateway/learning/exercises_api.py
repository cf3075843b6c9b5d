"""Routes of exercises, submissions and drafts; answered by the exercise service."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from learnflow.contracts.errors import Problem
from learnflow.contracts.events.exercise import Difficulty
from learnflow.contracts.questions import PlaceId
from learnflow.kit.app import json_response
from learnflow.kit.auth import CallerToken, CurrentPrincipal, allow
from learnflow.services.api_gateway.learning.exercises import PublicExercises
from learnflow.services.api_gateway.learning.exercises_schemas import Draft, HandIn

PEOPLE = allow("student", "teacher", "admin")
_OBJECT = dict[str, Any]
_ONE = "/exercises/{exercise_id:path}"
_GONE: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}
Limit = Annotated[int, Query(ge=1, le=100)]
Offset = Annotated[int, Query(ge=0, le=100_000)]


def make_router(exercises: PublicExercises) -> APIRouter:
    """The routes under /api/v1 by which one practises. The path of a single exercise takes what the others leave."""
    router = APIRouter(prefix="/api/v1", tags=["exercises"], dependencies=[PEOPLE])

    @router.get("/exercises", response_model=_OBJECT, summary="Exercises in the order of the course")
    async def list_exercises(
        token: CallerToken,
        topic_id: Annotated[PlaceId | None, Query()] = None,
        difficulty: Annotated[Difficulty | None, Query()] = None,
        skill: Annotated[str | None, Query(max_length=40)] = None,
        limit: Limit = 20,
        offset: Offset = 0,
    ) -> Response:
        query = {"topic_id": topic_id, "difficulty": difficulty, "skill": skill, "limit": limit, "offset": offset}
        return json_response(await exercises.listed(token, "/exercises", query))

    @router.get("/submissions", response_model=_OBJECT, summary="Your submissions, newest first")
    async def submissions(
        token: CallerToken,
        exercise_id: Annotated[PlaceId | None, Query()] = None,
        limit: Limit = 20,
        offset: Offset = 0,
    ) -> Response:
        query = {"exercise_id": exercise_id, "limit": limit, "offset": offset}
        return json_response(await exercises.listed(token, "/submissions", query))

    @router.get("/submissions/{submission_id}", response_model=_OBJECT, responses=_GONE, summary="One submission")
    async def submission(submission_id: UUID, token: CallerToken) -> Response:
        return json_response(await exercises.submission(token, submission_id))

    @router.post(f"{_ONE}/submissions", response_model=_OBJECT, responses=_GONE, summary="Hand in and get the grade")
    async def submit(exercise_id: PlaceId, body: HandIn, principal: CurrentPrincipal, token: CallerToken) -> Response:
        return json_response(await exercises.submit(principal, token, exercise_id, body.code))

    _add_drafts(router, exercises)

    @router.get(_ONE, response_model=_OBJECT, responses=_GONE, summary="An exercise to solve")
    async def exercise(
        exercise_id: PlaceId,
        token: CallerToken,
        user_id: Annotated[UUID | None, Query(description="as your student has it; as you do without it")] = None,
    ) -> Response:
        part = f"?user_id={user_id}" if user_id is not None else ""
        return json_response(await exercises.exercise(token, exercise_id, part))

    return router


def _add_drafts(router: APIRouter, exercises: PublicExercises) -> None:
    @router.get(f"{_ONE}/draft/versions", response_model=_OBJECT, responses=_GONE, summary="Versions of your draft")
    async def versions(
        exercise_id: PlaceId,
        token: CallerToken,
        limit: Annotated[int, Query(ge=1, le=50)] = 20,
        offset: Annotated[int, Query(ge=0, le=1000)] = 0,
    ) -> Response:
        part = f"/draft/versions?limit={limit}&offset={offset}"
        return json_response(await exercises.exercise(token, exercise_id, part))

    @router.get(f"{_ONE}/draft", response_model=_OBJECT, responses=_GONE, summary="Your draft, or the starter")
    async def draft(exercise_id: PlaceId, token: CallerToken) -> Response:
        return json_response(await exercises.exercise(token, exercise_id, "/draft"))

    @router.put(f"{_ONE}/draft", response_model=_OBJECT, responses=_GONE, summary="Save your draft")
    async def save_draft(exercise_id: PlaceId, body: Draft, token: CallerToken) -> Response:
        return json_response(await exercises.save_draft(token, exercise_id, body.model_dump()))
