"""Routes of what a caller waits for: run, hint, review, explain; passed on by service invocation."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from learnflow.contracts.preamble import with_preamble
from learnflow.kit.app import json_response
from learnflow.kit.auth import CallerToken, CurrentPrincipal, allow
from learnflow.services.api_gateway.public import PublicApi
from learnflow.services.api_gateway.questions.schemas import AskForHint, AskForReview, Explain, Run

PEOPLE = allow("student", "teacher", "admin")
_OBJECT = dict[str, Any]


def make_router(api: PublicApi) -> APIRouter:
    """The routes under /api/v1 that other services answer."""
    router = APIRouter(prefix="/api/v1", tags=["tutor and sandbox"], dependencies=[PEOPLE])

    @router.post("/code/execute", response_model=_OBJECT, summary="Run Python in the sandbox")
    async def execute(body: Run, principal: CurrentPrincipal, token: CallerToken) -> Response:
        return json_response(await api.run(principal, token, _program(body)))

    @router.delete("/code/executions/{execution_id}", response_model=_OBJECT, summary="Stop a run")
    async def stop(execution_id: UUID, token: CallerToken) -> Response:
        return json_response(await api.stop_run(token, execution_id))

    @router.post("/debug/hint", response_model=_OBJECT, summary="A hint on failing code")
    async def hint(body: AskForHint, principal: CurrentPrincipal, token: CallerToken) -> Response:
        return json_response(await api.hint(principal, token, _about(body)))

    @router.post("/code/review", response_model=_OBJECT, summary="How a program is written, with a score")
    async def review(body: AskForReview, principal: CurrentPrincipal, token: CallerToken) -> Response:
        return json_response(await api.review(principal, token, _about(body)))

    @router.post("/concepts/explain", response_model=_OBJECT, summary="A concept at your level")
    async def explain(body: Explain, principal: CurrentPrincipal, token: CallerToken) -> Response:
        return json_response(await api.explain(principal, token, body.model_dump(mode="json", exclude_none=True)))

    @router.get("/concepts", response_model=_OBJECT, summary="All concept cards")
    async def concepts(
        token: CallerToken,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        offset: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        return json_response(await api.concepts(token, f"?limit={limit}&offset={offset}"))

    return router


def _program(body: Run) -> _OBJECT:
    """What the sandbox gets."""
    run = body.model_dump(mode="json", exclude_none=True, exclude={"preamble"})
    if body.preamble:
        run["code"], run["files"] = with_preamble(body.preamble, body.code)
    return run


def _about(body: AskForHint | AskForReview) -> _OBJECT:
    """What the agent gets: of the place where the student is, the exercise alone."""
    request = body.model_dump(mode="json", exclude_none=True, exclude={"context"})
    if body.context.exercise_id:
        request["exercise_id"] = body.context.exercise_id
    return request
