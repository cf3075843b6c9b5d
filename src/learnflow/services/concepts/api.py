"""The routes of concepts."""

from typing import Annotated

from fastapi import APIRouter, Query

from learnflow.kit.auth import CurrentPrincipal, allow
from learnflow.services.concepts.schemas import ConceptPage, ExplainRequest, Explanation
from learnflow.services.concepts.service import Concepts

SIGNED_IN = allow("student", "teacher", "admin", "service")


def make_router(concepts: Concepts) -> APIRouter:
    """`POST /explain` and `GET /concepts`, for everybody who is signed in: the cards are no secret."""
    router = APIRouter(tags=["concepts"], dependencies=[SIGNED_IN])

    @router.post("/explain", summary="Explain a concept at a level", response_model_exclude_none=True)
    async def explain(request: ExplainRequest, principal: CurrentPrincipal) -> Explanation:
        return await concepts.explain(principal.user_id, request.concept, request.mastery_level, request.code)

    @router.get("/concepts", summary="All concept cards in the order of the course")
    async def list_concepts(
        principal: CurrentPrincipal,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
        topic_id: Annotated[str | None, Query(max_length=100)] = None,
    ) -> ConceptPage:
        return await concepts.list_concepts(principal.user_id, limit, offset, topic_id)

    return router
