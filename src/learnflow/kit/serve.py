"""Run one service: its settings, its application, uvicorn on its port or on a socket handed in."""

import asyncio
import importlib
import json
import os
import socket
import sys
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

import uvicorn
from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from opentelemetry import trace

from learnflow.contracts.services import SERVICES, Service
from learnflow.kit.listen import BACKLOG, LISTEN_FD, SETTINGS_FD, listen
from learnflow.kit.logging import configure_logging, log_as
from learnflow.kit.settings import ServiceSettings
from learnflow.kit.tracing import tracer_provider

__all__ = ["Built", "Factory", "listen", "load", "main", "run", "serve", "server_for"]

GRACE_S = 4
KEEP_ALIVE_S = 120
"""Longer than any client keeps an idle connection (Dapr's sidecar: 90 s): whoever closes is the one who will ask.

A server that closes first meets a request that is on its way, and a POST is not sent again.
"""
MAX_FRAME_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class Factory:
    """What a service's `app.py` offers: the class of its settings and the composition root."""

    service: Service
    settings_class: type[ServiceSettings]
    create: Callable[[ServiceSettings], FastAPI]

    def settings(self, overrides: Mapping[str, object]) -> ServiceSettings:
        """Overrides first, then LEARNFLOW_* variables, then .env.local, then the defaults."""
        return self.settings_class(**dict(overrides))  # type: ignore[arg-type]  # pydantic checks the values


def load(name: str) -> Factory:
    """Import the service's composition root; nothing is started."""
    service = SERVICES[name]
    if service.module is None:
        raise LookupError(f"{name} is named by the plan and not built yet")
    create = importlib.import_module(f"{service.module}.app").create
    return Factory(service, get_type_hints(create)["settings"], create)


def server_for(app: FastAPI) -> uvicorn.Server:
    """uvicorn with our choices: uvloop, httptools, sans-io WebSockets without deflate, no access log of its own."""
    config = uvicorn.Config(
        app,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=MAX_FRAME_BYTES,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        log_config=None,
        access_log=False,
        server_header=False,
        # whose X-Forwarded-For counts: loopback's, unless the application meets the browsers itself and says so
        forwarded_allow_ips=getattr(app.state, "forwarded_allow_ips", None),
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    return uvicorn.Server(config)


@dataclass(frozen=True, slots=True)
class Built:
    """A service put together and not started: nothing is open yet, so it may be built before a fork."""

    service: Service
    settings: ServiceSettings
    server: uvicorn.Server

    @classmethod
    def of(cls, factory: Factory, settings: ServiceSettings) -> "Built":
        app = factory.create(settings)
        rehearse(app)
        server = server_for(app)
        server.config.load()
        return cls(factory.service, settings, server)


def rehearse(app: FastAPI) -> None:
    """Make what FastAPI would make at its first requests: every route's validators, and the middleware around them.

    After a fork it would be each child's own: 4 MB and 0.1 s of every service. Middleware counts and logs, so what is
    asked here goes past it. /ready is not asked: parts would call out, and keep a connection of a loop that has ended.
    """
    app.middleware_stack = app.build_middleware_stack()
    asyncio.run(_ask_of_itself(app, ("/health", "/metrics")))


async def _ask_of_itself(app: FastAPI, paths: Sequence[str]) -> None:
    for path in paths:
        scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": [], "query_string": b""}
        await AsyncExitStackMiddleware(app.router)({**scope, "app": app}, _nothing_more, _nobody_hears)


async def _nothing_more() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _nobody_hears(_message: MutableMapping[str, Any]) -> None:
    pass


def run(built: Built, sockets: Sequence[socket.socket]) -> None:
    """Serve until SIGTERM or SIGINT; returns after the parts have stopped. Raises SystemExit(3) when start fails."""
    configure_logging(built.settings.log_level, built.settings.log_format)
    serve(built, sockets)


def serve(built: Built, sockets: Sequence[socket.socket]) -> None:
    """The same in a process whose logging is configured."""
    log_as(built.service.name)
    # not before a fork: in the child each provider would look at its process anew, with threads (4 ms each)
    trace.set_tracer_provider(tracer_provider(built.service.name))
    built.server.run(sockets=list(sockets))
    if not built.server.started:
        raise SystemExit(3)


def main(name: str) -> None:
    """`python -m learnflow.services.<name>`: settings from the environment, or from a descriptor handed in."""
    arguments = _arguments(sys.argv[1:])
    factory = load(name)
    settings = factory.settings(_read_settings(arguments.get(SETTINGS_FD)))
    if LISTEN_FD in arguments:
        listening = socket.socket(fileno=arguments[LISTEN_FD])
    else:
        listening = listen(settings.host, factory.service.port + settings.port_offset)
    run(Built.of(factory, settings), [listening])


def _arguments(words: Sequence[str]) -> dict[str, int]:
    if len(words) % 2 or any(word not in {SETTINGS_FD, LISTEN_FD} for word in words[::2]):
        print(f"usage: [{LISTEN_FD} N] [{SETTINGS_FD} N]", file=sys.stderr)  # noqa: T201 - a program's own usage line
        raise SystemExit(2)
    return {word: int(value) for word, value in zip(words[::2], words[1::2], strict=True)}


def _read_settings(descriptor: int | None) -> dict[str, Any]:
    # with a descriptor the parent has decided everything: no file beside us is read
    if descriptor is None:
        return {}
    with os.fdopen(descriptor, "rb") as file:
        return {"_env_file": None, **json.load(file)}
