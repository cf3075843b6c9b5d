"""A gateway and a websocket service of the tests' own, which tell what reached them, and the pages before them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import JSONResponse, Response, StreamingResponse

from learnflow.contracts.services import API_GATEWAY, WEB, WEBSOCKET
from learnflow.kit.serve import listen, server_for
from learnflow.web.app import create
from learnflow.web.settings import Settings
from tests.contract.running import free_offset


@dataclass
class Upstream:
    """What the services behind the pages saw; `release` lets an answer go on."""

    seen: list[dict[str, Any]] = field(default_factory=list)
    chunks: list[int] = field(default_factory=list)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    frames: list[str | bytes] = field(default_factory=list)


def gateway(upstream: Upstream) -> FastAPI:
    app = FastAPI()

    @app.api_route("/api/v1/echo/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def echo(request: Request) -> Response:
        body = await request.body()
        seen = {
            "method": request.method,
            "target": (request.scope["raw_path"] + b"?" + request.scope["query_string"]).decode(),
            "headers": [[name.decode(), value.decode()] for name, value in request.scope["headers"]],
            "body": body.decode(),
            "client": request.client.host if request.client else "",
        }
        upstream.seen.append(seen)
        answer = JSONResponse(seen, 207)
        answer.headers["Access-Control-Allow-Origin"] = "https://elsewhere.example"
        answer.headers["Connection"] = "x-private"
        answer.headers["X-Private"] = "between two hops"
        answer.set_cookie("learnflow_refresh", "secret", path="/api/v1/auth", httponly=True, samesite="strict")
        answer.set_cookie("second", "2")
        return answer

    _add_slow_routes(app, upstream)
    return app


def _add_slow_routes(app: FastAPI, upstream: Upstream) -> None:
    @app.post("/api/v1/upload")
    async def upload(request: Request) -> Response:
        try:
            async for chunk in request.stream():
                upstream.chunks.append(len(chunk))
        except Exception:
            upstream.left.set()
            raise
        return JSONResponse({"bytes": sum(upstream.chunks)})

    @app.get("/api/v1/stream")
    async def stream() -> Response:
        async def events() -> AsyncIterator[bytes]:
            try:
                yield b"data: one\n\n"
                await upstream.release.wait()
                yield b"data: two\n\n"
            finally:
                upstream.left.set()

        return StreamingResponse(events(), media_type="text/event-stream")

    @app.get("/api/v1/slow")
    async def slow(request: Request) -> Response:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        upstream.left.set()
        return Response()


def websocket_service(upstream: Upstream) -> FastAPI:
    app = FastAPI()

    @app.websocket("/ws/chat/{student_id}")
    async def chat(socket: WebSocket, student_id: str) -> None:
        await socket.accept()
        upstream.seen.append({"student_id": student_id, "headers": dict(socket.headers)})
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                upstream.closed.set_result(message["code"])
                return
            frame = message.get("text") or message["bytes"]
            upstream.frames.append(frame)
            if frame == "end":
                await socket.close(4401, "Sign in again.")
                return
            await (socket.send_text(frame) if isinstance(frame, str) else socket.send_bytes(frame))

    return app


@asynccontextmanager
async def serving(app: FastAPI, port: int) -> AsyncIterator[None]:
    """The application behind uvicorn on that port."""
    listening = listen("127.0.0.1", port)
    server = server_for(app)
    task = asyncio.create_task(server._serve([listening]))
    try:
        async with asyncio.timeout(10):
            while not server.started:
                assert not task.done(), "the service did not start"
                await asyncio.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        await task


@dataclass
class Site:
    """The pages with their services behind them; `behind` ends those when the test wants them away."""

    upstream: Upstream
    url: str
    behind: contextlib.AsyncExitStack


@asynccontextmanager
async def site(**told: Any) -> AsyncIterator[Site]:
    """All three on ports of their own; `told` are settings of the pages."""
    offset, upstream = free_offset(), Upstream()
    settings = Settings(_env_file=None, port_offset=offset, **told)
    async with serving(create(settings), WEB.port + offset), contextlib.AsyncExitStack() as behind:
        await behind.enter_async_context(serving(gateway(upstream), API_GATEWAY.port + offset))
        await behind.enter_async_context(serving(websocket_service(upstream), WEBSOCKET.port + offset))
        yield Site(upstream, f"127.0.0.1:{WEB.port + offset}", behind)
