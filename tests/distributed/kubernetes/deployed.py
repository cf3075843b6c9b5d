"""deploy/deploy.sh and deploy/verify.sh against the tests' cluster, and the Secrets that they ask for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import yaml

from learnflow.runtime.secrets import ensure_secrets
from learnflow.runtime.servers.kubernetes import KubernetesServer
from tests.architecture.source import ROOT
from tools.deployment_secrets import kubernetes as secrets_for
from tools.manifests.objects import Object
from tools.manifests.secret_keys import ASKED_FOR

NAMESPACE = ("--namespace", "learnflow")
OWNER = "postgresql://learnflow:of-the-tests@postgres:5432/learnflow"


class Deployed:
    """What is deployed in the cluster, and the scripts that do it."""

    def __init__(self, cluster: KubernetesServer, binary: Path) -> None:
        self.cluster = cluster
        self._environment = {
            **os.environ,
            "KUBECTL": f"{binary} kubectl",
            "KUBECONFIG": str(cluster.kubeconfig),
            "TIMEOUT": "120s",
        }

    def run(self, script: str, *words: str, **told: str) -> subprocess.CompletedProcess[str]:
        command = ["sh", str(ROOT / "deploy" / script), *words]
        return subprocess.run(command, env=self._environment | told, capture_output=True, text=True, check=False)

    def apply(self, objects: list[Object]) -> None:
        done = self.cluster.kubectl("apply", "--server-side", "-f", "-", given=yaml.safe_dump_all(objects))
        assert done.returncode == 0, done.stderr

    def apply_secrets(self, folder: Path) -> None:
        """Those of our own tool, and those that a cluster brings."""
        self.apply([*secrets_for(ensure_secrets(folder), folder, direct=OWNER, pooled=OWNER), *_asked_for()])

    def clear(self) -> None:
        for kind in ("validatingwebhookconfiguration", "persistentvolumeclaim"):
            self.cluster.kubectl("delete", kind, "--all", *NAMESPACE, "--wait=false")
        self.cluster.kubectl("delete", "namespace", "learnflow", "--ignore-not-found", "--timeout=60s")


def _asked_for() -> list[Object]:
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": "learnflow"},
            "stringData": dict.fromkeys(keys, "of the tests"),
        }
        for name, keys in ASKED_FOR.items()
    ]
