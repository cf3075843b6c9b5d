"""Each Deployment's command with each Deployment's environment, as a process here: it answers its probes.

The production overlay with what a cluster would give it: the Secrets of our own tool, the mounted files, a free port.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from learnflow.contracts.services import built_services
from learnflow.kit.migrate import role_password
from learnflow.runtime.embedded import port_is_free
from tests.conftest import ROLE_SECRET
from tests.distributed.kubernetes.conftest import objects_of
from tests.distributed.kubernetes.processes import Secrets, environment_of, running, secrets_of
from tools.manifests.loaded import Loaded, pod_of

Build = Callable[[str], str]
MISSING_HERE = {"bus", "sidecar"}
"""Parts that cannot be ready without Kafka and a sidecar; both are there in tests/distributed/dapr."""


@pytest.fixture
def secrets(owner_dsn: str, tmp_path: Path) -> Secrets:
    """Secret -> its values, for the database of this test."""
    made = secrets_of(owner_dsn, tmp_path / "secrets")
    assert role_password(ROLE_SECRET, "lf_triage") in made["learnflow-triage"]["database-url"]
    return made


def _get(port: int, path: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def _alive(process: subprocess.Popen[bytes], port: int, path: str, folder: Path) -> int:
    deadline = time.monotonic() + 120
    while True:
        try:
            return _get(port, path)[0]
        except OSError:
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.plan("P-DEPLOY-processes")
@pytest.mark.parametrize("name", [service.name for service in built_services()])
def test_the_command_and_environment_of_a_deployment_answer_its_probes(
    build: Build, secrets: Secrets, name: str, tmp_path: Path
) -> None:
    loaded = Loaded(objects_of(build("minikube")))
    deployment = loaded.named("Deployment")[name]
    container = pod_of(deployment)["containers"][0]
    port = container["ports"][0]["containerPort"]
    offset = next(number for number in range(20_000, 30_000, 7) if port_is_free(port + number))
    told = environment_of(loaded, deployment, secrets, tmp_path)
    told |= {"LEARNFLOW_PORT_OFFSET": str(offset)}
    with running(container["command"], told, tmp_path) as process:
        for probe in ("startupProbe", "livenessProbe"):
            assert _alive(process, port + offset, container[probe]["httpGet"]["path"], tmp_path) == 200
        _as_ready_as_it_can_be(port + offset, container["readinessProbe"]["httpGet"]["path"])


def _as_ready_as_it_can_be(port: int, path: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        status, said = _get(port, path)
        assert status == (503 if said["reasons"] else 200)
        if set(said["reasons"]) <= MISSING_HERE:
            return
        assert time.monotonic() < deadline, said
        time.sleep(0.2)
