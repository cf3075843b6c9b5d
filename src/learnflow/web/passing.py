"""One HTTP request passed on to the gateway: both bodies stream, and whoever leaves ends it for both."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import cast

import httpx
import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from learnflow.contracts.errors import Unavailable
from learnflow.contracts.services import API_GATEWAY
from learnflow.web.headers import has_body, to_the_browser, to_the_service
from learnflow.web.settings import Settings

log = structlog.get_logger()

CONNECT_WITHIN_S = 2.0


class BrowserLeft(Exception):
    """The browser went away before its request was whole."""


class Gateway:
    """The connections to the gateway.

    A bare transport, not a client: a client would keep the cookies of one browser and show them for the next.
    """

    name = "gateway"

    def __init__(self, settings: Settings) -> None:
        self.host = settings.host_of(API_GATEWAY)
        self.port = API_GATEWAY.port + settings.port_offset
        self._answer_within_s = settings.answer_within_s
        self._timeouts = {"connect": CONNECT_WITHIN_S, "read": settings.silent_for_s, "write": 30.0, "pool": 5.0}
        self._transport = httpx.AsyncHTTPTransport(
            # loopback is plain HTTP: an empty store of certificates saves their loading and trusts nobody
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=50, keepalive_expiry=4.0),
        )

    @property
    def authority(self) -> bytes:
        return f"{self.host}:{self.port}".encode()

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        await self._transport.aclose()

    async def reason_not_ready(self) -> str | None:
        return None

    async def send(
        self, method: str, target: bytes, headers: list[tuple[bytes, bytes]], body: "Body"
    ) -> httpx.Response:
        """The answer as soon as its head is here; Unavailable when none comes."""
        request = httpx.Request(
            method,
            httpx.URL(scheme="http", host=self.host, port=self.port),
            headers=headers,
            content=body.chunks() if body.is_announced else None,
            # the path as the browser wrote it: nobody on the way may read it in another way
            extensions={"target": target, "timeout": self._timeouts},
        )
        if not body.is_announced:
            await body.skip()
        try:
            async with asyncio.timeout(self._answer_within_s):
                return await self._transport.handle_async_request(request)
        except (httpx.TransportError, TimeoutError) as error:
            log.warning("gateway.away", error=type(error).__name__)
            raise Unavailable("LearnFlow does not answer just now. Wait a moment, then try again.") from error


class Body:
    """The request's body as it comes; `is_whole` once nothing of it is left to read."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.is_announced = has_body(scope["headers"])
        self.is_whole = asyncio.Event()
        self._receive = receive

    async def chunks(self) -> AsyncIterator[bytes]:
        while not self.is_whole.is_set():
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise BrowserLeft
            if not message.get("more_body", False):
                self.is_whole.set()
            if message.get("body"):
                yield message["body"]

    async def skip(self) -> None:
        async for _ in self.chunks():
            pass

    async def until_left(self) -> None:
        """Returns when the browser has gone."""
        await self.is_whole.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass


class Passed(Response):
    """The answer to a request that was passed on."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = Body(scope, receive)
        carrying = asyncio.create_task(self._carry(scope, body, send))
        watching = asyncio.create_task(body.until_left())
        try:
            await asyncio.wait({carrying, watching}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # what is still open towards the gateway is closed here, whoever ended it
            watching.cancel()
            if not carrying.done():
                carrying.cancel()
            await asyncio.gather(carrying, watching, return_exceptions=True)
        _raise_failure(carrying)

    async def _carry(self, scope: Scope, body: Body, send: Send) -> None:
        answer = await self._gateway.send(scope["method"], _target(scope), self._onward(scope), body)
        stream = cast("httpx.AsyncByteStream", answer.stream)
        head = {"status": answer.status_code, "headers": to_the_browser(answer.headers.raw)}
        try:
            await send({"type": "http.response.start", **head})
            async for chunk in stream:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except httpx.TransportError as error:
            # the head is gone already: an answer that ends without its end is how HTTP says that it was cut
            log.warning("gateway.cut", error=type(error).__name__)
            return
        finally:
            await stream.aclose()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _onward(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        client = scope["client"][0] if scope.get("client") else "unknown"
        return to_the_service(
            scope["headers"], client=client, scheme=scope["scheme"], authority=self._gateway.authority
        )


def _target(scope: Scope) -> bytes:
    query: bytes = scope["query_string"]
    path: bytes = scope["raw_path"]
    return path + (b"?" + query if query else b"")


def _raise_failure(carrying: "asyncio.Task[None]") -> None:
    if carrying.cancelled():
        return
    error = carrying.exception()
    if error is not None and not isinstance(error, BrowserLeft):
        raise error
