"""The tests' runs, asked of code-execution by service invocation."""

from collections.abc import Sequence
from typing import Any

import structlog

from learnflow.contracts.errors import LearnFlowError, Unavailable
from learnflow.contracts.services import CODE_EXECUTION
from learnflow.kit.invoke import Invoker

log = structlog.get_logger()

WAIT_S = 25.0


class Sandbox:
    """Runs many programs, each in a sandbox of its own."""

    def __init__(self, invoker: Invoker) -> None:
        self._invoker = invoker

    async def run(self, programs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The results in order. Unavailable when the sandbox is away, or did not do its part."""
        body = {"programs": list(programs)}
        try:
            answer = await self._invoker.call(CODE_EXECUTION, "POST", "/execute/batch", json=body, timeout_s=WAIT_S)
        except LearnFlowError as error:
            log.warning("sandbox.away", code=error.code, status=error.status)
            raise Unavailable(
                "Programs cannot be run just now. Your work is kept: send it again in a moment."
            ) from error
        results: list[dict[str, Any]] = answer["results"]
        return results
