"""The route by which new exercises are made."""

from fastapi import APIRouter

from learnflow.contracts.practice import GenerateExercises
from learnflow.kit.auth import CurrentPrincipal, allow
from learnflow.services.exercise.generation.schemas import GeneratedView
from learnflow.services.exercise.generation.service import Generator

PEOPLE = allow("student", "teacher", "admin")


def make_router(generator: Generator) -> APIRouter:
    """`POST /exercises/generate`, for students and teachers."""
    router = APIRouter(tags=["exercises"], dependencies=[PEOPLE])

    @router.post("/exercises/generate", status_code=201, summary="New exercises on a topic, made for you")
    async def generate(wish: GenerateExercises, principal: CurrentPrincipal) -> GeneratedView:
        return await generator.generate(principal, wish)

    return router
