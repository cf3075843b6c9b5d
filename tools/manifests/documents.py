"""Every generated file under deploy/k8s; what is written by hand stands beside them."""

from __future__ import annotations

from learnflow.contracts.services import built_services
from learnflow.contracts.topics import TOPICS
from tools.manifests import dapr, kafka, monitoring, network, workload
from tools.manifests.compose import compose
from tools.manifests.migration import migration
from tools.manifests.objects import HEADER, Object, made, text
from tools.manifests.secret_keys import ASKED_FOR, MADE
from tools.manifests.workload import secret_of

K8S = "deploy/k8s"
OWNED = (f"{K8S}/base/*.yaml", f"{K8S}/components/dapr/sidecars/*.yaml")
"""Folders whose files are all generated but for the kustomization."""


def manifest_documents() -> dict[str, str]:
    """File (from the root) -> text."""
    services = built_services()
    base = {f"{K8S}/base/{one.name}.yaml": text(*workload.objects(one), network.policy(one)) for one in services}
    parts = f"{K8S}/components"
    return base | {
        "deploy/compose.yaml": compose(),
        f"{K8S}/base/kustomization.yaml": _base_kustomization(),
        f"{K8S}/base/migration.yaml": text(*migration()),
        f"{K8S}/base/namespace.yaml": text(namespace()),
        f"{K8S}/base/network.yaml": text(*network.everybody()),
        **{f"{parts}/dapr/sidecars/{one.name}.yaml": text(dapr.sidecar(one)) for one in dapr.with_sidecar()},
        f"{parts}/dapr/components.yaml": text(dapr.pubsub(), dapr.state()),
        f"{parts}/dapr/subscriptions.yaml": text(*dapr.subscriptions()),
        f"{parts}/dapr/resiliency.yaml": text(dapr.resiliency()),
        f"{parts}/dapr/configurations.yaml": text(*dapr.configurations()),
        f"{parts}/dapr/network.yaml": text(*network.sidecars()),
        f"{parts}/dapr/kustomization.yaml": _dapr_kustomization(),
        f"{parts}/ingress/network.yaml": text(*network.pages()),
        f"{parts}/kafka/topics.yaml": text(*kafka.topics()),
        f"{parts}/kafka/network.yaml": text(*network.broker({"strimzi.io/cluster": kafka.CLUSTER})),
        f"{parts}/kafka-single/topics.sh": HEADER + kafka.create_script(),
        f"{parts}/kafka-single/network.yaml": text(*network.broker({"app.kubernetes.io/name": "kafka"})),
        f"{parts}/postgres/network.yaml": text(*network.database()),
        f"{parts}/monitoring/network.yaml": text(*network.measured()),
        f"{parts}/monitoring/rules.yaml": monitoring.rules(),
        f"{parts}/monitoring/dashboard.json": monitoring.dashboard(),
        f"{K8S}/topics.txt": "".join(f"{name}\n" for one in TOPICS.values() for name in (one.name, one.dead_letter)),
        f"{K8S}/services.txt": "".join(f"{one.name} {one.port}\n" for one in services),
        f"{K8S}/overlays/minikube/secrets.txt": _wanted(MADE),
        f"{K8S}/overlays/production/secrets.txt": _wanted(MADE | ASKED_FOR),
        f"{K8S}/overlays/production/pubsub.yaml": text(dapr.pubsub(secured=True)),
        f"{K8S}/overlays/production/network.yaml": text(*network.elsewhere()),
    }


def namespace() -> Object:
    """Ours, with the strictest of Kubernetes' own rules for pods."""
    restricted = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    return made("v1", "Namespace", "learnflow", labels=restricted)


def _wanted(secrets: dict[str, set[str]]) -> str:
    """What deploy.sh looks for; a direct address beside the pooled one is nobody's duty."""
    lines = sorted(f"{name} {key}" for name, keys in secrets.items() for key in keys)
    optional = {f"{secret_of(one)} direct-database-url" for one in built_services()}
    return "".join(f"{line}\n" for line in lines if line not in optional)


def _base_kustomization() -> str:
    files = ["namespace.yaml", "migration.yaml", "network.yaml", *(f"{one.name}.yaml" for one in built_services())]
    common = {
        "LEARNFLOW_HOST": "0.0.0.0",  # noqa: S104 - the pod's own address; network policies say who gets there
        "LEARNFLOW_INVOKE_HOST": "{service}",
        "LEARNFLOW_LOG_FORMAT": "json",
        "LEARNFLOW_LOG_LEVEL": "info",
    }
    bus = {"LEARNFLOW_BUS": "kafka", "LEARNFLOW_KAFKA_SERVERS": "kafka:9092"}
    configs = [(workload.COMMON, common), (workload.BACKENDS, bus), *_own_configs()]
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": files,
        "labels": [{"pairs": {"app.kubernetes.io/part-of": "learnflow"}, "includeTemplates": True}],
        "configMapGenerator": [
            {"name": name, "literals": [f"{key}={value}" for key, value in values.items()]} for name, values in configs
        ],
    }
    return text(kustomization)


def _own_configs() -> list[tuple[str, dict[str, str]]]:
    local = "http://localhost:3000"
    return [
        ("learnflow-api-gateway", {"LEARNFLOW_API_GATEWAY_PUBLIC_URL": local}),
        ("learnflow-notification", {"LEARNFLOW_NOTIFICATION_MAIL_FROM": "learnflow@localhost"}),
        ("learnflow-web", {"LEARNFLOW_WEB_TRUSTED_PROXIES": ""}),
    ]


def _dapr_kustomization() -> str:
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "resources": [f"{name}.yaml" for name in DAPR_FILES],
        "patches": [{"path": f"sidecars/{one.name}.yaml"} for one in dapr.with_sidecar()],
        "configMapGenerator": [
            {"name": workload.BACKENDS, "behavior": "merge", "literals": ["LEARNFLOW_BUS=dapr"]},
        ],
    }
    return text(kustomization)


DAPR_FILES = ("components", "subscriptions", "resiliency", "configurations", "network")
