"""The objects of a built overlay, and the questions that the rules ask about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from learnflow.contracts.services import SERVICES, Service
from tools.manifests.objects import Object

WITH_PODS = ("Deployment", "StatefulSet", "Job")


@dataclass(frozen=True)
class Loaded:
    objects: list[Object]

    def of(self, *kinds: str) -> Iterator[Object]:
        return (one for one in self.objects if one["kind"] in kinds)

    def named(self, kind: str) -> dict[str, Object]:
        return {name_of(one): one for one in self.of(kind)}

    def services(self) -> Iterator[tuple[Service, Object]]:
        """The Deployments of the table's services."""
        return ((SERVICES[name_of(one)], one) for one in self.of("Deployment") if name_of(one) in SERVICES)

    def pod_labels(self) -> list[dict[str, str]]:
        return [template_of(one)["metadata"].get("labels", {}) for one in self.of(*WITH_PODS)]

    def selects_something(self, selector: Object) -> bool:
        return any(matches(selector, labels) for labels in self.pod_labels())

    def values_of(self, pod: Object) -> dict[str, str]:
        """The plain variables of a pod's first container, its ConfigMaps' first as Kubernetes reads them."""
        found: dict[str, str] = {}
        container = pod["containers"][0]
        maps = self.named("ConfigMap")
        for source in container.get("envFrom", []):
            name = source.get("configMapRef", {}).get("name")
            found |= maps.get(name, {}).get("data", {})
        return found | {one["name"]: one["value"] for one in container.get("env", []) if "value" in one}


def name_of(one: Object) -> str:
    return str(one["metadata"]["name"])


def label(one: Object) -> str:
    return f"{one['kind']}/{name_of(one)}"


def template_of(one: Object) -> Object:
    found: Object = one["spec"]["template"]
    return found


def pod_of(one: Object) -> Object:
    found: Object = template_of(one)["spec"]
    return found


def matches(selector: Object, labels: Mapping[str, str]) -> bool:
    """Whether a label selector takes these labels; an empty one takes all."""
    plain = selector.get("matchLabels", {})
    wanted = selector.get("matchExpressions", [])
    return all(labels.get(key) == value for key, value in plain.items()) and all(
        _holds(expression, labels) for expression in wanted
    )


def _holds(expression: Object, labels: Mapping[str, str]) -> bool:
    inside = labels.get(expression["key"]) in expression.get("values", [])
    return {"In": inside, "NotIn": not inside, "Exists": expression["key"] in labels}.get(expression["operator"], True)
