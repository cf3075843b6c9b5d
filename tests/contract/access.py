"""tests/contract/access.yaml: who may call what, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

CALLERS = ("nobody", "owner", "stranger", "teacher", "own_teacher", "service", "admin")
VERDICTS = (True, 401, 403, 404)
TABLE = Path(__file__).with_name("access.yaml")


@dataclass(frozen=True)
class Entry:
    """One route: what each kind of caller gets (True: let through, else the status), and how it is called.

    `query` is what stands behind the path's question mark. `lets` is a status that says "let through, but there is
    no such thing".
    """

    service: str
    method: str
    path: str
    verdicts: Mapping[str, bool | int]
    fill: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    lets: int | None = None

    @property
    def route(self) -> str:
        return f"{self.method} {self.path}"


def read_table(built: list[str], path: Path = TABLE) -> list[Entry]:
    """All entries, those of `common` once for each built service."""
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    rules = {name: _verdicts(name, rule) for name, rule in table["rules"].items()}
    entries = [_entry(name, route, spec, rules) for name in built for route, spec in table["common"].items()]
    for name, routes in table["services"].items():
        if name not in built:
            raise ValueError(f"{name} is not built")
        entries += [_entry(name, route, spec, rules) for route, spec in routes.items()]
    return entries


def _verdicts(name: str, rule: Mapping[str, bool | int]) -> Mapping[str, bool | int]:
    if tuple(rule) != CALLERS or any(verdict not in VERDICTS for verdict in rule.values()):
        raise ValueError(f"rule {name}: one of {VERDICTS} for each of {CALLERS}, in this order")
    return rule


def _entry(service: str, route: str, spec: Any, rules: Mapping[str, Mapping[str, bool | int]]) -> Entry:
    more = {"rule": spec} if isinstance(spec, str) else dict(spec)
    method, _, path = route.partition(" ")
    return Entry(service, method, path, rules[more.pop("rule")], **more)
