"""Progress' own routes."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from fastapi import APIRouter

from learnflow.kit.auth import CurrentPrincipal, allow
from learnflow.kit.database import Database
from learnflow.kit.students import see_student, see_students
from learnflow.services.progress.export import Export
from learnflow.services.progress.mastery import level_of, shown_percentage
from learnflow.services.progress.schemas import (
    HopAnswer,
    Ids,
    ProgressAnswer,
    Report,
    ReportAnswer,
    SummariesAnswer,
    TraceAnswer,
)
from learnflow.services.progress.scoring import Scorer
from learnflow.services.progress.service import ProgressDesk
from learnflow.services.progress.views import parts_view, progress_view, summary_view


def make_router(database: Database, desk: ProgressDesk, scorer: Scorer, export: Export) -> APIRouter:
    """How far students are, for those who may see them; scores from services; a question's way."""
    router = APIRouter(tags=["progress"])

    @router.get("/progress/{user_id}", summary="How far is this student?")
    async def progress(user_id: UUID, principal: CurrentPrincipal) -> ProgressAnswer:
        await see_student(database, principal, user_id, "progress")
        return progress_view(user_id, await desk.standing(user_id))

    @router.post(
        "/progress/summaries", summary="Many students in short", dependencies=[allow("teacher", "admin", "service")]
    )
    async def summaries(body: Ids, principal: CurrentPrincipal) -> SummariesAnswer:
        await see_students(database, principal, body.user_ids, "progress")
        return SummariesAnswer(items=[summary_view(one) for one in await desk.summaries(body.user_ids)])

    @router.post("/progress", summary="Report a score", dependencies=[allow("service")])
    async def report(body: Report) -> ReportAnswer:
        mastered = await scorer.report(body.user_id, body.topic_id, body.activity_type, body.score)
        level = level_of(mastered.mastery)
        return ReportAnswer(
            user_id=body.user_id,
            topic_id=body.topic_id,
            mastery=shown_percentage(mastered.mastery),
            level=level.name,
            color=level.color,
            components=parts_view(mastered.components),
        )

    @router.get("/export/{user_id}", summary="What is kept of you beside the percentages")
    async def exported(user_id: UUID, principal: CurrentPrincipal) -> dict[str, Any]:
        await see_student(database, principal, user_id, "records of progress")
        return await export.of(user_id)

    @router.get("/traces/{correlation_id}", summary="A question's way", dependencies=[allow("service", "admin")])
    async def trace(correlation_id: UUID) -> TraceAnswer:
        way = await desk.trace(correlation_id)
        hops = [HopAnswer(offset_ms=offset_ms, **asdict(hop)) for offset_ms, hop in way.hops]
        return TraceAnswer(correlation_id=way.correlation_id, hops=hops)

    return router
