"""Routes of questions: ask, look, stream, list."""

import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from learnflow.contracts.errors import Invalid
from learnflow.contracts.events.base import QuestionContext
from learnflow.contracts.questions import Ask
from learnflow.kit.app import json_response
from learnflow.kit.auth import CurrentPrincipal, allow
from learnflow.kit.encoding import json_bytes
from learnflow.kit.idempotency import Idempotent
from learnflow.services.api_gateway.public import PublicApi
from learnflow.services.api_gateway.questions.schemas import Accepted, Question, QuestionPage, Rate
from learnflow.services.api_gateway.questions.service import NewQuestion, StreamEvent, links

PEOPLE = allow("student", "teacher", "admin")
_LAST_EVENT_ID = 2**31 - 1
_WAIT = re.compile(r"(?:^|,)\s*wait=(\d{1,3})\s*(?:,|$)")
_ASKED: dict[int | str, dict[str, Any]] = {
    200: {"model": Question, "description": "Answered within the wait that was preferred"},
    202: {"model": Accepted, "description": "Kept; the answer comes"},
}


def wait_preferred(prefer: str | None, longest_s: float) -> float:
    """Seconds of `Prefer: wait=N` (RFC 7240), at most `longest_s`; 0 without it."""
    match = _WAIT.search(prefer or "")
    return min(float(match.group(1)), longest_s) if match else 0


def make_router(api: PublicApi) -> APIRouter:
    """The routes under /api/v1 that deal with questions."""
    router = APIRouter(prefix="/api/v1", tags=["questions"], dependencies=[PEOPLE])

    @router.post("/query", status_code=202, responses=_ASKED, summary="Ask a question")
    async def ask(
        body: Ask,
        principal: CurrentPrincipal,
        idempotent: Idempotent,
        prefer: Annotated[str | None, Header(max_length=200)] = None,
    ) -> Response:
        new = NewQuestion(
            body.query,
            body.code,
            body.error,
            QuestionContext(**body.context.model_dump()),
            idempotency_key=idempotent.key,
        )
        await api.limit_questions(principal)
        query_id = await api.desk.ask(principal.user_id, new)
        wait_s = wait_preferred(prefer, api.longest_wait_s)
        if wait_s:
            question = await api.desk.wait(principal.user_id, query_id, wait_s)
            if question["answer"]:
                return json_response(question)
        return json_response({"query_id": query_id, "links": links(query_id)}, 202)

    @router.get("/query/{query_id}", response_model=Question, summary="A question and its answer")
    async def get(query_id: UUID, principal: CurrentPrincipal) -> Response:
        return json_response(await api.desk.get(principal.user_id, query_id))

    @router.get("/query/{query_id}/stream", summary="The answer as it comes (server-sent events: agent, part, done)")
    async def stream(
        query_id: UUID,
        principal: CurrentPrincipal,
        last_event_id: Annotated[int, Header(ge=-1, le=_LAST_EVENT_ID)] = -1,
    ) -> Response:
        await api.desk.get(principal.user_id, query_id)
        events = api.desk.stream(principal.user_id, query_id, last_event_id)
        return StreamingResponse(
            _server_sent(events),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
        )

    @router.get("/conversations", response_model=QuestionPage, summary="Your questions, newest first")
    async def conversations(
        request: Request,
        principal: CurrentPrincipal,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        before: Annotated[str | None, Query(max_length=100)] = None,
    ) -> Response:
        items, total = await api.desk.conversations(principal.user_id, limit, _cursor(before))
        following = None
        if len(items) == limit:
            last = items[-1]
            following = f"{request.url.path}?limit={limit}&before={last['asked_at'].timestamp()!r}_{last['query_id']}"
        return json_response({"items": items, "total": total, "next": following})

    _add_words_on_an_answer(router, api)
    return router


def _add_words_on_an_answer(router: APIRouter, api: PublicApi) -> None:
    @router.post("/query/{query_id}/stop", response_model=Question, summary="Want no answer any more")
    async def stop(query_id: UUID, principal: CurrentPrincipal) -> Response:
        return json_response(await api.desk.stop(principal.user_id, query_id))

    @router.post("/query/{query_id}/rate", status_code=204, summary="Say whether the answer helped")
    async def rate(query_id: UUID, body: Rate, principal: CurrentPrincipal) -> None:
        await api.desk.rate(principal.user_id, query_id, helpful=body.helpful, comment=body.comment)


def _cursor(before: str | None) -> tuple[datetime, UUID] | None:
    if before is None:
        return None
    moment, _, query_id = before.partition("_")
    try:
        return datetime.fromtimestamp(float(moment)).astimezone(), UUID(query_id)
    except (ValueError, OverflowError, OSError) as error:
        raise Invalid("Take `next` of the page before as it is.", field="before") from error


async def _server_sent(events: AsyncIterator[StreamEvent | None]) -> AsyncIterator[bytes]:
    async for event in events:
        if event is None:
            yield b": still here\n\n"
        else:
            yield b"event: %s\nid: %d\ndata: %s\n\n" % (event.name.encode(), event.number, json_bytes(event.data))
