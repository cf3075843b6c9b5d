"""The routes of quizzes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from learnflow.contracts.errors import Problem
from learnflow.contracts.practice import QuizAnswers
from learnflow.contracts.questions import PlaceId
from learnflow.kit.auth import CurrentPrincipal, allow
from learnflow.services.exercise.quizzes.schemas import AttemptPage, QuizResult, QuizView
from learnflow.services.exercise.quizzes.service import QuizDesk

PEOPLE = allow("student", "teacher", "admin")
SIGNED_IN = allow("student", "teacher", "admin", "service")


def make_router(desk: QuizDesk) -> APIRouter:
    """A quiz of one's own, its answers, and earlier attempts."""
    router = APIRouter(tags=["quizzes"])

    @router.get("/quizzes", dependencies=[PEOPLE], summary="Your quiz on a topic")
    async def quiz(topic_id: PlaceId, principal: CurrentPrincipal) -> QuizView:
        return await desk.give(principal, topic_id)

    @router.post(
        "/quizzes/{quiz_id}/attempts",
        dependencies=[PEOPLE],
        responses={404: {"model": Problem}, 409: {"model": Problem}},
        summary="Answer your quiz",
    )
    async def answer(quiz_id: UUID, body: QuizAnswers, principal: CurrentPrincipal) -> QuizResult:
        return await desk.answer(principal, quiz_id, body.answers)

    @router.get("/attempts", dependencies=[SIGNED_IN], summary="Earlier attempts at quizzes")
    async def attempts(
        user_id: UUID,
        principal: CurrentPrincipal,
        topic_id: PlaceId | None = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    ) -> AttemptPage:
        return await desk.attempts(principal, user_id, topic_id, limit, offset)

    return router
