"""The outermost layer of every service: request id, trace, size limit, one log line, metrics, no bare 500."""

import asyncio
import re
import time
from uuid import uuid4

import structlog
from opentelemetry.trace import SpanKind
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from learnflow.contracts.errors import TooLarge, TooSlow
from learnflow.kit.logging import request_id
from learnflow.kit.metrics import observe_request
from learnflow.kit.problems import problem_response, render_error
from learnflow.kit.tracing import continued

log = structlog.get_logger()

BODY_WITHIN_S = 30.0
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET_ROUTES = frozenset({"/health", "/ready", "/metrics"})


class _Exchange:
    """What is known of one request while its answer is on the way."""

    def __init__(self, send: Send, request_id_value: str) -> None:
        self._send = send
        self._request_id = request_id_value
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)["X-Request-Id"] = self._request_id
        await self._send(message)


class Edge:
    """ASGI middleware; `max_body_bytes` bounds every request body, declared or streamed, `body_within_s` its time."""

    def __init__(self, app: ASGIApp, service: str, max_body_bytes: int, body_within_s: float = BODY_WITHIN_S) -> None:
        self._app = app
        self._service = service
        self._max_body_bytes = max_body_bytes
        self._body_within_s = body_within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        offered = headers.get("x-request-id", "")
        token = request_id.set(offered if _REQUEST_ID.fullmatch(offered) else uuid4().hex)
        try:
            with continued(headers.get("traceparent"), scope["path"], SpanKind.SERVER):
                if scope["type"] == "websocket":
                    await self._app(scope, receive, send)
                else:
                    await self._http(scope, receive, send, headers)
        finally:
            request_id.reset(token)

    async def _http(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        started = time.perf_counter()
        exchange = _Exchange(send, request_id.get() or "")
        try:
            await self._app(scope, self._bounded(receive, headers), exchange.send)
        except (TooLarge, TooSlow) as error:
            await self._answer_late(exchange, scope, receive, render_error(error))
        except Exception:
            log.exception("http.request.failed", method=scope["method"], route=_route(scope))
            answer = problem_response(
                500, "internal_error", "Something went wrong on our side. Try again; the request id helps us find it."
            )
            await self._answer_late(exchange, scope, receive, answer)
        finally:
            self._record(scope, exchange.status or 499, time.perf_counter() - started)

    async def _answer_late(self, exchange: _Exchange, scope: Scope, receive: Receive, answer: ASGIApp) -> None:
        if exchange.status == 0:
            await answer(scope, receive, exchange.send)

    def _bounded(self, receive: Receive, headers: Headers) -> Receive:
        declared = headers.get("content-length", "0")
        most = self._max_body_bytes
        too_large = TooLarge(f"The body is larger than {most} bytes.")
        deadline = asyncio.get_running_loop().time() + self._body_within_s
        seen, is_whole = 0, False

        async def bounded() -> Message:
            nonlocal seen, is_whole
            if declared.isdigit() and int(declared) > most:
                raise too_large
            message = await (receive() if is_whole else _before(deadline, receive))
            is_whole = not message.get("more_body", False)
            seen += len(message.get("body", b""))
            if seen > most:
                raise too_large
            return message

        return bounded

    def _record(self, scope: Scope, status: int, duration_s: float) -> None:
        route = _route(scope)
        observe_request(self._service, scope["method"], route, status, duration_s)
        write = log.debug if route in _QUIET_ROUTES else log.info
        write(
            "http.request.finished",
            service=self._service,
            method=scope["method"],
            route=route,
            status=status,
            duration_ms=round(duration_s * 1000, 2),
        )


async def _before(deadline: float, receive: Receive) -> Message:
    try:
        async with asyncio.timeout_at(deadline):
            return await receive()
    except TimeoutError as error:
        raise TooSlow("The body did not come to its end in time. Send it again.") from error


def _route(scope: Scope) -> str:
    route = scope.get("route")
    return getattr(route, "path", None) or "unmatched"
