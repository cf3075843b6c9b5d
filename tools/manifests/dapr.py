"""Dapr in a cluster: what its sidecars are told, and the annotations that bring them.

Components, subscriptions and resiliency are those of `up --bus dapr` (runtime/servers/dapr_files), at another place.
"""

from __future__ import annotations

from learnflow.contracts.calls import callers
from learnflow.contracts.services import CODE_EXECUTION, WEB, Service
from learnflow.runtime.servers import dapr_files
from learnflow.runtime.servers.dapr_files import Place, Secret, on_the_bus, resiliency, subscriptions, with_sidecar
from tools.manifests.objects import Object, made
from tools.manifests.secret_keys import API_TOKEN, APP_TOKEN, STATE
from tools.manifests.workload import CONTAINER, secret_variable

__all__ = [
    "configurations",
    "on_the_bus",
    "pubsub",
    "resiliency",
    "sidecar",
    "state",
    "subscriptions",
    "with_sidecar",
]

TRUST, NAMESPACE = "learnflow", "learnflow"
PLAIN: dict[str, str | Secret] = {"brokers": "kafka:9092", "authType": "none", "disableTls": "true"}
SECURED: dict[str, str | Secret] = {
    "brokers": "learnflow-kafka-bootstrap:9093",
    "authType": "password",
    "saslMechanism": "SHA-512",
    "saslUsername": ("learnflow-kafka", "user"),
    "saslPassword": ("learnflow-kafka", "password"),
    "disableTls": "false",
    "caCert": ("learnflow-kafka", "ca.crt"),
}
"""SASL over TLS: what production says."""
MTLS: Object = {
    "enabled": True,
    "workloadCertTTL": "24h",
    "allowedClockSkew": "15m",
    # as Dapr's own chart names them
    "controlPlaneTrustDomain": "cluster.local",
    "sentryAddress": "dapr-sentry.dapr-system.svc.cluster.local:443",
}


def pubsub(*, secured: bool = False) -> Object:
    return _component(dapr_files.bus(_place(SECURED if secured else PLAIN)))


def state() -> Object:
    components = dapr_files.components(_place(PLAIN))
    return _component(next(one for one in components if one["metadata"]["name"] == dapr_files.STATE))


def configurations() -> list[Object]:
    """One for each service: encrypted between sidecars, and only its callers get through."""
    return [_configuration(service) for service in with_sidecar()]


def sidecar(service: Service) -> Object:
    """A patch that gives the service its sidecar, and the tokens by which the two know each other."""
    told = {
        "dapr.io/enabled": "true",
        "dapr.io/app-id": service.name,
        "dapr.io/app-port": str(service.port),
        "dapr.io/app-protocol": "http",
        "dapr.io/config": service.name,
        "dapr.io/log-as-json": "true",
        "dapr.io/enable-app-health-check": "true",
        "dapr.io/app-health-check-path": "/health",
        "dapr.io/app-health-probe-interval": "1",
        "dapr.io/sidecar-cpu-request": "50m",
        "dapr.io/sidecar-cpu-limit": "500m",
        "dapr.io/sidecar-memory-request": "96Mi",
        "dapr.io/sidecar-memory-limit": "256Mi",
        "dapr.io/sidecar-seccomp-profile-type": "RuntimeDefault",
        "dapr.io/block-shutdown-duration": "10s",
    }
    template: Object = {"metadata": {"annotations": told}}
    if service != CODE_EXECUTION:
        # the sandbox holds no secret, so nothing in its pod is asked for one
        told |= {"dapr.io/api-token-secret": API_TOKEN, "dapr.io/app-token-secret": APP_TOKEN}
        tokens = [
            secret_variable("LEARNFLOW_DAPR_API_TOKEN", API_TOKEN, "token"),
            secret_variable("LEARNFLOW_APP_API_TOKEN", APP_TOKEN, "token"),
        ]
        template["spec"] = {"containers": [{"name": CONTAINER, "env": tokens}]}
    return made("apps/v1", "Deployment", service.name, spec={"template": template})


def _place(kafka: dict[str, str | Secret]) -> Place:
    return Place(
        kafka=kafka,
        secret_store="kubernetes",  # noqa: S106 - the kind of store
        state_dsn=(STATE, "connection-string"),
        mtls=MTLS,
        session="3s",
        heartbeat="500ms",
    )


def _component(document: Object) -> Object:
    # in a cluster Dapr reads the Secrets that a component names by itself
    return {key: value for key, value in document.items() if key != "auth"}


def _configuration(service: Service) -> Object:
    spec: Object = dict(dapr_files.configuration(_place(PLAIN))["spec"])
    # the service's own secret comes as a variable, by reference
    spec["secrets"] = {"scopes": [{"storeName": "kubernetes", "defaultAccess": "deny", "allowedSecrets": []}]}
    nobody = [{"name": "/events/**", "httpVerb": ["*"], "action": "deny"}]
    spec["accessControl"] = {
        "defaultAction": "deny",
        "trustDomain": TRUST,
        "policies": [
            {
                "appId": caller.name,
                "defaultAction": "allow",
                "trustDomain": TRUST,
                "namespace": NAMESPACE,
                "operations": nobody,
            }
            for caller in callers(service)
            if caller != WEB
        ],
    }
    return made("dapr.io/v1alpha1", "Configuration", service.name, spec=spec)
