"""The control plane of the session, the overlays as kustomize builds them, and Secrets as our own tool makes them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from learnflow.runtime.servers.kubernetes import BINARY, KUBERNETES, SCHEMAS, KubernetesServer, run_kubectl
from tests.architecture.source import ROOT
from tests.distributed.kubernetes.deployed import Deployed
from tests.distributed.kubernetes.schemas import write_schemas
from tools.manifests.objects import Object

OVERLAYS = ("minikube", "production")
STRIMZI = Path(__file__).with_name("strimzi.yaml")


@pytest.fixture(scope="session")
def kubernetes_made() -> Path:
    """The folder with the binaries."""
    return KUBERNETES.made(print)


@pytest.fixture(scope="session")
def build(kubernetes_made: Path) -> Callable[[str], str]:
    """Overlay -> what `kubectl kustomize` makes of it."""
    built: dict[str, str] = {}

    def build(overlay: str) -> str:
        if overlay not in built:
            made = run_kubectl(kubernetes_made / BINARY, ["kustomize", str(ROOT / "deploy/k8s/overlays" / overlay)])
            assert made.returncode == 0, made.stderr
            built[overlay] = made.stdout
        return built[overlay]

    return build


def objects_of(text: str) -> list[Object]:
    return [one for one in yaml.safe_load_all(text) if one]


@pytest.fixture(scope="session")
def kubeconform(kubernetes_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """YAML -> what kubeconform has against it; empty: nothing."""
    folder = tmp_path_factory.mktemp("schemas")
    location = write_schemas(folder, [*sorted((kubernetes_made / "crds").glob("*.yaml")), STRIMZI])
    command = [
        str(kubernetes_made / "kubeconform"),
        "-strict",
        "-kubernetes-version",
        SCHEMAS,
        "-schema-location",
        location,
    ]

    def check(text: str) -> str:
        done = subprocess.run([*command, "-"], input=text, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr if done.returncode else ""

    return check


@pytest.fixture(scope="session")
def cluster(kubernetes_made: Path) -> Iterator[KubernetesServer]:
    """A control plane that knows Dapr's and Strimzi's kinds."""
    folder = Path(tempfile.mkdtemp(prefix="learnflow-kubernetes-"))
    server = KubernetesServer(folder, kubernetes_made)
    try:
        server.start()
        for path in (*server.crds, STRIMZI):
            done = server.kubectl("apply", "--server-side", "-f", str(path))
            assert done.returncode == 0, done.stderr
        server.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def deployed(cluster: KubernetesServer, kubernetes_made: Path) -> Iterator[Deployed]:
    """The cluster, empty again afterwards."""
    made = Deployed(cluster, kubernetes_made / BINARY)
    yield made
    made.clear()
