"""deploy/dapr: what Dapr reads, for a cluster and for this machine, from the tables of services and topics."""

from __future__ import annotations

from typing import Any

import yaml

from learnflow.runtime.servers import dapr_files
from learnflow.runtime.servers.dapr_files import Place

GENERATED = "Generated from the tables of services and topics by `python -m tools.reference`; edit those."
CLUSTER_HEADER = f"""{GENERATED}
For Kubernetes: `components: [../../dapr/cluster]` in a kustomization includes this folder. Beside it: the Secrets
learnflow-kafka (servers, user, password, ca.crt) and learnflow-dapr-state (dsn); on each pod the annotations
dapr.io/app-id, app-port, config: learnflow, api-token-secret, app-token-secret, enable-app-health-check, /health."""
LOCAL_HEADER = f"""{GENERATED}
For this machine, by Dapr's own command: `dapr run -f deploy/dapr/dapr.yaml`. `./learnflow up --bus dapr` writes
its own and needs none of these. Kafka on 127.0.0.1:9092; LEARNFLOW_STATE_DSN in the environment."""
FIRST_SIDECAR_PORT = 3600

CLUSTER = Place(
    kafka={
        "brokers": ("learnflow-kafka", "servers"),
        "authType": "password",
        "saslMechanism": "SHA-512",
        "saslUsername": ("learnflow-kafka", "user"),
        "saslPassword": ("learnflow-kafka", "password"),
        "disableTls": "false",
        "caCert": ("learnflow-kafka", "ca.crt"),
    },
    secret_store="kubernetes",  # noqa: S106 - a kind of store
    state_dsn=("learnflow-dapr-state", "dsn"),
)
LOCAL = Place(
    kafka={"brokers": "127.0.0.1:9092", "authType": "none", "disableTls": "true"},
    secret_store="local.env",  # noqa: S106 - a kind of store
    state_dsn=(dapr_files.STATE_DSN, dapr_files.STATE_DSN),
    resolution=dapr_files.names_in("/tmp/learnflow-dapr-names.db"),  # noqa: S108 - names and ports alone
)


def dapr_documents() -> dict[str, str]:
    """File -> text."""
    files = {"deploy/dapr/dapr.yaml": _commented([_run()], LOCAL_HEADER)}
    for folder, place, header in (("cluster", CLUSTER, CLUSTER_HEADER), ("local", LOCAL, LOCAL_HEADER)):
        for name, documents in _documents(place).items():
            files[f"deploy/dapr/{folder}/{name}.yaml"] = _commented(documents, header)
    files["deploy/dapr/cluster/kustomization.yaml"] = _commented([_kustomization()], CLUSTER_HEADER)
    return files


def _documents(place: Place) -> dict[str, list[dict[str, Any]]]:
    return {
        "components": dapr_files.components(place),
        "subscriptions": dapr_files.subscriptions(),
        "resiliency": [dapr_files.resiliency()],
        "configuration": [dapr_files.configuration(place)],
    }


def _kustomization() -> dict[str, Any]:
    resources = [f"{name}.yaml" for name in _documents(CLUSTER)]
    return {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component", "resources": resources}


def _run() -> dict[str, Any]:
    """Multi-app run: each service beside its sidecar, as one command starts them."""
    apps = [
        {
            "appID": service.name,
            "appDirPath": "../..",
            "appPort": service.port,
            "daprHTTPPort": FIRST_SIDECAR_PORT + number,
            "enableAppHealthCheck": True,
            "appHealthCheckPath": "/health",
            "appHealthProbeInterval": 1,
            "command": ["./learnflow", "serve", service.name],
            "env": {"LEARNFLOW_BUS": "dapr"},
        }
        for number, service in enumerate(dapr_files.with_sidecar())
    ]
    common = {"resourcesPath": "local", "configFilePath": "local/configuration.yaml"}
    return {"version": 1, "common": common, "apps": apps}


def _commented(documents: list[dict[str, Any]], header: str) -> str:
    text = yaml.safe_dump_all(documents, sort_keys=False, width=120, explicit_start=len(documents) > 1)
    return "".join(f"# {line}\n" for line in header.splitlines()) + text
