"""The use cases: run a program, run many, stop one."""

import asyncio
from collections import Counter
from uuid import UUID, uuid4

import structlog

from learnflow.contracts.errors import Conflict, NotFound
from learnflow.kit.principal import Principal
from learnflow.services.code_execution.isolation import Isolation
from learnflow.services.code_execution.outcome import Outcome, Program
from learnflow.services.code_execution.sandbox import Sandbox
from learnflow.services.code_execution.schemas import (
    BatchResult,
    ExecuteRequest,
    IsolationReport,
    Run,
    RunResult,
)
from learnflow.services.code_execution.settings import Settings
from learnflow.services.code_execution.slots import PerStudent, Slots
from learnflow.services.code_execution.zygotes import Stop

log = structlog.get_logger()


class Executions:
    """Runs programs for their owners; batches have slots of their own, so they never hold up a student."""

    def __init__(self, settings: Settings, sandbox: Sandbox) -> None:
        live, batch = settings.live_runs, settings.batch_runs
        self._sandbox = sandbox
        self._slots = Slots("single", live, settings.queued_runs)
        self._batch_slots = Slots("batch", batch, settings.queued_runs * 4)
        self._students = PerStudent(settings.runs_per_student)
        self._live: dict[UUID, tuple[UUID, Stop]] = {}
        self._reported: tuple[Isolation, IsolationReport] | None = None

    async def execute(self, request: ExecuteRequest, principal: Principal) -> RunResult:
        """The run's result. Conflict when the chosen id is in use; TooMany, Unavailable when there is no room."""
        self._sandbox.zygotes()
        if principal.role == "service":
            return await self._execute(request, principal.user_id)
        with self._students.one_more(principal.user_id):
            return await self._execute(request, principal.user_id)

    async def _execute(self, request: ExecuteRequest, owner: UUID) -> RunResult:
        execution_id = request.execution_id or uuid4()
        if execution_id in self._live:
            raise Conflict("A run with this execution_id is going on. Choose another one.")
        stop = Stop()
        self._live[execution_id] = (owner, stop)
        try:
            result = await self._run(execution_id, request, self._slots, stop)
        finally:
            del self._live[execution_id]
        log.info(
            "code.execution.finished",
            execution_id=str(execution_id),
            status=result.status,
            duration_ms=result.duration_ms,
        )
        return result

    async def batch(self, programs: list[Run]) -> BatchResult:
        """All results in order, each program in a fresh sandbox."""
        self._sandbox.zygotes()
        runs = [self._run(uuid4(), program, self._batch_slots, Stop()) for program in programs]
        results = await asyncio.gather(*runs)
        log.info(
            "code.execution.batch.finished",
            programs=len(programs),
            verdicts=dict(Counter(run.status for run in results)),
        )
        return BatchResult(results=list(results))

    def stop(self, execution_id: UUID, principal: Principal) -> None:
        """End a run of one's own; its result says `killed` and keeps what was printed so far."""
        owner, stop = self._live.get(execution_id, (None, None))
        if stop is None or (owner != principal.user_id and principal.role != "service"):
            raise NotFound("No such run is going on.")
        stop.ask()

    def isolation(self) -> IsolationReport:
        return self._report(self._sandbox.isolation)

    def _report(self, isolation: Isolation) -> IsolationReport:
        """Made once for each judgement: every answer carries it."""
        if self._reported is None or self._reported[0] is not isolation:
            self._reported = (isolation, report_of(isolation))
        return self._reported[1]

    async def _run(self, execution_id: UUID, run: Run, slots: Slots, stop: Stop) -> RunResult:
        program = Program(run.code, run.stdin, run.timeout_s, run.files, run.trace)
        free = await slots.take()
        outcome = await self._sandbox.run(program, stop, free)
        if outcome.status == "sandbox_error":
            reason = outcome.error.message if outcome.error else None
            log.error("code.execution.failed", execution_id=str(execution_id), reason=reason)
        return _result(execution_id, outcome, self._report(outcome.isolation or self._sandbox.isolation))


def _result(execution_id: UUID, outcome: Outcome, isolation: IsolationReport) -> RunResult:
    return RunResult(
        execution_id=execution_id,
        status=outcome.status,
        stdout=outcome.stdout,
        stderr=outcome.stderr,
        exit_code=outcome.exit_code,
        duration_ms=outcome.duration_ms,
        peak_memory_bytes=outcome.peak_memory_bytes,
        error=outcome.error,
        files=outcome.files,
        trace=outcome.trace,
        trace_truncated=outcome.trace_truncated,
        isolation=isolation.model_copy(
            update={"memory_base_bytes": outcome.base_memory_bytes or isolation.memory_base_bytes}
        ),
    )


def report_of(isolation: Isolation) -> IsolationReport:
    """The canary's judgement as answers carry it."""
    return IsolationReport(
        level=("L0", "L1", "L2", "L3")[isolation.level],
        layers=dict(isolation.layers),
        memory_limit=isolation.memory_limit,
        memory_limit_bytes=isolation.memory_limit_bytes,
        memory_base_bytes=isolation.memory_base_bytes,
        reason=isolation.reason,
    )
