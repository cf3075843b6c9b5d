"""Routes of the import and export of exercises, for operators."""

from fastapi import APIRouter

from learnflow.kit.auth import allow
from learnflow.services.exercise.importing.schemas import Exported, Imported, ImportRequest
from learnflow.services.exercise.importing.service import ImportDesk

OPERATORS = allow("service", "admin")


def make_router(desk: ImportDesk) -> APIRouter:
    """Before the path of a single exercise: `export` is no exercise's id."""
    router = APIRouter(tags=["operation"], dependencies=[OPERATORS])

    @router.post("/exercises/import", summary="Check exercises in the sandbox and store them, all or none")
    async def take_in(request: ImportRequest) -> Imported:
        return Imported(ids=await desk.take_in(request.exercises))

    @router.get("/exercises/export", response_model_exclude_defaults=True, summary="All imported exercises")
    async def give_out() -> Exported:
        return Exported(exercises=await desk.give_out())

    return router
