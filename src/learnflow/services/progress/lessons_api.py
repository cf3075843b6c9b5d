"""Routes of lesson progress."""

from uuid import UUID

from fastapi import APIRouter

from learnflow.kit.auth import CurrentPrincipal, own_or_404
from learnflow.kit.database import Database
from learnflow.kit.students import see_student
from learnflow.services.progress.lessons import Lesson, Lessons
from learnflow.services.progress.schemas import LessonProgress, LessonStatusAnswer


def make_router(database: Database, lessons: Lessons) -> APIRouter:
    """Say how far a student is in a lesson, and look it up."""
    router = APIRouter(tags=["lessons"])

    @router.post("/update-progress", summary="Keep how far a student is in a lesson")
    async def update(body: LessonProgress, principal: CurrentPrincipal) -> LessonStatusAnswer:
        own_or_404(principal, body.user_id)
        lesson = await lessons.update(body.user_id, body.lesson_id, body.progress_percentage, body.status)
        return _answer(body.user_id, body.lesson_id, lesson)

    @router.get("/status", summary="How far a student is in a lesson")
    async def status(user_id: UUID, lesson_id: UUID, principal: CurrentPrincipal) -> LessonStatusAnswer:
        await see_student(database, principal, user_id, "lessons")
        return _answer(user_id, lesson_id, await lessons.status(user_id, lesson_id))

    return router


def _answer(user_id: UUID, lesson_id: UUID, lesson: Lesson) -> LessonStatusAnswer:
    assert lesson.updated_at is not None  # noqa: S101 - every stored lesson has one
    return LessonStatusAnswer(
        user_id=user_id,
        lesson_id=lesson_id,
        progress_percentage=lesson.progress_percentage,
        status=lesson.status,
        updated_at=lesson.updated_at,
    )
