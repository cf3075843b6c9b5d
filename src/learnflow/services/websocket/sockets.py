"""The protocol on the wire: sign in, then frames both ways until somebody ends it."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from opentelemetry.trace import SpanKind
from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from learnflow.contracts.errors import LearnFlowError, Unauthenticated
from learnflow.contracts.events.base import QuestionContext
from learnflow.kit.clock import Clock
from learnflow.kit.principal import Principal
from learnflow.kit.problems import MAX_FIELD_CHARS, MOST_FIELDS
from learnflow.kit.tokens import TokenVerifier
from learnflow.kit.tracing import continued
from learnflow.services.websocket.connection import Close, Connection, Ending
from learnflow.services.websocket.frames import encoded
from learnflow.services.websocket.hub import Hub
from learnflow.services.websocket.schemas import CLIENT_FRAME, MAX_FRAME_BYTES, AskFrame, Hello, Ping
from learnflow.services.websocket.service import AskDesk, FrameReader, NewQuestion

log = structlog.get_logger()

_CLOSING_WITHIN_S = 60.0


class Refused(Exception):
    """The socket must end; `ending` says how."""

    def __init__(self, code: Close | None, reason: str) -> None:
        super().__init__(reason)
        self.ending = Ending(code, reason)


@dataclass(frozen=True, slots=True)
class InvalidAsk:
    """A question that breaks a rule; `problem` is what the client is told."""

    problem: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sockets:
    """What every socket needs; built once in `app`."""

    hub: Hub
    reader: FrameReader
    desk: AskDesk
    verifier: TokenVerifier
    is_revoked: Callable[[UUID], bool]
    clock: Clock
    sign_in_within_s: float
    slowest_send_s: float

    async def serve(self, websocket: WebSocket, student_id: str) -> None:
        """One socket from its handshake to its end; never raises."""
        await websocket.accept()
        try:
            connection = await self._signed_in(websocket, student_id)
        except Refused as refused:
            await _close(websocket, refused.ending)
            return
        self.hub.add(connection)
        log.info("socket.opened", user_id=str(connection.user_id), sockets=self.hub.count)
        try:
            ending = await self._talk(websocket, connection)
        finally:
            self.hub.remove(connection)
        await _close(websocket, ending)

    async def _signed_in(self, websocket: WebSocket, student_id: str) -> Connection:
        try:
            async with asyncio.timeout(self.sign_in_within_s):
                frame = _parsed(await _received(websocket))
        except TimeoutError as error:
            raise Refused(Close.NOT_SIGNED_IN, "No token came in time.") from error
        if not isinstance(frame, Hello):
            raise Refused(Close.NOT_SIGNED_IN, "The first frame must be auth with a token.")
        principal = await self._verified(frame.token)
        if str(principal.user_id) != student_id.lower():
            raise Refused(Close.NOT_YOURS, "This socket belongs to somebody else.")
        return await self._connection(principal, frame.last_event_id)

    async def _connection(self, principal: Principal, last_event_id: int | None) -> Connection:
        try:
            start = await self.reader.start_of(principal.user_id, last_event_id)
        except LearnFlowError as error:
            raise Refused(Close.TRY_LATER, error.detail) from error
        connection = Connection(principal.user_id, start, principal.expires_at, session_id=principal.session_id)
        connection.reply(encoded(None, "ready", {"last_event_id": start, "expires_at": principal.expires_at}))
        return connection

    async def _verified(self, token: str) -> Principal:
        try:
            return await self.verifier.verify(token)
        except Unauthenticated as error:
            raise Refused(Close.NOT_SIGNED_IN, error.detail) from error
        except LearnFlowError as error:
            raise Refused(Close.TRY_LATER, error.detail) from error

    async def _talk(self, websocket: WebSocket, connection: Connection) -> Ending:
        """Both directions until one of them, the token, the hub or the client ends it."""
        self._watch_expiry(connection)
        directions = (
            asyncio.create_task(self._send_all(websocket, connection)),
            asyncio.create_task(self._receive_all(websocket, connection)),
        )
        try:
            return await connection.ending
        finally:
            connection.end(None, "abandoned")
            for task in directions:
                task.cancel()
            await asyncio.gather(*directions, return_exceptions=True)

    def _watch_expiry(self, connection: Connection) -> None:
        """A timer, not a task: a thousand sockets wait for nothing most of the time."""
        left_s = (connection.expires_at - self.clock()).total_seconds()
        if connection.ending.done():
            return
        if left_s <= 0:
            connection.end(Close.NOT_SIGNED_IN, "The token has expired. Connect again with a fresh one.")
        elif connection.session_id is not None and self.is_revoked(connection.session_id):
            connection.end(Close.NOT_SIGNED_IN, "This session was ended. Sign in again.")
        else:
            # looked at again at least once a minute: a wake-up may be lost, a clock set, a token renewed
            asyncio.get_running_loop().call_later(min(left_s, 60.0), self._watch_expiry, connection)

    async def _send_all(self, websocket: WebSocket, connection: Connection) -> None:
        try:
            while True:
                text = await connection.next_text()
                async with asyncio.timeout(self.slowest_send_s):
                    await websocket.send_text(text)
                if connection.is_behind and connection.has_room:
                    connection.is_behind = False
                    self.hub.mark(connection.user_id)
        except TimeoutError:
            connection.end(Close.TRY_LATER, "You read too slowly. Connect again with your last event id.")
        except (WebSocketDisconnect, RuntimeError):
            connection.end(None, "gone")

    async def _receive_all(self, websocket: WebSocket, connection: Connection) -> None:
        try:
            while True:
                await self._handle(connection, _parsed(await _received(websocket)))
        except Refused as refused:
            connection.end(refused.ending.code, refused.ending.reason)
        except Exception:
            log.exception("socket.failed", user_id=str(connection.user_id))
            connection.end(Close.TRY_LATER, "Something went wrong on our side. Connect again.")

    async def _handle(self, connection: Connection, frame: Hello | AskFrame | Ping | InvalidAsk) -> None:
        if isinstance(frame, AskFrame):
            await self._ask(connection, frame)
        elif isinstance(frame, Ping):
            connection.reply(encoded(None, "pong", {"id": frame.id}))
        elif isinstance(frame, Hello):
            await self._renew(connection, frame.token)
        else:
            connection.reply(encoded(None, "error", frame.problem))

    async def _renew(self, connection: Connection, token: str) -> None:
        principal = await self._verified(token)
        if principal.user_id != connection.user_id:
            raise Refused(Close.NOT_YOURS, "This token belongs to somebody else.")
        connection.expires_at, connection.session_id = principal.expires_at, principal.session_id

    async def _ask(self, connection: Connection, ask: AskFrame) -> None:
        new = NewQuestion(
            query=ask.data.query,
            code=ask.data.code,
            error=ask.data.error,
            context=QuestionContext(**ask.data.context.model_dump()),
            name=ask.id,
        )
        try:
            with continued(None, "socket.ask", SpanKind.SERVER):
                query_id = await self.desk.ask(connection.user_id, new)
        except LearnFlowError as error:
            connection.reply(encoded(None, "error", _problem(error, ask.id)))
        else:
            connection.reply(encoded(None, "accepted", {"query_id": query_id, "id": ask.id}))


def _problem(error: LearnFlowError, name: str | None) -> dict[str, Any]:
    problem: dict[str, Any] = {"status": error.status, "code": error.code, "detail": error.detail, "id": name}
    if error.retry_after_s is not None:
        problem["retry_after_s"] = error.retry_after_s
    return problem


async def _received(websocket: WebSocket) -> str:
    """The next text frame; Refused for anything else, and when the client has gone."""
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise Refused(None, "gone")
    text = message.get("text")
    if text is None:
        raise Refused(Close.MALFORMED, "Frames are JSON texts; this one was binary.")
    if len(text) > MAX_FRAME_BYTES or len(text.encode()) > MAX_FRAME_BYTES:
        raise Refused(Close.TOO_LARGE, f"A frame may have {MAX_FRAME_BYTES} bytes.")
    return str(text)


def _parsed(text: str) -> Hello | AskFrame | Ping | InvalidAsk:
    """The frame; Refused when it is none. A question with a wrong field is answered, not a reason to hang up."""
    try:
        content = json.loads(text)
        return CLIENT_FRAME.validate_python(content)
    except ValidationError as error:
        if isinstance(content, dict) and content.get("type") == "ask":
            return InvalidAsk(_invalid(error, content.get("id")))
        raise Refused(Close.MALFORMED, "This is no frame: {type: auth|ask|ping, ...}.") from error
    except (ValueError, RecursionError) as error:
        raise Refused(Close.MALFORMED, "This is not valid JSON.") from error


def _invalid(error: ValidationError, name: object) -> dict[str, Any]:
    # the first part of a location is the frame's type; the input itself is never repeated
    fields = [
        {"field": ".".join(map(str, found["loc"][1:]))[:MAX_FIELD_CHARS] or "frame", "message": found["msg"]}
        for found in error.errors(include_url=False, include_input=False, include_context=False)[:MOST_FIELDS]
    ]
    detail = "Please correct: " + ", ".join(dict.fromkeys(field["field"] for field in fields)) + "."
    named = name if isinstance(name, str) and name.isprintable() and len(name) <= 100 else None
    return {"status": 422, "code": "invalid", "detail": detail, "fields": fields, "id": named}


async def _close(websocket: WebSocket, ending: Ending) -> None:
    if ending.code is None or websocket.application_state is not WebSocketState.CONNECTED:
        log.info("socket.closed", reason=ending.reason)
        return
    log.info("socket.closed", code=int(ending.code), reason=ending.reason)
    try:
        # one that does not read takes the closing frame when it reads again; its queue is gone by then
        async with asyncio.timeout(_CLOSING_WITHIN_S):
            await websocket.close(int(ending.code), ending.reason)
    except (TimeoutError, RuntimeError, WebSocketDisconnect):
        log.info("socket.abandoned", code=int(ending.code))
