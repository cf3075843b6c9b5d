"""Routes of code-execution."""

from uuid import UUID

from fastapi import APIRouter

from learnflow.contracts.errors import Problem
from learnflow.kit.auth import CurrentPrincipal, allow
from learnflow.services.code_execution.schemas import BatchRequest, BatchResult, ExecuteRequest, RunResult
from learnflow.services.code_execution.service import Executions


def routes(executions: Executions) -> APIRouter:
    router = APIRouter(tags=["execution"])

    @router.post(
        "/execute",
        dependencies=[allow("student", "teacher", "admin", "service")],
        responses={409: {"model": Problem}, 429: {"model": Problem}},
        summary="Run a program",
    )
    async def execute(request: ExecuteRequest, principal: CurrentPrincipal) -> RunResult:
        return await executions.execute(request, principal)

    @router.post("/execute/batch", dependencies=[allow("service")], summary="Run many programs")
    async def execute_batch(request: BatchRequest) -> BatchResult:
        return await executions.batch(request.programs)

    @router.delete(
        "/execute/{execution_id}",
        dependencies=[allow("student", "teacher", "admin", "service")],
        status_code=202,
        responses={404: {"model": Problem}},
        summary="Stop a run",
    )
    async def stop(execution_id: UUID, principal: CurrentPrincipal) -> dict[str, str]:
        executions.stop(execution_id, principal)
        return {"execution_id": str(execution_id), "status": "stopping"}

    return router
