"""Triage's use cases: decide who answers, and send the question there."""

from uuid import UUID

import structlog

from learnflow.contracts.envelope import CloudEvent
from learnflow.contracts.events import (
    AnswerFinished,
    AnswerPart,
    ConceptRequested,
    DebugRequested,
    ExerciseRequested,
    Fact,
    LessonRequested,
    ProgressRequested,
    QuestionAsked,
    ReviewRequested,
)
from learnflow.contracts.events.base import AgentRequest, Intent
from learnflow.contracts.sealed import SealedText
from learnflow.contracts.services import TRIAGE
from learnflow.kit.bus.base import Bus, new_event
from learnflow.kit.database import Transaction
from learnflow.kit.sealed import KeyMissing, Vault
from learnflow.services.triage.features import Question
from learnflow.services.triage.replies import Reply, clarifying_question, own_reply
from learnflow.services.triage.routing import Decision, choose_agent

log = structlog.get_logger()

SOURCE = f"/learnflow/{TRIAGE.name}"

REQUESTS: dict[Intent, type[AgentRequest]] = {
    "concepts": ConceptRequested,
    "debug": DebugRequested,
    "exercise": ExerciseRequested,
    "code_review": ReviewRequested,
    "progress": ProgressRequested,
    "lesson": LessonRequested,
}
"""The event that carries a question of each intent to its agent."""


class Triage:
    """Opens a question, decides, and publishes who answers together with the request or its own answer."""

    def __init__(self, bus: Bus, vault: Vault) -> None:
        self._bus = bus
        self._vault = vault

    def decide(self, question: Question) -> Decision:
        return choose_agent(question)

    async def route(self, tx: Transaction, event: CloudEvent[QuestionAsked]) -> None:
        """Send one question on; a question of an erased student is dropped, for nobody can read it."""
        student_id, asked = UUID(event.subject), event.data
        try:
            decision = self.decide(await self._opened(student_id, asked))
            facts = await self._facts(student_id, asked, decision)
        except KeyMissing:
            log.info("question.dropped", query_id=str(asked.query_id), reason="student erased")
            return
        await self._bus.publish(
            tx, [new_event(f, source=SOURCE, student_id=student_id, correlation_id=asked.query_id) for f in facts]
        )
        log.info(
            "question.routed",
            query_id=str(asked.query_id),
            intent=decision.intent,
            confidence=decision.confidence,
            target=decision.target.name,
        )

    async def _opened(self, student_id: UUID, asked: QuestionAsked) -> Question:
        return Question(
            query=await self._vault.open(student_id, asked.query),
            code=await self._open_if_any(student_id, asked.code),
            error=await self._open_if_any(student_id, asked.error),
            exercise_id=asked.context.exercise_id,
        )

    async def _open_if_any(self, student_id: UUID, sealed: SealedText | None) -> str | None:
        return None if sealed is None else await self._vault.open(student_id, sealed)

    async def _seal_if_any(self, student_id: UUID, text: str | None) -> SealedText | None:
        return None if text is None else await self._vault.seal(student_id, text)

    async def _facts(self, student_id: UUID, asked: QuestionAsked, decision: Decision) -> list[Fact]:
        reply = own_reply(decision)
        agent = TRIAGE if reply else decision.target
        part = AnswerPart(
            query_id=asked.query_id,
            agent=agent.name,
            part_no=0,
            intent=decision.intent,
            confidence=decision.confidence,
            reasons=decision.reasons,
        )
        if reply:
            return [part, await self._own_answer(student_id, asked, decision, reply)]
        return [part, await self._request(student_id, asked, decision)]

    async def _request(self, student_id: UUID, asked: QuestionAsked, decision: Decision) -> AgentRequest:
        clarification = clarifying_question(decision)
        return REQUESTS[decision.intent](
            query_id=asked.query_id,
            query=asked.query,
            code=asked.code,
            error=asked.error,
            context=asked.context,
            language=asked.language,
            intent=decision.intent,
            confidence=decision.confidence,
            clarification=await self._seal_if_any(student_id, clarification),
        )

    async def _own_answer(
        self, student_id: UUID, asked: QuestionAsked, decision: Decision, reply: Reply
    ) -> AnswerFinished:
        return AnswerFinished(
            query_id=asked.query_id,
            agent=TRIAGE.name,
            answer=await self._vault.seal(student_id, reply.answer),
            clarification=await self._seal_if_any(student_id, reply.clarification),
            intent=decision.intent,
        )
