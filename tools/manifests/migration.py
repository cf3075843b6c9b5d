"""The Job that migrates the schema before the services of a release start to be ready."""

from __future__ import annotations

from tools.manifests.objects import COMPONENT, NAME, USES_DATABASE, Object, made
from tools.manifests.workload import COMMON, IMAGE, container_security, pod_security, secret_variable

JOB, OWNER, ROLES = "learnflow-migrate", "learnflow-owner", "/etc/learnflow/roles"


def migration() -> list[Object]:
    labels = {NAME: JOB, COMPONENT: "migration"}
    account = made("v1", "ServiceAccount", JOB, labels=labels, automountServiceAccountToken=False)
    template = {"metadata": {"labels": labels | {USES_DATABASE: "true"}}, "spec": _pod()}
    spec = {"backoffLimit": 4, "activeDeadlineSeconds": 900, "ttlSecondsAfterFinished": 86400, "template": template}
    return [account, made("batch/v1", "Job", JOB, labels=labels, spec=spec)]


def _pod() -> Object:
    return {
        "restartPolicy": "OnFailure",
        "serviceAccountName": JOB,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod_security(),
        "containers": [_container()],
        "volumes": [
            {"name": "scratch", "emptyDir": {"sizeLimit": "64Mi"}},
            {"name": "roles", "secret": {"secretName": OWNER, "defaultMode": 0o440}},
        ],
    }


def _container() -> Object:
    return {
        "name": "migrate",
        "image": IMAGE,
        "command": ["learnflow", "db", "upgrade"],
        "envFrom": [{"configMapRef": {"name": COMMON}}],
        "env": [
            # past any pooler: the lock of all starters lives as long as its connection
            secret_variable("LEARNFLOW_DATABASE_URL", OWNER, "direct-database-url"),
            {"name": "LEARNFLOW_ROLE_SECRET_FILE", "value": f"{ROLES}/roles.secret"},
            {"name": "LEARNFLOW_DATA", "value": "/tmp/learnflow"},  # noqa: S108 - in the pod
        ],
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi"},
            "limits": {"cpu": "1", "memory": "384Mi"},
        },
        "securityContext": container_security(),
        "volumeMounts": [
            {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108 - in the pod
            {"name": "roles", "mountPath": ROLES, "readOnly": True},
        ],
    }
