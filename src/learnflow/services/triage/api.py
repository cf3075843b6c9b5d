"""Triage's own route."""

from fastapi import APIRouter

from learnflow.kit.auth import CurrentPrincipal, own_or_404
from learnflow.services.triage.features import Question
from learnflow.services.triage.schemas import TriageAnswer, TriageRequest
from learnflow.services.triage.service import Triage


def make_router(triage: Triage) -> APIRouter:
    """`POST /triage` for a student's own questions, and for services."""
    router = APIRouter(tags=["triage"])

    @router.post("/triage", summary="Who should answer this question, and why?")
    async def decide(request: TriageRequest, principal: CurrentPrincipal) -> TriageAnswer:
        own_or_404(principal, request.user_id)
        decision = triage.decide(Question(request.query, request.code, request.error))
        return TriageAnswer(
            intent=decision.intent,
            confidence=decision.confidence,
            target_service=decision.target.name,
            reasons=list(decision.reasons),
        )

    return router
