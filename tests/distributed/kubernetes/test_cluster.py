"""Each overlay on a real API server with a fake kubelet: applied, ready, refused where it has to be.

What is fake is not shown here: no probe is asked, no policy holds anything up, no sidecar is put in.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from learnflow.runtime.servers.kubernetes import KubernetesServer
from tests.architecture.source import ROOT
from tests.distributed.kubernetes.conftest import OVERLAYS, objects_of
from tests.distributed.kubernetes.deployed import NAMESPACE, Deployed
from tests.distributed.kubernetes.mistakes import BY_THE_API_SERVER, planted

Build = Callable[[str], str]


@pytest.mark.plan("P-DEPLOY-cluster")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_is_deployed_and_all_of_it_becomes_ready(
    cluster: KubernetesServer, deployed: Deployed, build: Build, overlay: str, tmp_path: Path
) -> None:
    without = deployed.run("deploy.sh", overlay)
    assert without.returncode == 1
    assert "learnflow-master-key: master.key" in without.stderr

    deployed.apply_secrets(tmp_path / "secrets")
    done = deployed.run("deploy.sh", overlay)
    assert done.returncode == 0, done.stdout + done.stderr

    names = {one["metadata"]["name"] for one in objects_of(build(overlay)) if one["kind"] == "Deployment"}
    for name in names:
        assert f'deployment "{name}" successfully rolled out' in done.stdout
    empty = cluster.kubectl(
        "get",
        "endpointslices",
        *NAMESPACE,
        "--output",
        "go-template={{range .items}}{{if not .endpoints}}{{.metadata.name}} {{end}}{{end}}",
    )
    assert empty.stdout == "", "services without a pod behind them"
    _says_what_is_missing(deployed, overlay)


def _says_what_is_missing(deployed: Deployed, overlay: str) -> None:
    """Under a fake kubelet nothing answers and no sidecar is put in: exactly those lines fail."""
    seen = deployed.run("verify.sh")
    assert seen.returncode == 1
    lines = seen.stdout.splitlines()
    good = {line[8:] for line in lines if line.startswith("ok")}
    assert {"pods ready: triage", "component: pubsub", "component: statestore"} <= good
    assert any(line.startswith("topic: learning.requests.dead-letter") for line in good)
    bad = {line[8:].partition(":")[0] for line in lines if line.startswith("FAILED")}
    assert bad == {"sidecar", "/health", "/ready", "a question and its answer"}


def test_the_api_server_takes_deploy_dapr(cluster: KubernetesServer) -> None:
    cluster.kubectl("create", "namespace", "learnflow")
    for name in ("components", "subscriptions", "resiliency", "configuration"):
        given = (ROOT / f"deploy/dapr/cluster/{name}.yaml").read_text(encoding="utf-8")
        words = ("apply", "--server-side", "--dry-run=server", "--validate=strict", *NAMESPACE, "-f", "-")
        done = cluster.kubectl(*words, given=given)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("mistake", BY_THE_API_SERVER)
def test_the_api_server_names(cluster: KubernetesServer, build: Build, mistake: str) -> None:
    cluster.kubectl("create", "namespace", "learnflow")
    wanted = BY_THE_API_SERVER[mistake]
    given = planted(objects_of(build("production")), wanted)
    done = cluster.kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-", given=given)
    assert done.returncode != 0
    assert wanted.named in done.stderr


def test_a_pod_that_wants_to_be_root_is_refused_in_our_namespace(cluster: KubernetesServer, build: Build) -> None:
    cluster.kubectl("apply", "--server-side", "-f", str(ROOT / "deploy/k8s/base/namespace.yaml"))
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "root", "namespace": "learnflow"},
        "spec": {"containers": [{"name": "a", "image": "a:1", "securityContext": {"runAsUser": 0}}]},
    }
    done = cluster.kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", given=yaml.safe_dump(pod))
    assert "violates PodSecurity" in done.stderr
