"""Routes of a person's own privacy: take everything along, see who looked, leave for good."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from learnflow.contracts.text import Text
from learnflow.kit.auth import CallerToken, CurrentPrincipal, allow
from learnflow.services.api_gateway.accounts.password_check import From
from learnflow.services.api_gateway.accounts.session_api import NetworkAddress, forget_cookie
from learnflow.services.api_gateway.privacy.export import Export
from learnflow.services.api_gateway.privacy.service import Privacy

PEOPLE = allow("student", "teacher", "admin")
_FILE = {"Content-Disposition": 'attachment; filename="learnflow-export.json"', "Cache-Control": "no-store"}


class LookView(BaseModel):
    """Another person's look at your record; a refused one says that they tried."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    viewer_id: UUID
    viewer_role: str
    viewer_name: str | None
    what: str
    allowed: bool


class LookPage(BaseModel):
    """A page of looks, the newest first."""

    items: list[LookView]
    total: int
    next: str | None


class Leave(BaseModel):
    """Your password; who has signed in within ten minutes may leave it out, and a guest has none."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"password": "a long one"}]})

    password: Annotated[Text, Field(min_length=1, max_length=128)] | None = None


def make_router(privacy: Privacy, export: Export) -> APIRouter:
    """The routes under /api/v1/me about one's own record."""
    router = APIRouter(prefix="/api/v1/me", tags=["privacy"], dependencies=[PEOPLE])

    @router.get("/export", summary="Everything about you, as one JSON file that names what is missing")
    async def take_along(principal: CurrentPrincipal, token: CallerToken) -> Response:
        pieces = await export.begin(principal, token)
        return StreamingResponse(pieces, media_type="application/json", headers=_FILE)

    @router.get("/access-records", summary="Who looked at your record")
    async def looks(
        request: Request,
        principal: CurrentPrincipal,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> LookPage:
        found, total = await privacy.looks(principal.user_id, limit, offset)
        following = None
        if offset + len(found) < total:
            following = f"{request.url.path}?limit={limit}&offset={offset + limit}"
        return LookPage(items=[LookView.model_validate(look) for look in found], total=total, next=following)

    @router.delete("", status_code=204, summary="Erase your account and all that is known of you")
    async def leave(
        principal: CurrentPrincipal, address: NetworkAddress, response: Response, body: Leave | None = None
    ) -> None:
        source = From(address, session=str(principal.session_id) if principal.session_id else None)
        await privacy.leave(principal, body.password if body else None, source)
        forget_cookie(response)

    return router
