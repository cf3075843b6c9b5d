"""How far a student is, asked of progress by service invocation."""

from uuid import UUID

import structlog

from learnflow.contracts.errors import LearnFlowError
from learnflow.contracts.services import PROGRESS
from learnflow.kit.invoke import Invoker
from learnflow.services.course_agent.standing import Standing, read_standing

log = structlog.get_logger()

WAIT_S = 2.0


class Progress:
    """Asks progress; without an answer nothing is known, and a lesson is made all the same."""

    def __init__(self, invoker: Invoker) -> None:
        self._invoker = invoker

    async def standing(self, user_id: UUID, token: str | None = None) -> Standing:
        """`token` is the caller's; None asks as this service itself."""
        path = f"/progress/{user_id}"
        try:
            answer = await self._invoker.call(PROGRESS, "GET", path, token=token, timeout_s=WAIT_S)
        except LearnFlowError as error:
            log.warning("progress.away", code=error.code, status=error.status)
            return Standing()
        return read_standing(answer)
