"""Schemas that kubeconform reads without a network: Kubernetes' own out of a wheel, and those of definitions (CRDs)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

from learnflow.runtime.servers.kubernetes import SCHEMAS

OWN_FIELDS = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}


def write_schemas(folder: Path, definitions: Iterable[Path]) -> str:
    """Fill the folder; returns the location that kubeconform is told."""
    wheel = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / f"v{SCHEMAS}-local-strict"
    for path in wheel.glob("*.json"):
        # "$id" is an address, and references would be fetched from there; without it they stay beside the file
        schema = json.loads(path.read_text(encoding="utf-8").replace('"/api/_definitions.json#', '"_definitions.json#'))
        schema.pop("$id", None)
        (folder / path.name).write_text(json.dumps(schema), encoding="utf-8")
    for path in definitions:
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            if document and document["kind"] == "CustomResourceDefinition":
                _write_definition(folder, document["spec"])
    return str(folder) + "/{{.ResourceKind}}{{.KindSuffix}}.json"


def _write_definition(folder: Path, spec: dict[str, Any]) -> None:
    for version in spec["versions"]:
        schema = version["schema"]["openAPIV3Schema"]
        schema.setdefault("properties", {}).update(OWN_FIELDS)
        _strict(schema)
        name = f"{spec['names']['kind']}-{spec['group'].split('.')[0]}-{version['name']}.json".lower()
        (folder / name).write_text(json.dumps(schema), encoding="utf-8")


def _strict(node: Any) -> None:
    """What is not named is refused, as the API server does when it is asked to be strict."""
    if isinstance(node, list):
        for value in node:
            _strict(value)
    if not isinstance(node, dict):
        return
    if "properties" in node and not node.get("x-kubernetes-preserve-unknown-fields"):
        node.setdefault("additionalProperties", False)
    if node.pop("nullable", False) and isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
    if node.get("x-kubernetes-int-or-string"):
        node.pop("type", None)
        node["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    for value in node.values():
        _strict(value)
