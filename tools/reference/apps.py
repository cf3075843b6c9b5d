"""Every built service's application, made without a database, a bus or a network: only its shape is read."""

from __future__ import annotations

import base64
import importlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import signature
from pathlib import Path
from typing import Any, get_type_hints

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from learnflow.contracts.services import Service, built_services
from learnflow.kit.settings import ServiceSettings


@contextmanager
def applications() -> Iterator[dict[str, FastAPI]]:
    """Service name -> its application; nothing is started."""
    with tempfile.TemporaryDirectory() as folder:
        key_file = Path(folder) / "master.key"
        key_file.write_bytes(base64.b64encode(bytes(32)))
        key_file.chmod(0o600)
        yield {service.name: _create(service, key_file) for service in built_services()}


def routes(app: FastAPI) -> list[str]:
    """Every route that exists, in the schema or not: `GET /ready`, `WS /ws/chat/{student_id}`."""
    found = set()
    for route in iter_route_contexts(app.routes):
        methods = getattr(route, "methods", None) or {"WS"}
        found |= {f"{method} {route.path}" for method in methods - {"HEAD"}}
    return sorted(found, key=lambda name: name.split(" ")[::-1])


def settings_class(service: Service) -> type[ServiceSettings]:
    """What the service's `create` takes."""
    create = importlib.import_module(f"{service.module}.app").create
    first = next(iter(signature(create).parameters))
    found: type[ServiceSettings] = get_type_hints(create)[first]
    return found


def _create(service: Service, key_file: Path) -> FastAPI:
    given: dict[str, Any] = {
        "database_url": "postgresql://reference:reference@127.0.0.1:1/reference",
        "master_key_file": key_file,
        "service_secret": "reference",
    }
    settings = settings_class(service)(_env_file=None, **given)
    application: FastAPI = importlib.import_module(f"{service.module}.app").create(settings)
    return application
