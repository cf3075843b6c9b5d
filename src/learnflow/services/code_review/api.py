"""The routes of code-review."""

from fastapi import APIRouter

from learnflow.kit.auth import CurrentPrincipal, allow
from learnflow.services.code_review.schemas import ReviewAnswer, ReviewRequest
from learnflow.services.code_review.service import Reviewer

SIGNED_IN = allow("student", "teacher", "admin", "service")


def make_router(reviewer: Reviewer) -> APIRouter:
    """`POST /review`, for everybody who is signed in: only a student's own review is recorded."""
    router = APIRouter(tags=["code review"], dependencies=[SIGNED_IN])

    @router.post("/review", summary="Judge how a program is written")
    async def review(request: ReviewRequest, principal: CurrentPrincipal) -> ReviewAnswer:
        return await reviewer.review(principal, request)

    return router
