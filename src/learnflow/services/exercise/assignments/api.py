"""Routes of assignments and of the best scores that teachers collect."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from learnflow.kit.auth import CurrentPrincipal, allow
from learnflow.services.exercise.assignments.schemas import Assign, Assigned, AssignmentPage, GradePage, GradesOf
from learnflow.services.exercise.assignments.service import AssignmentDesk

TEACHERS = allow("teacher")
COLLECTORS = allow("teacher", "service", "admin")
SIGNED_IN = allow("student", "teacher", "admin", "service")


def make_router(desk: AssignmentDesk) -> APIRouter:
    """Teachers assign to their own students and collect their grades; students see what is to do."""
    router = APIRouter(tags=["assignments"])

    @router.post("/assignments", status_code=201, dependencies=[TEACHERS], summary="Give students an exercise to do")
    async def assign(body: Assign, principal: CurrentPrincipal) -> Assigned:
        return await desk.assign(principal, body)

    @router.get("/assignments", dependencies=[SIGNED_IN], summary="What a student has to do")
    async def assignments(
        principal: CurrentPrincipal,
        user_id: Annotated[UUID | None, Query(description="whose; your own without it")] = None,
        done: bool | None = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    ) -> AssignmentPage:
        return await desk.of_student(principal, user_id or principal.user_id, done, limit, offset)

    @router.post("/grades", dependencies=[COLLECTORS], summary="The best scores of one's own students")
    async def grades(body: GradesOf, principal: CurrentPrincipal) -> GradePage:
        return await desk.grades(principal, body.student_ids)

    return router
