"""One socket passed on to the websocket service: frames, close codes and disconnects go both ways."""

import asyncio
from dataclasses import dataclass

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from learnflow.contracts.services import WEBSOCKET
from learnflow.web.headers import to_the_service
from learnflow.web.settings import Settings

log = structlog.get_logger()

LARGEST_FRAME_BYTES = 4_194_304
OPEN_WITHIN_S = 5.0
CLOSE_WITHIN_S = 1.0
TRY_LATER = 1013
GOING_AWAY = 1001


@dataclass(frozen=True, slots=True)
class Ended:
    """How one side ended."""

    code: int
    reason: str


class Sockets:
    """Opens a socket to the service for each one of a browser."""

    def __init__(self, settings: Settings) -> None:
        host = settings.host_of(WEBSOCKET)
        self._authority = f"[{host}]" if ":" in host else host
        self._authority += f":{WEBSOCKET.port + settings.port_offset}"

    async def serve(self, browser: WebSocket) -> None:
        """From the handshake to the end; never raises for what either side does."""
        try:
            service = await self._opened(browser)
        except (OSError, TimeoutError, InvalidHandshake, InvalidMessage, ConnectionClosed) as error:
            log.warning("socket.service.away", error=type(error).__name__)
            await browser.accept()
            await _close(browser, Ended(TRY_LATER, "Live updates are not there just now. Connect again in a moment."))
            return
        try:
            await browser.accept()
            await _between(browser, service)
        finally:
            service.transport.abort()

    async def _opened(self, browser: WebSocket) -> ClientConnection:
        scope = browser.scope
        headers = to_the_service(
            (), client=browser.client.host if browser.client else "unknown", scheme=scope["scheme"], authority=b""
        )
        path = scope["raw_path"].decode("latin-1")
        return await connect(
            f"ws://{self._authority}{path}",
            additional_headers=[(name.decode(), value.decode()) for name, value in headers],
            user_agent_header=None,
            compression=None,
            proxy=None,
            open_timeout=OPEN_WITHIN_S,
            close_timeout=CLOSE_WITHIN_S,
            max_size=LARGEST_FRAME_BYTES,
        )


async def _between(browser: WebSocket, service: ClientConnection) -> None:
    up, down = asyncio.create_task(_up(browser, service)), asyncio.create_task(_down(browser, service))
    try:
        done, _ = await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (up, down):
            task.cancel()
        await asyncio.gather(up, down, return_exceptions=True)
    if up in done:
        ended = up.result()
        await service.close(_sendable(ended.code, GOING_AWAY), ended.reason)
    else:
        ended = down.result()
        await _close(browser, Ended(_sendable(ended.code, TRY_LATER), ended.reason))


async def _up(browser: WebSocket, service: ClientConnection) -> Ended:
    """Frames of the browser to the service, until the browser has gone."""
    try:
        while True:
            message = await browser.receive()
            if message["type"] == "websocket.disconnect":
                return Ended(message.get("code") or GOING_AWAY, message.get("reason") or "")
            text = message.get("text")
            await service.send(text if text is not None else message["bytes"])
    except ConnectionClosed:
        # the other direction says how it ended
        await asyncio.Event().wait()
        raise


async def _down(browser: WebSocket, service: ClientConnection) -> Ended:
    """Frames of the service to the browser, until the service has gone."""
    try:
        while True:
            frame = await service.recv()
            if isinstance(frame, str):
                await browser.send_text(frame)
            else:
                await browser.send_bytes(frame)
    except ConnectionClosed as closed:
        return Ended(closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else Ended(TRY_LATER, "")
    except (WebSocketDisconnect, RuntimeError):
        # the browser has gone: the other direction is told its code
        await asyncio.Event().wait()
        raise


def _sendable(code: int, otherwise: int) -> int:
    """The code, or another one where it may not stand in a closing frame (RFC 6455, 7.4)."""
    return code if code in {1000, 1001, 1002, 1003, *range(1007, 1015)} or 3000 <= code < 5000 else otherwise


async def _close(browser: WebSocket, ended: Ended) -> None:
    try:
        await browser.close(ended.code, ended.reason)
    except (RuntimeError, WebSocketDisconnect):
        log.info("socket.left", code=ended.code)
