"""OpenAPI of each service, and one document of all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

from learnflow import __version__
from learnflow.contracts.services import API_GATEWAY, SERVICES, Service
from tools.reference.text import as_json, as_yaml

Document = dict[str, Any]
COMMON_PATHS = {"/health", "/ready", "/metrics", "/openapi.json", "/docs"}
SHARED_PATHS = COMMON_PATHS | {"/export/{user_id}"}
"""The same in several services, which all show it among their own."""


def openapi_documents(apps: Mapping[str, FastAPI]) -> dict[str, str]:
    """File -> text, for every service and for the whole."""
    documents = {name: app.openapi() for name, app in apps.items()}
    files = {f"docs/reference/openapi/{name}.json": as_json(document) for name, document in documents.items()}
    return files | {"docs/reference/openapi.yaml": as_yaml(merged(documents))}


def merged(documents: Mapping[str, Document]) -> Document:
    """All paths in one document: the public API at the gateway, the services' own with the server that has them."""
    paths: Document = {}
    schemas: Document = {}
    security: Document = {}
    for name, document in _gateway_first(documents):
        renamed = _with_own_schema_names(name, document)
        schemas |= renamed["components"]["schemas"]
        security |= document.get("components", {}).get("securitySchemes", {})
        for path, item in sorted(renamed["paths"].items()):
            _add(paths, path, item, SERVICES[name])
    return {
        "openapi": "3.1.0",
        "info": {"title": "LearnFlow", "version": __version__, "description": "Every HTTP path of every service."},
        "servers": [_server(API_GATEWAY)],
        "tags": [{"name": name, "description": SERVICES[name].does} for name, _ in _gateway_first(documents)],
        "paths": paths,
        "components": {"securitySchemes": security, "schemas": dict(sorted(schemas.items()))},
    }


def _gateway_first(documents: Mapping[str, Document]) -> list[tuple[str, Document]]:
    return sorted(documents.items(), key=lambda entry: (entry[0] != API_GATEWAY.name, entry[0]))


def _server(service: Service) -> Document:
    return {"url": f"http://127.0.0.1:{service.port}", "description": service.name}


def _add(paths: Document, path: str, item: Document, service: Service) -> None:
    operations = {method: _operation(operation, service) for method, operation in item.items()}
    if path not in paths:
        paths[path] = {"servers": [_server(service)], **operations}
        return
    if set(operations) & set(paths[path]) and path not in SHARED_PATHS:
        raise ValueError(f"{path} of {service.name} exists in another service too")
    paths[path]["servers"].append(_server(service))
    paths[path] |= {method: entry for method, entry in operations.items() if method not in paths[path]}


def _operation(operation: Document, service: Service) -> Document:
    identifier = f"{service.name}.{operation['operationId']}".replace("-", "_")
    return {**operation, "operationId": identifier, "tags": [service.name]}


def _with_own_schema_names(name: str, document: Document) -> Document:
    """Schemas that only this service has carry its name: two services may both have a `Settings` or an `Answer`."""
    prefix = "".join(part.capitalize() for part in name.split("-"))
    shared = {"Problem", "FieldProblem", "HTTPValidationError", "ValidationError", "OwnRecord", "OwnRecords"}

    def own(schema: str) -> str:
        return schema if schema in shared else f"{prefix}_{schema}"

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: walk(entry) for key, entry in value.items()}
        if isinstance(value, list):
            return [walk(entry) for entry in value]
        if isinstance(value, str):
            return re.sub(r"^(#/components/schemas/)(.+)$", lambda found: found[1] + own(found[2]), value)
        return value

    walked: Document = walk(document)
    schemas = walked.get("components", {}).get("schemas", {})
    return walked | {"components": {"schemas": {own(schema): entry for schema, entry in schemas.items()}}}
