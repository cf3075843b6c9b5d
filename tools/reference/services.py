"""Each service's README, and the table of services in the repository's README."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from inspect import cleandoc

from fastapi import FastAPI
from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from learnflow.contracts.events import EVENTS
from learnflow.contracts.services import SERVICES, Service, built_services
from learnflow.contracts.topics import Topic
from learnflow.kit.settings import ServiceSettings
from tools.reference.apps import routes, settings_class
from tools.reference.catalogue import Catalogue, Table
from tools.reference.openapi import COMMON_PATHS
from tools.reference.schema import owner
from tools.reference.text import GENERATED, replace_block, table


def service_documents(apps: Mapping[str, FastAPI], catalogue: Catalogue) -> dict[str, str]:
    return {
        f"src/{(service.module or '').replace('.', '/')}/README.md": _readme(service, apps[service.name], catalogue)
        for service in built_services()
    }


def with_service_table(readme: str) -> str:
    """The repository's README with the table of services as it is now."""
    rows = (
        [
            f"[{service.name}](src/{service.module.replace('.', '/')}/README.md)" if service.module else service.name,
            str(service.port),
            service.does if service.module else f"{service.does} *(not built yet)*",
        ]
        for service in SERVICES.values()
    )
    return replace_block(readme, "services", table(["service", "port", "does"], rows))


def _readme(service: Service, app: FastAPI, catalogue: Catalogue) -> str:
    doc = cleandoc(importlib.import_module(str(service.module)).__doc__ or "")
    parts = [
        f"# {service.name}\n\n*{GENERATED}*\n\n{doc}\n",
        f"Port {service.port} · start it alone with `./learnflow serve {service.name}`.\n",
        f"## Topics\n\n{_topics(service)}",
        f"## Tables\n\n{_tables(service, catalogue)}",
        f"## Routes\n\nBeside `GET /health`, `/ready`, `/metrics`, `/docs` and `/openapi.json`:\n\n{_routes(app)}",
        f"## Settings\n\nBeside the common ones of `learnflow.kit.settings`:\n\n{_settings(service)}",
    ]
    return "\n".join(parts)


def _topics(service: Service) -> str:
    if not (service.reads or service.writes):
        return "None: it reaches no bus.\n"
    return table(
        ["topic", "reads", "writes", "events on it"],
        (
            [
                f"`{topic.name}`",
                "yes" if topic in service.reads else "",
                "yes" if topic in service.writes else "",
                _facts(topic),
            ]
            for topic in dict.fromkeys((*service.reads, *service.writes))
        ),
    )


def _facts(topic: Topic) -> str:
    return ", ".join(fact.__name__ for fact in EVENTS.values() if fact.topic == topic) or "-"


def _tables(service: Service, catalogue: Catalogue) -> str:
    if not service.database:
        return "None: it reaches no database.\n"
    own_first = sorted(catalogue.tables, key=lambda entry: owner(entry) != service.name)
    rows = [row for entry in own_first if (row := _rights(service, entry))]
    return table(["table", "rights", "written by", "what it holds"], rows) if rows else "None.\n"


def _rights(service: Service, entry: Table) -> list[str] | None:
    rights = entry.grants.get(service.role)
    if not rights:
        return None
    return [f"`{entry.full_name}`", ", ".join(rights), owner(entry), entry.comment]


def _routes(app: FastAPI) -> str:
    rows = [
        [f"`{method.upper()} {path}`", operation.get("summary", "")]
        for path, item in sorted(app.openapi()["paths"].items())
        if path not in COMMON_PATHS
        for method, operation in item.items()
    ]
    rows += [[f"`{name}`", "WebSocket"] for name in routes(app) if name.startswith("WS ")]
    return table(["route", "does"], rows) if rows else "None.\n"


def _settings(service: Service) -> str:
    cls = settings_class(service)
    own = [name for name in cls.model_fields if name not in ServiceSettings.model_fields]
    if not own:
        return "None.\n"
    return table(["variable", "default", "what"], ([*_field(cls, name)] for name in own))


def _field(cls: type[ServiceSettings], name: str) -> tuple[str, str, str]:
    entry = cls.model_fields[name]
    default = "required" if entry.is_required() else f"`{entry.default!s}`"
    if entry.default_factory is not None:
        default = "as the machine is"
    return f"`{_variable(name, entry)}`", default, entry.description or ""


def _variable(name: str, entry: FieldInfo) -> str:
    alias = entry.validation_alias
    names = [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [str(alias or "")]
    return next((found for found in names if found.isupper()), f"LEARNFLOW_{name.upper()}")
