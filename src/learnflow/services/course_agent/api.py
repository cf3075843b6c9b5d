"""The course agent's own routes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from learnflow.contracts.questions import PlaceId
from learnflow.kit.auth import CallerToken, CurrentPrincipal
from learnflow.kit.database import Database
from learnflow.kit.limits import take
from learnflow.kit.students import see_student
from learnflow.services.course_agent.lesson import LessonType
from learnflow.services.course_agent.schemas import (
    LessonAnswer,
    LessonPage,
    LessonRequest,
    NextStepAnswer,
    lesson_view,
    next_step_view,
    page_of,
)
from learnflow.services.course_agent.service import CourseAgent, Wanted

WHAT = "lessons"


def make_router(database: Database, agent: CourseAgent, lessons_per_minute: int) -> APIRouter:
    """Lessons and the next step: one's own, one's students', and for services."""
    router = APIRouter(tags=["lessons"])

    @router.post("/generate-lesson", status_code=201, summary="Make a lesson for a student")
    async def generate(body: LessonRequest, principal: CurrentPrincipal, token: CallerToken) -> LessonAnswer:
        await see_student(database, principal, body.user_id, WHAT)
        subject = str(principal.user_id)
        await take(database, name="lessons", subject=subject, limit=lessons_per_minute, window_s=60)
        wanted = Wanted(body.course_id, body.topic_id, body.lesson_type, body.difficulty_level)
        is_students = principal.role == "student" or principal.user_id != body.user_id
        return lesson_view(await agent.generate(body.user_id, wanted, token, has_variants=is_students))

    @router.get("/lessons", summary="The lessons of a student, the newest first")
    async def lessons(
        principal: CurrentPrincipal,
        user_id: UUID | None = None,
        course_id: PlaceId | None = None,
        lesson_type: LessonType | None = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    ) -> LessonPage:
        student_id = user_id or principal.user_id
        await see_student(database, principal, student_id, WHAT)
        return page_of(await agent.lessons(student_id, course_id, lesson_type), limit, offset)

    @router.get("/lessons/{lesson_id}", summary="One lesson; of another person with their user_id")
    async def lesson(lesson_id: UUID, principal: CurrentPrincipal, user_id: UUID | None = None) -> LessonAnswer:
        student_id = user_id or principal.user_id
        await see_student(database, principal, student_id, WHAT)
        return lesson_view(await agent.lesson(student_id, lesson_id))

    @router.get("/next-step", summary="What to learn next, and why")
    async def next_step(principal: CurrentPrincipal, token: CallerToken, user_id: UUID | None = None) -> NextStepAnswer:
        student_id = user_id or principal.user_id
        await see_student(database, principal, student_id, WHAT)
        return next_step_view(student_id, await agent.next_step(student_id, token))

    return router
