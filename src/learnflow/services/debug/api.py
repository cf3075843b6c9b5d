"""The routes of debug."""

from fastapi import APIRouter

from learnflow.kit.auth import CurrentPrincipal, allow
from learnflow.services.debug.schemas import DebugAnswer, DebugRequest
from learnflow.services.debug.service import Debugger

SIGNED_IN = allow("student", "teacher", "admin", "service")


def make_router(debugger: Debugger) -> APIRouter:
    """`POST /debug`: a student climbs their own ladder, staff see any rung."""
    router = APIRouter(tags=["debug"], dependencies=[SIGNED_IN])

    @router.post("/debug", summary="One hint on a failing program or its traceback", response_model_exclude_unset=True)
    async def debug(request: DebugRequest, principal: CurrentPrincipal) -> DebugAnswer:
        return await debugger.hint(principal, request)

    return router
