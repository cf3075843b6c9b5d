"""A Kubernetes control plane without containers, for the tests of deploy/k8s: API server, scheduler, fake kubelet."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from learnflow.runtime.servers.program import Program
from learnflow.runtime.servers.recipe import GO, Recipe, Step

VERSION = "1.37.1"
SCHEMAS = "1.37.0"
"""The newest that kubeconform's schemas (the wheel kubernetes-validate) have of this version."""
KUBECONFORM = "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0"
DAPR = "github.com/dapr/dapr@v1.18.2"
COMPONENTS = "github.com/dapr/components-contrib@v1.18.3"
DESCRIBED = {"pubsub.kafka-v1": "pubsub/kafka", "state.postgresql-v2": "state/postgresql/v2"}
"""Component type and version -> where its module describes it."""
PARTS = ("kube-controller-manager", "kube-scheduler", "kwok")
BINARY = "kube-test-server"


def _build(step: Step) -> None:
    gentle = ["nice", "-n", "15"]
    static = {"CGO_ENABLED": "0"}
    step.run([*gentle, "sh", "build.sh", str(step.target / BINARY), VERSION], env=static)
    flags = ["-trimpath", "-ldflags=-s -w"]
    step.run([*gentle, "go", "install", *flags, KUBECONFORM], cwd=step.target, env=static | {"GOBIN": str(step.target)})
    _copy_descriptions(step)


def _copy_descriptions(step: Step) -> None:
    """What Dapr's own modules say of its kinds and components: beside the binary, so that a test needs no Go."""
    crds = _module(step, DAPR) / "charts" / "dapr" / "crds"
    for path in sorted(crds.glob("*.yaml")):
        _keep(path, step.target / "crds" / path.name)
    contrib = _module(step, COMPONENTS)
    for kind, folder in DESCRIBED.items():
        _keep(contrib / folder / "metadata.yaml", step.target / "components" / f"{kind}.yaml")


def _module(step: Step, name: str) -> Path:
    step.run(["go", "mod", "download", name], cwd=step.target)
    told = subprocess.run(
        ["go", "mod", "download", "-json", name], cwd=step.target, capture_output=True, text=True, check=True
    )
    return Path(json.loads(told.stdout)["Dir"])


def _keep(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")


KUBERNETES = Recipe("kube-test-server", _build, builders=(GO,))


class KubernetesServer:
    """One control plane in `folder`; it starts empty and keeps nothing."""

    def __init__(self, folder: Path, made: Path) -> None:
        """`made` is what the recipe has made."""
        self._binary = made / BINARY
        self.crds = sorted((made / "crds").glob("*.yaml"))
        self.kubeconform = made / "kubeconform"
        self._place = folder / "cluster"
        self._program = Program("Kubernetes", folder / "kubernetes.log")

    @property
    def kubeconfig(self) -> Path:
        return self._place / "kubeconfig"

    def start(self) -> None:
        """Start everything and wait until the API server answers and the fake nodes are there."""
        home = {"HOME": str(self._place.parent)}
        self._program.spawn([str(self._binary), "up", str(self._place), *PARTS], env=home)
        self._program.wait_until((self._place / "ready").exists)

    def stop(self) -> None:
        self._program.stop()

    def kubectl(self, *words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """kubectl of the same version against this server; `given` is its standard input."""
        return run_kubectl(self._binary, words, given=given, kubeconfig=self.kubeconfig)


def run_kubectl(
    binary: Path, words: Sequence[str], *, given: str | None = None, kubeconfig: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """The kubectl within the binary; without a kubeconfig it can still build what kustomize says."""
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig or os.devnull)}
    return subprocess.run(
        [str(binary), "kubectl", *words], input=given, capture_output=True, text=True, check=False, env=environment
    )
