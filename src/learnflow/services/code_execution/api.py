"""Routes of code-execution."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from learnflow.contracts.errors import Problem, Unavailable
from learnflow.kit.auth import CurrentPrincipal, allow
from learnflow.services.code_execution.schemas import BatchRequest, BatchResult, ExecuteRequest, RunResult
from learnflow.services.code_execution.service import Executions


def routes(executions: Executions) -> APIRouter:
    router = APIRouter(tags=["execution"])

    @router.post(
        "/execute",
        dependencies=[allow("student", "teacher", "admin", "service")],
        response_model=RunResult,
        responses={409: {"model": Problem}, 429: {"model": Problem}},
        summary="Run a program",
    )
    async def execute(request: ExecuteRequest, principal: CurrentPrincipal) -> Response:
        result = await executions.execute(request, principal)
        return Response(result.model_dump_json(), media_type="application/json")

    @router.post("/execute/batch", dependencies=[allow("service")], summary="Run many programs")
    async def execute_batch(request: BatchRequest, connection: Request) -> BatchResult:
        return await _while_awaited(connection, executions.batch(request.programs))

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


async def _while_awaited(connection: Request, work: Coroutine[Any, Any, BatchResult]) -> BatchResult:
    """The work's result; when its caller has hung up, the work stops and nobody reads what is answered."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_left(connection))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Unavailable("Whoever asked for this has hung up.")
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(connection: Request) -> None:
    while (await connection.receive())["type"] != "http.disconnect":
        pass
