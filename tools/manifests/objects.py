"""Kubernetes objects as plain dicts, and their text."""

from __future__ import annotations

from typing import Any

import yaml

from learnflow.contracts.services import Service

Object = dict[str, Any]
"""One object of Kubernetes, or a part of one."""

NAME = "app.kubernetes.io/name"
COMPONENT = "app.kubernetes.io/component"
USES_DATABASE = "learnflow/database"
USES_BUS = "learnflow/bus"
HEADER = "# Generated from the tables in src/learnflow/contracts: change those, then run `python -m tools.reference`.\n"


def made(api: str, kind: str, name: str, **parts: Any) -> Object:
    """An object with its metadata; `labels` and `annotations` go there."""
    metadata: Object = {"name": name}
    for part in ("labels", "annotations"):
        if parts.get(part):
            metadata[part] = parts.pop(part)
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **parts}


def selector(service: Service) -> dict[str, str]:
    return {NAME: service.name}


def pods(service: Service) -> Object:
    """The pods of a service, as a peer of a network policy."""
    return {"podSelector": {"matchLabels": selector(service)}}


def labelled(label: str) -> Object:
    """The pods that carry a label, as a peer of a network policy."""
    return {"podSelector": {"matchLabels": {label: "true"}}}


def namespace(name: str) -> Object:
    """All pods of a namespace, as a peer of a network policy."""
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def tcp(*ports: int | str) -> list[Object]:
    return [{"protocol": "TCP", "port": port} for port in ports]


def text(*objects: Object) -> str:
    """A file of several documents."""
    return HEADER + "---\n".join(dumped(one) for one in objects)


def dumped(document: Object) -> str:
    """One document, its keys in their own order."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=118)


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's own
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's own
        return True


def _block_for_lines(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _block_for_lines)
