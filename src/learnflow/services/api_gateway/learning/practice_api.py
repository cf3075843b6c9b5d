"""Routes of quizzes and new exercises; answered by the exercise service."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from learnflow.contracts.errors import Problem
from learnflow.contracts.practice import GenerateExercises, QuizAnswers
from learnflow.contracts.questions import PlaceId
from learnflow.kit.app import json_response
from learnflow.kit.auth import CallerToken, allow
from learnflow.services.api_gateway.learning.practice import Practice

PEOPLE = allow("student", "teacher", "admin")
_OBJECT = dict[str, Any]
_GONE: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}
_ONCE: dict[int | str, dict[str, Any]] = _GONE | {409: {"model": Problem}}


def make_router(practice: Practice) -> APIRouter:
    """The routes under /api/v1 by which one takes a quiz, or asks for exercises."""
    router = APIRouter(prefix="/api/v1", tags=["quizzes"], dependencies=[PEOPLE])

    @router.get("/quizzes", response_model=_OBJECT, responses=_GONE, summary="Your quiz on a topic")
    async def quiz(topic_id: PlaceId, token: CallerToken) -> Response:
        return json_response(await practice.quiz(token, topic_id))

    @router.post(
        "/quizzes/{quiz_id}/attempts", response_model=_OBJECT, responses=_ONCE, summary="Answer your quiz, once"
    )
    async def answer(quiz_id: UUID, body: QuizAnswers, token: CallerToken) -> Response:
        return json_response(await practice.answer(token, quiz_id, body))

    @router.post(
        "/exercises/generate",
        response_model=_OBJECT,
        status_code=201,
        tags=["exercises"],
        summary="New exercises on a topic, made for you",
    )
    async def generate(body: GenerateExercises, token: CallerToken) -> Response:
        return json_response(await practice.generate(token, body), 201)

    return router
