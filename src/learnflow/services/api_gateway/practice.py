"""Quizzes for the public: passed on to the exercise service."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from learnflow.contracts.practice import QuizAnswers
from learnflow.contracts.services import EXERCISE
from learnflow.kit.invoke import Invoker


class Practice:
    """Everything goes on with the caller's own token; the exercise service keeps the limits."""

    def __init__(self, invoker: Invoker) -> None:
        self._invoker = invoker

    async def quiz(self, token: str, topic_id: str) -> Any:
        return await self._invoker.call(EXERCISE, "GET", f"/quizzes?{urlencode({'topic_id': topic_id})}", token=token)

    async def answer(self, token: str, quiz_id: UUID, answers: QuizAnswers) -> Any:
        path = f"/quizzes/{quiz_id}/attempts"
        return await self._invoker.call(EXERCISE, "POST", path, json=answers.model_dump(), token=token)
