"""Progress' own routes."""

from uuid import UUID

from fastapi import APIRouter

from learnflow.kit.auth import CurrentPrincipal, allow, own_or_404
from learnflow.services.progress.schemas import HopAnswer, ProgressAnswer, Runs, StreakOfDays, TraceAnswer
from learnflow.services.progress.service import ProgressDesk


def make_router(desk: ProgressDesk) -> APIRouter:
    """A student's own progress, and for services and admins a question's way."""
    router = APIRouter(tags=["progress"])

    @router.get("/progress/{user_id}", summary="How far is this student?")
    async def progress(user_id: UUID, principal: CurrentPrincipal) -> ProgressAnswer:
        own_or_404(principal, user_id)
        standing = await desk.standing(user_id)
        return ProgressAnswer(
            user_id=user_id,
            questions_asked=standing.questions,
            concepts_explained=list(standing.concepts),
            runs=Runs(ok=standing.runs_ok, failed=standing.runs_failed),
            hints=dict(standing.hints),
            active_days=standing.active_days,
            active_days_last_30=standing.active_days_last_30,
            streak=StreakOfDays(current=standing.streak.current, longest=standing.streak.longest),
        )

    @router.get("/traces/{correlation_id}", summary="A question's way", dependencies=[allow("service", "admin")])
    async def trace(correlation_id: UUID) -> TraceAnswer:
        way = await desk.trace(correlation_id)
        hops = [
            HopAnswer(
                time=hop.time,
                offset_ms=offset_ms,
                service=hop.service,
                type=hop.type,
                topic=hop.topic,
                event_id=hop.event_id,
            )
            for offset_ms, hop in way.hops
        ]
        return TraceAnswer(correlation_id=way.correlation_id, hops=hops)

    return router
