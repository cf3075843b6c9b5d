"""The student's program, run with a trace by code-execution."""

import structlog

from learnflow.contracts.errors import LearnFlowError
from learnflow.contracts.services import CODE_EXECUTION
from learnflow.kit.invoke import Invoker
from learnflow.services.debug.case import Run
from learnflow.services.debug.runs import run_from_answer

log = structlog.get_logger()

RUN_S = 1
WAIT_S = 2.5  # the run, its start, and a short queue; the whole answer has 5 s


class Sandbox:
    """Runs programs for evidence."""

    def __init__(self, invoker: Invoker) -> None:
        self._invoker = invoker

    async def run(self, code: str, stdin: str) -> Run | None:
        """The run with its steps; None when the sandbox is away, so that the answer can do without."""
        body = {"code": code, "stdin": stdin, "timeout_s": RUN_S, "trace": True}
        try:
            answer = await self._invoker.call(CODE_EXECUTION, "POST", "/execute", json=body, timeout_s=WAIT_S)
        except LearnFlowError as error:
            log.warning("sandbox.away", code=error.code, status=error.status)
            return None
        run = run_from_answer(answer, stdin)
        return None if run.status == "sandbox_error" else run
