"""Quizzes and new exercises for the public: passed on to the exercise service."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from learnflow.contracts.practice import GenerateExercises, QuizAnswers
from learnflow.contracts.services import EXERCISE
from learnflow.kit.invoke import Invoker

MADE_WITHIN_S = 40.0
"""Each draft is run many times before it is shown, and some are dropped."""


class Practice:
    """Everything goes on with the caller's own token; the exercise service keeps the limits."""

    def __init__(self, invoker: Invoker) -> None:
        self._invoker = invoker

    async def quiz(self, token: str, topic_id: str) -> Any:
        return await self._invoker.call(EXERCISE, "GET", f"/quizzes?{urlencode({'topic_id': topic_id})}", token=token)

    async def answer(self, token: str, quiz_id: UUID, answers: QuizAnswers) -> Any:
        path = f"/quizzes/{quiz_id}/attempts"
        return await self._invoker.call(EXERCISE, "POST", path, json=answers.model_dump(), token=token)

    async def generate(self, token: str, wish: GenerateExercises) -> Any:
        return await self._invoker.call(
            EXERCISE, "POST", "/exercises/generate", json=wish.model_dump(), token=token, timeout_s=MADE_WITHIN_S
        )
