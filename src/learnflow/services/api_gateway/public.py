"""What the public routes share: the desk, the limits, and the services behind the gateway."""

from typing import Any
from uuid import UUID, uuid4

import structlog

from learnflow.contracts.events import CodeExecuted
from learnflow.contracts.services import CODE_EXECUTION, CODE_REVIEW, CONCEPTS, DEBUG, PROGRESS
from learnflow.kit.auth import Principal
from learnflow.kit.bus.base import Bus, new_event
from learnflow.kit.class_limits import take_question
from learnflow.kit.database import Database
from learnflow.kit.invoke import Invoker
from learnflow.kit.limits import take
from learnflow.services.api_gateway.questions.service import SOURCE, QuestionDesk
from learnflow.services.api_gateway.settings import Settings

log = structlog.get_logger()


class PublicApi:
    """Use cases behind the public routes; what a caller waits for goes on with the caller's own token."""

    def __init__(self, settings: Settings, database: Database, bus: Bus, desk: QuestionDesk, invoker: Invoker) -> None:
        self.desk = desk
        self.longest_wait_s = settings.longest_wait_s
        self._settings = settings
        self._database = database
        self._bus = bus
        self._invoker = invoker

    async def limit_questions(self, principal: Principal) -> None:
        await self._limit("questions", principal, self._settings.questions_per_minute)
        await take_question(self._database, principal.user_id)

    async def _limit(self, name: str, principal: Principal, per_minute: int) -> None:
        await take(self._database, name=name, subject=str(principal.user_id), limit=per_minute, window_s=60)

    async def run(self, principal: Principal, token: str, run: dict[str, Any]) -> dict[str, Any]:
        """Run a program in the sandbox and tell everyone that it was run."""
        await self._limit("runs", principal, self._settings.runs_per_minute)
        result: dict[str, Any] = await self._invoker.call(
            CODE_EXECUTION, "POST", "/execute", json=run, token=token, timeout_s=15
        )
        await self._publish_run(principal.user_id, run["context"], result)
        return result

    async def _publish_run(self, student_id: UUID, context: dict[str, Any], result: dict[str, Any]) -> None:
        rung = await self.desk.help_had(student_id, context)
        executed = CodeExecuted(
            execution_id=UUID(result["execution_id"]),
            status=result["status"],
            error_type=(result.get("error") or {}).get("type"),
            topic_id=context.get("topic_id"),
            exercise_id=context.get("exercise_id"),
            duration_ms=result["duration_ms"],
            rung=rung,
            aided=rung > 0,
        )
        event = new_event(executed, source=SOURCE, student_id=student_id, correlation_id=uuid4())
        async with self._database.transaction() as tx:
            await self._bus.publish(tx, [event])

    async def stop_run(self, token: str, execution_id: UUID) -> Any:
        return await self._invoker.call(CODE_EXECUTION, "DELETE", f"/execute/{execution_id}", token=token)

    async def explain(self, principal: Principal, token: str, request: dict[str, Any]) -> Any:
        """A concept from its card; with code it is a run too, and counts as one."""
        if request.get("code"):
            await self._limit("runs", principal, self._settings.runs_per_minute)
        return await self._invoker.call(CONCEPTS, "POST", "/explain", json=request, token=token)

    async def concepts(self, token: str, query: str) -> Any:
        return await self._invoker.call(CONCEPTS, "GET", f"/concepts{query}", token=token)

    async def hint(self, principal: Principal, token: str, request: dict[str, Any]) -> Any:
        await self._limit("questions", principal, self._settings.questions_per_minute)
        answer = await self._invoker.call(DEBUG, "POST", "/debug", json=request, token=token)
        if "exercise_id" in request:
            await self.desk.keep_hint(principal.user_id, request["exercise_id"], answer["hint_level"])
        return answer

    async def review(self, principal: Principal, token: str, request: dict[str, Any]) -> Any:
        """A review is a question to the tutor, and counts as one."""
        await self._limit("questions", principal, self._settings.questions_per_minute)
        return await self._invoker.call(CODE_REVIEW, "POST", "/review", json=request, token=token)

    async def progress(self, token: str, user_id: UUID) -> Any:
        return await self._invoker.call(PROGRESS, "GET", f"/progress/{user_id}", token=token)
