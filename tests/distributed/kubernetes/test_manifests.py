"""Each overlay as kustomize builds it: by its schemas, by our own rules, and with a mistake in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.architecture.source import ROOT
from tests.distributed.kubernetes.conftest import OVERLAYS, objects_of
from tests.distributed.kubernetes.mistakes import BY_KUBECONFORM, BY_OUR_RULES, IN_DEPLOY_DAPR, planted
from tools.manifests.check import findings
from tools.manifests.check_backends import KNOWN_METADATA
from tools.manifests.objects import Object

OF_THE_RUNTIME = {"allowedTopics", "subscriptionScopes", "keyPrefix", "connectionString"}
"""Fields that the sidecar reads itself, whatever the component is; the address is told with each way to sign in."""
DAPR = ROOT / "deploy/dapr"
Build = Callable[[str], str]


@pytest.mark.plan("P-DEPLOY-overlays")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_is_what_its_schema_says(build: Build, kubeconform: Callable[[str], str], overlay: str) -> None:
    assert kubeconform(build(overlay)) == ""


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_our_own_rules_find_nothing(build: Build, overlay: str) -> None:
    assert findings(build(overlay)) == []


@pytest.mark.parametrize("mistake", BY_KUBECONFORM)
def test_kubeconform_names(build: Build, kubeconform: Callable[[str], str], mistake: str) -> None:
    wanted = BY_KUBECONFORM[mistake]
    assert wanted.named in kubeconform(planted(objects_of(build("production")), wanted))


def _of_dapr(folder: str) -> list[Object]:
    """What Dapr reads there; kustomize's own file is none of its kinds."""
    paths = [path for path in sorted((DAPR / folder).glob("*.yaml")) if path.stem != "kustomization"]
    return [one for path in paths for one in objects_of(path.read_text(encoding="utf-8"))]


@pytest.mark.plan("P-DEPLOY-overlays")
@pytest.mark.parametrize("folder", ["cluster", "local"])
def test_deploy_dapr_is_what_daprs_own_definitions_say(kubeconform: Callable[[str], str], folder: str) -> None:
    objects = _of_dapr(folder)
    assert {one["kind"] for one in objects} == {"Component", "Configuration", "Resiliency", "Subscription"}
    assert kubeconform(yaml.safe_dump_all(objects, sort_keys=False)) == ""


@pytest.mark.parametrize("mistake", IN_DEPLOY_DAPR)
def test_kubeconform_names_in_deploy_dapr(kubeconform: Callable[[str], str], mistake: str) -> None:
    wanted = IN_DEPLOY_DAPR[mistake]
    assert wanted.named in kubeconform(planted(_of_dapr("cluster"), wanted))


def test_kubeconform_names_a_key_that_stands_twice(kubeconform: Callable[[str], str]) -> None:
    twice = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: '1'\n  a: '2'\n"
    assert "already set in map" in kubeconform(twice)


@pytest.mark.parametrize("mistake", BY_OUR_RULES)
def test_our_rules_name(build: Build, mistake: str) -> None:
    wanted = BY_OUR_RULES[mistake]
    found = findings(planted(objects_of(build("production")), wanted))
    assert [line for line in found if line.startswith(wanted.named)], found


def test_dapr_describes_every_field_of_our_components(kubernetes_made: Path) -> None:
    for kind, fields in KNOWN_METADATA.items():
        text = (kubernetes_made / "components" / f"{kind.replace('/', '-')}.yaml").read_text(encoding="utf-8")
        described = yaml.safe_load(text)
        profiles = (described.get(name) or [] for name in ("builtinAuthenticationProfiles", "authenticationProfiles"))
        several = [described, *(one for group in profiles for one in group)]
        known = {field["name"] for one in several for field in one.get("metadata", [])}
        assert fields - known - OF_THE_RUNTIME == set(), kind


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_one_file_of_the_base_holds_one_service(build: Build, overlay: str) -> None:
    kinds = {one["kind"] for one in objects_of(build(overlay)) if one["metadata"]["name"] == "debug"}
    wanted = {
        "Deployment",
        "Service",
        "ServiceAccount",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "NetworkPolicy",
    }
    assert wanted <= kinds
