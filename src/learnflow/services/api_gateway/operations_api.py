"""Health and readiness once more under the public prefix."""

from collections.abc import Sequence

from fastapi import APIRouter, Response

from learnflow import __version__
from learnflow.kit.app import json_response, reasons_not_ready
from learnflow.kit.part import Part


def make_router(parts: Sequence[Part]) -> APIRouter:
    """GET /api/v1/health and /api/v1/ready, open to all."""
    router = APIRouter(prefix="/api/v1", tags=["operation"])

    @router.get("/health", summary="Is the platform alive?")
    async def health() -> Response:
        return json_response({"status": "ok", "version": __version__})

    @router.get("/ready", summary="Can it work now?")
    async def ready() -> Response:
        reasons = await reasons_not_ready(parts)
        return json_response({"status": "not ready" if reasons else "ready"}, 503 if reasons else 200)

    return router
