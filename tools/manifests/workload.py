"""One service: account, Deployment, Service, autoscaler, budget."""

from __future__ import annotations

from learnflow.contracts.services import CODE_EXECUTION, Service
from tools.manifests.objects import COMPONENT, NAME, USES_BUS, USES_DATABASE, Object, made, selector
from tools.manifests.sizes import LEAST, size_of

IMAGE = "learnflow"
SANDBOX_IMAGE = "learnflow-sandbox"
USER = 10001
KEYS = "/etc/learnflow/keys"
COMMON, BACKENDS, MASTER_KEY = "learnflow-common", "learnflow-backends", "learnflow-master-key"
CONTAINER = "service"
"""The same name everywhere, so that one patch of an overlay reaches all."""
OWN_CONFIG = ("api-gateway", "notification", "web")
"""Services that a cluster tells something of their own: ConfigMap learnflow-<name>."""


def objects(service: Service) -> list[Object]:
    labels = selector(service)
    return [
        made("v1", "ServiceAccount", service.name, labels=labels, automountServiceAccountToken=False),
        deployment(service),
        made(
            "v1",
            "Service",
            service.name,
            labels=labels | {"learnflow/metrics": "true"},
            spec={"selector": labels, "ports": [{"name": "http", "port": service.port, "targetPort": "http"}]},
        ),
        autoscaler(service),
        made(
            "policy/v1",
            "PodDisruptionBudget",
            service.name,
            labels=labels,
            spec={"maxUnavailable": 1, "selector": {"matchLabels": labels}},
        ),
    ]


def deployment(service: Service) -> Object:
    labels = selector(service)
    spec = {
        # how many there are is the autoscaler's business alone: a number here would undo it at every apply
        "revisionHistoryLimit": 3,
        "selector": {"matchLabels": labels},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": {"metadata": {"labels": labels | _uses(service)}, "spec": _pod(service)},
    }
    return made("apps/v1", "Deployment", service.name, labels=labels | _uses(service), spec=spec)


def autoscaler(service: Service) -> Object:
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": service.name},
        "minReplicas": LEAST,
        "maxReplicas": size_of(service).most,
        "metrics": [cpu],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}},
    }
    return made("autoscaling/v2", "HorizontalPodAutoscaler", service.name, labels=selector(service), spec=spec)


def container_security() -> Object:
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def pod_security() -> Object:
    return {
        "runAsNonRoot": True,
        "runAsUser": USER,
        "runAsGroup": USER,
        "fsGroup": USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def secret_variable(variable: str, secret: str, key: str, *, optional: bool = False) -> Object:
    reference: Object = {"name": secret, "key": key}
    if optional:
        reference["optional"] = True
    return {"name": variable, "valueFrom": {"secretKeyRef": reference}}


def secret_of(service: Service) -> str:
    """The Secret with this service's own addresses and its account's secret."""
    return f"learnflow-{service.name}"


def _uses(service: Service) -> dict[str, str]:
    kind = "sandbox" if service == CODE_EXECUTION else "service"
    uses = {COMPONENT: kind}
    return uses | {USES_DATABASE: "true", USES_BUS: "true"} if service.database else uses


def _pod(service: Service) -> Object:
    size = size_of(service)
    return {
        "serviceAccountName": service.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod_security(),
        "terminationGracePeriodSeconds": size.grace_s,
        "affinity": {"podAntiAffinity": _apart(service)},
        "topologySpreadConstraints": [_spread(service)],
        "containers": [_container(service)],
        "volumes": _volumes(service),
    }


def _apart(service: Service) -> Object:
    term = {"labelSelector": {"matchLabels": selector(service)}, "topologyKey": "kubernetes.io/hostname"}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}


def _spread(service: Service) -> Object:
    return {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector(service)},
    }


def _container(service: Service) -> Object:
    size = size_of(service)
    return {
        "name": CONTAINER,
        "image": SANDBOX_IMAGE if service == CODE_EXECUTION else IMAGE,
        "command": command(service),
        "ports": [{"name": "http", "containerPort": service.port}],
        "envFrom": [{"configMapRef": {"name": name}} for name in _configs(service)],
        "env": _variables(service),
        "resources": {
            "requests": {"cpu": size.cpu, "memory": size.memory},
            "limits": {"cpu": size.cpu_limit, "memory": size.memory_limit},
        },
        "startupProbe": _probe("/health", periodSeconds=1, failureThreshold=60),
        "livenessProbe": _probe("/health", periodSeconds=10, timeoutSeconds=3, failureThreshold=3),
        "readinessProbe": _probe("/ready", periodSeconds=3, timeoutSeconds=3, failureThreshold=2),
        "securityContext": container_security(),
        "volumeMounts": _mounts(service),
    }


def command(service: Service) -> list[str]:
    # the image of the sandbox has no command line in it
    if service == CODE_EXECUTION:
        return ["python", "-m", str(service.module)]
    return ["learnflow", "serve", service.name]


def _probe(path: str, **more: int) -> Object:
    return {"httpGet": {"path": path, "port": "http"}, **more}


def _configs(service: Service) -> list[str]:
    own = [f"learnflow-{service.name}"] if service.name in OWN_CONFIG else []
    return [COMMON, *([BACKENDS] if service.database else []), *own]


def _variables(service: Service) -> list[Object]:
    if not service.database:
        return []
    secret = secret_of(service)
    own = [secret_variable("LEARNFLOW_NOTIFICATION_SMTP_URL", secret, "smtp-url", optional=True)]
    return [
        secret_variable("LEARNFLOW_DATABASE_URL", secret, "database-url"),
        secret_variable("LEARNFLOW_DIRECT_DATABASE_URL", secret, "direct-database-url", optional=True),
        secret_variable("LEARNFLOW_SERVICE_SECRET", secret, "service-secret"),
        {"name": "LEARNFLOW_MASTER_KEY_FILE", "value": f"{KEYS}/master.key"},
        {"name": "LEARNFLOW_INSTANCE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        *(own if service.name == "notification" else []),
    ]


def _mounts(service: Service) -> list[Object]:
    keys = {"name": "master-key", "mountPath": KEYS, "readOnly": True}
    return [{"name": "scratch", "mountPath": "/tmp"}, *([keys] if service.database else [])]  # noqa: S108 - in the pod


def _volumes(service: Service) -> list[Object]:
    # read through the pod's group: 0440 is what kit.sealed accepts of a mounted key
    keys = {"name": "master-key", "secret": {"secretName": MASTER_KEY, "defaultMode": 0o440}}
    scratch = {"name": "scratch", "emptyDir": {"sizeLimit": size_of(service).scratch}}
    return [scratch, *([keys] if service.database else [])]


__all__ = ["IMAGE", "NAME", "SANDBOX_IMAGE", "objects"]
