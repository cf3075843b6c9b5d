"""The base of the manifests, read as it is checked in: the tables, the settings and the Secrets fit together.

What kustomize makes of it in each overlay, and what a real API server says, is in tests/distributed/kubernetes.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from learnflow.contracts.services import CODE_EXECUTION, built_services
from learnflow.contracts.topics import TOPICS
from tests.architecture.source import ROOT
from tools.manifests import monitoring
from tools.manifests.check import findings
from tools.manifests.documents import manifest_documents
from tools.manifests.kafka import create_script, topics
from tools.manifests.objects import Object

BASE = ROOT / "deploy/k8s/base"


def _objects() -> list[Object]:
    """What the base's kustomization names, with the ConfigMaps that it makes."""
    kustomization = yaml.safe_load((BASE / "kustomization.yaml").read_text(encoding="utf-8"))
    found = [
        one
        for name in kustomization["resources"]
        for one in yaml.safe_load_all((BASE / name).read_text(encoding="utf-8"))
    ]
    for made in kustomization["configMapGenerator"]:
        data = dict(literal.split("=", 1) for literal in made["literals"])
        found.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": made["name"]}, "data": data})
    return found


def _said(objects: list[Object]) -> list[str]:
    found = findings(yaml.safe_dump_all(objects))
    return [line for line in found if not line.startswith("floating-image:")]  # the overlays say which


@pytest.mark.plan("P-RULE-kubernetes")
def test_the_base_has_one_file_for_each_service_and_nothing_is_wrong_with_it() -> None:
    assert {service.name for service in built_services()} <= {path.stem for path in BASE.glob("*.yaml")}
    assert _said(_objects()) == []


def test_the_generator_gives_the_same_twice() -> None:
    assert manifest_documents() == manifest_documents()


def _deployment(objects: list[Object], name: str) -> Any:
    return next(one for one in objects if one["kind"] == "Deployment" and one["metadata"]["name"] == name)


def _pod(objects: list[Object], name: str) -> Any:
    return _deployment(objects, name)["spec"]["template"]["spec"]


MISTAKES: dict[str, Callable[[list[Object]], object]] = {
    "unknown-variable": lambda all_: _pod(all_, "triage")["containers"][0]["env"].append(
        {"name": "LEARNFLOW_BUSS", "value": "log"}
    ),
    "missing-secret": lambda all_: _pod(all_, "debug")["volumes"][1]["secret"].update(secretName="learnflow-masterkey"),
    "sandbox-with-too-much": lambda all_: _pod(all_, CODE_EXECUTION.name)["containers"][0]["envFrom"].append(
        {"configMapRef": {"name": "learnflow-backends"}}
    ),
    "service-without-deployment": lambda all_: all_.remove(_deployment(all_, "websocket")),
    "wrong-port": lambda all_: _pod(all_, "web")["containers"][0]["ports"][0].update(containerPort=8080),
}


@pytest.mark.parametrize("rule", MISTAKES)
def test_a_planted_mistake_is_named(rule: str) -> None:
    objects = _objects()
    MISTAKES[rule](objects)
    assert [line for line in _said(objects) if line.startswith(f"{rule}: ")]


def test_every_topic_and_dead_letter_is_made_on_kafka() -> None:
    wanted = {name for topic in TOPICS.values() for name in (topic.name, topic.dead_letter)}
    assert {one["spec"]["topicName"] for one in topics()} == wanted
    assert set(re.findall(r"--topic (\S+)", create_script())) == wanted


def test_alerts_and_panels_ask_for_metrics_that_the_services_have() -> None:
    for module in ("kit.metrics", "kit.bus.metrics", "services.code_execution.metrics"):
        importlib.import_module(f"learnflow.{module}")
    there = {
        sample
        for family in REGISTRY.collect()
        for sample in (family.name, f"{family.name}_total", f"{family.name}_bucket")
    }
    asked = set(re.findall(r"learnflow_\w+", monitoring.rules() + monitoring.dashboard()))
    assert asked - there == set()
