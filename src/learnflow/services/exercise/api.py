"""Routes of exercises and submissions."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from learnflow.contracts.errors import Problem
from learnflow.contracts.events.exercise import Difficulty
from learnflow.contracts.questions import PlaceId
from learnflow.kit.auth import CurrentPrincipal, allow
from learnflow.services.exercise.bank import Filter
from learnflow.services.exercise.schemas import (
    CheckRequest,
    ExercisePage,
    ExerciseView,
    GradedView,
    GradeView,
    SubmissionPage,
    SubmissionView,
    SubmitRequest,
)
from learnflow.services.exercise.service import ExerciseDesk

PEOPLE = allow("student", "teacher", "admin")
SIGNED_IN = allow("student", "teacher", "admin", "service")
SERVICES = allow("service")
Limit = Annotated[int, Query(ge=1, le=100)]
Offset = Annotated[int, Query(ge=0, le=100_000)]
_GONE: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}


def make_router(desk: ExerciseDesk) -> APIRouter:
    """Exercises for everybody who is signed in, submissions for their own; whole exercises for services."""
    router = APIRouter(tags=["exercises"])

    @router.get("/exercises", dependencies=[SIGNED_IN], summary="Exercises in the order of the course")
    async def list_exercises(
        principal: CurrentPrincipal,
        topic_id: Annotated[PlaceId | None, Query()] = None,
        difficulty: Annotated[Difficulty | None, Query()] = None,
        skill: Annotated[str | None, Query(max_length=40)] = None,
        limit: Limit = 20,
        offset: Offset = 0,
    ) -> ExercisePage:
        return await desk.list_exercises(principal, Filter(topic_id, difficulty, skill), limit, offset)

    @router.post("/exercises/submit", dependencies=[PEOPLE], responses=_GONE, summary="Hand in and get the grade")
    async def submit(request: SubmitRequest, principal: CurrentPrincipal) -> GradedView:
        return await desk.submit(principal, request)

    @router.post("/exercises/check", dependencies=[SERVICES], responses=_GONE, summary="A grade without a record")
    async def check(request: CheckRequest, principal: CurrentPrincipal) -> GradeView:
        return await desk.check(principal, request.exercise_id, request.code, request.user_id)

    @router.get("/submissions", dependencies=[SIGNED_IN], responses=_GONE, summary="A student's submissions")
    async def submissions(
        principal: CurrentPrincipal,
        user_id: Annotated[UUID | None, Query(description="whose; your own without it")] = None,
        exercise_id: Annotated[PlaceId | None, Query()] = None,
        with_code: Annotated[bool, Query(description="each with its program")] = False,
        limit: Limit = 20,
        offset: Offset = 0,
    ) -> SubmissionPage:
        whose = user_id or principal.user_id
        return await desk.submissions(principal, whose, exercise_id, limit, offset, with_code=with_code)

    @router.get("/submissions/{submission_id}", dependencies=[SIGNED_IN], responses=_GONE, summary="One submission")
    async def submission(submission_id: UUID, principal: CurrentPrincipal) -> SubmissionView:
        return await desk.submission(principal, submission_id)

    return router


def make_exercise_router(desk: ExerciseDesk) -> APIRouter:
    """Last in the application: an exercise's id has slashes, so its path takes whatever no other route took."""
    router = APIRouter(tags=["exercises"])

    @router.get(
        "/exercises/{exercise_id:path}/full", dependencies=[SERVICES], responses=_GONE, summary="All of an exercise"
    )
    async def show_full(exercise_id: PlaceId) -> dict[str, Any]:
        return await desk.show_full(exercise_id)

    @router.get(
        "/exercises/{exercise_id:path}", dependencies=[SIGNED_IN], responses=_GONE, summary="An exercise to solve"
    )
    async def show(
        exercise_id: PlaceId,
        principal: CurrentPrincipal,
        user_id: Annotated[UUID | None, Query(description="as this student has it; as you do without it")] = None,
    ) -> ExerciseView:
        return await desk.show(principal, exercise_id, user_id)

    return router
