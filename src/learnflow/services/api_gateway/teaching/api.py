"""Routes of teachers: students, grades, assignments, new exercises; and of what a student has to do."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response

from learnflow.kit.app import json_response
from learnflow.kit.auth import CallerToken, CurrentPrincipal, allow
from learnflow.services.api_gateway.teaching.gradebook import Column, Line, as_csv
from learnflow.services.api_gateway.teaching.schemas import (
    AssignExercise,
    ClassGrades,
    ClassStudent,
    ClassStudents,
    Grade,
    GradedExercise,
    InvitedStudent,
    StudentGrades,
    StudentPage,
    WishForExercises,
)
from learnflow.services.api_gateway.teaching.service import TeacherDesk
from learnflow.services.api_gateway.teaching.wish import ExerciseWish, read_wish

PEOPLE = allow("student", "teacher", "admin")
_OBJECT = dict[str, Any]
_CSV: dict[int | str, dict[str, Any]] = {
    200: {"model": ClassGrades, "content": {"text/csv": {"schema": {"type": "string"}}}}
}


def make_router(desk: TeacherDesk) -> APIRouter:
    """The routes under /api/v1/teacher, and a student's own assignments."""
    router = APIRouter(prefix="/api/v1", tags=["teacher"])
    teachers = APIRouter(prefix="/teacher", dependencies=[allow("teacher")])
    _add_looks(teachers, desk)
    _add_gifts(teachers, desk)
    router.include_router(teachers)

    @router.get("/assignments", response_model=_OBJECT, dependencies=[PEOPLE], summary="What you have to do")
    async def assignments(
        token: CallerToken,
        done: bool | None = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    ) -> Response:
        shown = None if done is None else str(done).lower()
        return json_response(await desk.assignments(token, {"done": shown, "limit": limit, "offset": offset}))

    return router


def _add_looks(router: APIRouter, desk: TeacherDesk) -> None:
    @router.get("/classes/{class_id}/students", summary="Your class: who is in it, and how far they are")
    async def students(
        class_id: UUID,
        request: Request,
        principal: CurrentPrincipal,
        token: CallerToken,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    ) -> ClassStudents:
        table = await desk.students(principal, token, class_id, limit, offset)
        following = f"{request.url.path}?limit={limit}&offset={offset + limit}"
        return ClassStudents(
            items=[ClassStudent.model_validate(each) for each in table.students],
            total=table.total,
            next=following if offset + limit < table.total else None,
            invited=[InvitedStudent.model_validate(each) for each in table.invited],
            missing=[] if table.has_progress else ["progress"],
        )

    @router.get("/students/{student_id}", summary="One of your students: progress, attempts with code, alerts")
    async def student(student_id: UUID, principal: CurrentPrincipal, token: CallerToken) -> StudentPage:
        return StudentPage.model_validate(await desk.student(principal, token, student_id))

    @router.get(
        "/classes/{class_id}/grades",
        response_model=None,
        responses=_CSV,
        summary="Best scores as CSV, or as JSON with Accept: application/json",
    )
    async def grades(
        class_id: UUID,
        principal: CurrentPrincipal,
        token: CallerToken,
        accept: Annotated[str, Header(max_length=500)] = "text/csv",
    ) -> Response:
        columns, lines = await desk.grades(principal, token, class_id)
        if "application/json" in accept.lower():
            return json_response(_grades(columns, lines).model_dump(mode="json"))
        named = {"Content-Disposition": f'attachment; filename="grades-{class_id}.csv"', "Cache-Control": "no-store"}
        return Response(as_csv(columns, lines), media_type="text/csv; charset=utf-8", headers=named)


def _add_gifts(router: APIRouter, desk: TeacherDesk) -> None:
    @router.post("/assignments", status_code=201, response_model=_OBJECT, summary="Give your students an exercise")
    async def assign(body: AssignExercise, token: CallerToken) -> Response:
        return json_response(await desk.assign(token, body.model_dump(mode="json")), 201)

    @router.post(
        "/exercises/generate", status_code=201, response_model=_OBJECT, summary="New exercises, asked for in words"
    )
    async def generate(body: WishForExercises, token: CallerToken) -> Response:
        return json_response(await desk.generate(token, _wish(body), body.mastery_level), 201)


def _wish(body: WishForExercises) -> ExerciseWish:
    if body.request is not None:
        return read_wish(body.request)
    return ExerciseWish(body.topic or "", body.difficulty or "medium", body.count or 1)


def _grades(columns: list[Column], lines: list[Line]) -> ClassGrades:
    items = [
        StudentGrades(
            student_id=line.student_id,
            name=line.name,
            passed=line.passed,
            passed_unaided=line.passed_unaided,
            grades={name: Grade.model_validate(cell) for name, cell in line.cells.items()},
        )
        for line in lines
    ]
    return ClassGrades(
        exercises=[GradedExercise.model_validate(column) for column in columns], items=items, total=len(items)
    )
