"""Where a sidecar hands in events: before all that a browser's request passes, which costs three times the handling."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from learnflow.contracts.errors import Forbidden, LearnFlowError, NotFound, TooLarge, Unavailable
from learnflow.kit.sidecar import TOKEN_HEADER

log = structlog.get_logger()

PREFIX = "/events/"
"""`/events/<group>/<topic>`: where the subscriptions of deploy/dapr deliver."""
MAX_BYTES = 2_097_152
"""Above maxMessageBytes of the component, which comes as base64."""
BODY_WITHIN_S = 30.0

Take = Callable[[str, str, bytes], Awaitable[None]]
"""Handles what came for a group from a topic; a LearnFlowError says why it did not."""


class Door:
    """ASGI middleware. The sidecar looks at the status alone: 2xx taken, 404 never taken, all else comes again."""

    def __init__(self, app: ASGIApp, take: Take, token: str) -> None:
        """`token` is what the sidecar shows us; nobody else may deliver events."""
        self._app = app
        self._take = take
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        status = await self._status(scope, receive)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def _status(self, scope: Scope, receive: Receive) -> int:
        try:
            self._check(scope)
            group, topic = _addressed(scope)
            async with asyncio.timeout(BODY_WITHIN_S):
                body = await _whole(receive)
            await self._take(group, topic, body)
        except LearnFlowError as error:
            return error.status
        except Exception:
            log.exception("dapr.delivery.failed", path=scope["path"])
            return 500
        return 204

    def _check(self, scope: Scope) -> None:
        name = TOKEN_HEADER.encode()
        shown = next((value for key, value in scope["headers"] if key == name), b"")
        if not hmac.compare_digest(shown, self._token):
            raise Forbidden("Events are taken from this service's own Dapr sidecar only.")


def _addressed(scope: Scope) -> tuple[str, str]:
    group, _, topic = scope["path"].removeprefix(PREFIX).partition("/")
    if scope["method"] != "POST" or not topic or "/" in topic:
        raise NotFound("Events are posted to /events/<group>/<topic>.")
    return group, topic


async def _whole(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Unavailable("The sidecar went away in the middle of an event.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BYTES:
            raise TooLarge(f"The event is larger than {MAX_BYTES} bytes.")
        more = message.get("more_body", False)
    return b"".join(parts)
