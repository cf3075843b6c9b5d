"""A service that echoes, with a sidecar beside it: for what goes from sidecar to sidecar."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from pydantic import SecretStr

from learnflow.contracts.errors import NotFound
from learnflow.contracts.services import Service
from learnflow.kit.app import create_app
from learnflow.kit.dapr_state import DaprState
from learnflow.kit.listen import listen
from learnflow.kit.serve import server_for
from learnflow.kit.settings import ServiceSettings
from learnflow.kit.sidecar import Sidecar, shared_sidecar
from learnflow.runtime.in_process import in_this_loop
from learnflow.runtime.servers.dapr import DaprFolder, Sentry, SidecarServer


@dataclass
class Beside:
    """A service with its sidecar."""

    service: Service
    server: SidecarServer
    settings: ServiceSettings

    @property
    def sidecar(self) -> Sidecar:
        return shared_sidecar(self.settings)

    @property
    def state(self) -> DaprState:
        return DaprState(self.sidecar)


def _echo() -> APIRouter:
    router = APIRouter()

    @router.post("/echo")
    async def answer(request: Request) -> dict[str, Any]:
        body = await request.json()
        if body.get("fail"):
            raise NotFound("There is no such thing.")
        return {
            "body": body,
            "token": request.headers.get("authorization"),
            "trace": request.headers.get("traceparent"),
            "port": request.client.port if request.client else None,
        }

    return router


@asynccontextmanager
async def beside(
    service: Service,
    files: DaprFolder,
    log_folder: Path,
    *,
    state_dsn: str = "",
    sentry: Sentry | None = None,
    app_id: str | None = None,
    health_check: bool = True,
) -> AsyncIterator[Beside]:
    """The service and its sidecar, which has found it; `app_id` is what the sidecar calls itself."""
    app: FastAPI = create_app(service, ServiceSettings(), routers=[_echo()])
    listening = listen("127.0.0.1", 0)
    running = in_this_loop(server_for(app))
    serving = asyncio.create_task(running.serve([listening]))
    name = app_id or service.name
    server = SidecarServer(
        name, listening.getsockname()[1], files, log_folder / f"{name}.log", sentry=sentry, health_check=health_check
    )
    server.state_dsn, server.service_secret = state_dsn, f"secret of {service.name}"
    one = Beside(service, server, _settings(server))
    server.spawn()
    try:
        await asyncio.to_thread(server.wait_until_delivering)
        yield one
    finally:
        await one.sidecar.stop()
        server.kill()
        running.should_exit = True
        await serving


def _settings(sidecar: SidecarServer) -> ServiceSettings:
    return ServiceSettings(
        bus="dapr",
        dapr_http_port=sidecar.http_port,
        dapr_api_token=SecretStr(sidecar.api_token),
        app_api_token=SecretStr(sidecar.app_token),
    )
