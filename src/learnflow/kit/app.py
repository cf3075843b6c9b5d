"""create_app(): what every service has before it has anything of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

import structlog
from fastapi import APIRouter, FastAPI
from fastapi.responses import Response
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from learnflow import __version__
from learnflow.contracts.errors import Problem
from learnflow.contracts.services import Service
from learnflow.kit.docs import add_docs
from learnflow.kit.edge import Edge
from learnflow.kit.encoding import json_bytes
from learnflow.kit.metrics import exposition
from learnflow.kit.part import Part
from learnflow.kit.problems import add_error_handlers
from learnflow.kit.settings import ServiceSettings

log = structlog.get_logger()

MAX_BODY_BYTES = 262_144
_EXPOSED_HEADERS = ["X-Request-Id", "Retry-After", "Idempotent-Replayed"]
_COMPONENTS = "#/components/schemas/"
_PROBLEM = {"application/problem+json": {"schema": {"$ref": f"{_COMPONENTS}Problem"}}}
_PROBLEMS: dict[int | str, dict[str, object]] = {
    # not as a model: FastAPI would make a validator of it for each route and status, which nothing ever calls
    status: {"description": text, "content": _PROBLEM}
    for status, text in ((401, "Not signed in"), (422, "Invalid input"), (503, "Not available now"))
}


class Verifier(Protocol):
    """Whatever checks tokens; `kit.auth` holds the one there is."""

    async def verify(self, token: str) -> object: ...


def create_app(
    service: Service,
    settings: ServiceSettings,
    *,
    routers: Sequence[APIRouter] = (),
    parts: Sequence[Part] = (),
    verifier: Verifier | None = None,
    health_details: Callable[[], Mapping[str, object]] | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
) -> FastAPI:
    """A service's application: its routers, and its `parts` started in order and stopped in reverse.

    A part that has a `door` stands before all that: what a Dapr sidecar delivers comes in by HTTP.
    """
    app = FastAPI(
        title=f"LearnFlow {service.name}",
        description=service.does,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would lead to whatever host the request names
        lifespan=_lifespan(service, parts),
        responses=_PROBLEMS,
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
        },  # kit.edge does all three, at a fifth of the cost
        middleware=[
            *(Middleware(door) for part in parts if (door := getattr(part, "door", None)) is not None),
            Middleware(Edge, service=service.name, max_body_bytes=max_body_bytes),
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.cors_origins),
                allow_credentials=True,
                allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
                allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Prefer", "Last-Event-ID"],
                expose_headers=_EXPOSED_HEADERS,
            ),
        ],
    )
    app.state.verifier = verifier
    add_error_handlers(app)
    generate = app.openapi
    add_docs(app)
    for router in (*routers, _operations(service, parts, health_details)):
        app.include_router(router)
    app.openapi = lambda: _with_problem_type(generate())  # type: ignore[method-assign]  # FastAPI's documented way
    return app


def _with_problem_type(document: dict[str, Any]) -> dict[str, Any]:
    """What the answers to every route refer to."""
    schema = Problem.model_json_schema(mode="serialization", ref_template=_COMPONENTS + "{model}")
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas |= {**schema.pop("$defs", {}), "Problem": schema}
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document


def _lifespan(service: Service, parts: Sequence[Part]) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        structlog.contextvars.bind_contextvars(service=service.name)
        async with AsyncExitStack() as stack:
            for part in parts:
                await part.start()
                stack.push_async_callback(part.stop)
            log.info("service.started")
            yield
            log.info("service.stopping")

    return lifespan


def _operations(
    service: Service, parts: Sequence[Part], health_details: Callable[[], Mapping[str, object]] | None
) -> APIRouter:
    router = APIRouter(tags=["operation"])

    @router.get("/health", summary="Is it alive?")
    async def health() -> Response:
        details = dict(health_details()) if health_details else {}
        return json_response({"status": "ok", "service": service.name, "version": __version__, **details})

    @router.get("/ready", summary="Can it work now, and if not, why?")
    async def ready() -> Response:
        reasons = await reasons_not_ready(parts)
        status = "not ready" if reasons else "ready"
        return json_response({"status": status, "service": service.name, "reasons": reasons}, 503 if reasons else 200)

    @router.get("/metrics", summary="Prometheus text")
    async def metrics() -> Response:
        content, media_type = exposition()
        return Response(content, media_type=media_type)

    return router


async def reasons_not_ready(parts: Sequence[Part]) -> dict[str, str]:
    """Part name -> reason, for the parts that cannot work now."""
    reasons = await asyncio.gather(*(part.reason_not_ready() for part in parts))
    return {part.name: reason for part, reason in zip(parts, reasons, strict=True) if reason}


def json_response(content: object, status: int = 200) -> Response:
    """A JSON answer encoded by orjson."""
    headers = {"Retry-After": "1"} if status == 503 else None
    return Response(json_bytes(content), status, headers, media_type="application/json")
