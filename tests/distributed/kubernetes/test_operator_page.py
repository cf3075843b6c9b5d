"""The commands of docs/operator.md about containers and clusters, line by line as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from learnflow.runtime.servers.kubernetes import BINARY, KubernetesServer
from tests.architecture.source import ROOT

SECTIONS = ("On one machine, in containers", "On a cluster")
OTHERS = ("docker ", "helm ", "minikube ", "deploy/verify.sh")


def _blocks(kind: str) -> list[str]:
    text = (ROOT / "docs/operator.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    return [
        line
        for section in SECTIONS
        for block in re.findall(rf"```{kind}\n(.*?)```", sections[section], re.DOTALL)
        for line in block.splitlines()
    ]


@pytest.mark.plan("P-DEPLOY-operator")
def test_every_command_of_the_page_runs(cluster: KubernetesServer, kubernetes_made: Path, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "kubectl").write_text(f'#!/bin/sh\nexec {kubernetes_made / BINARY} kubectl "$@"\n')
    (programs / "kubectl").chmod(0o755)
    # keys go into the folder that the page names: of a copy, not of this checkout
    checkout = tmp_path / "checkout"
    for name in ("deploy", "tools"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("secrets", "__pycache__"))
    path = f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "KUBECONFIG": str(cluster.kubeconfig), "TIMEOUT": "120s"}
    commands = _blocks("sh")
    assert len(commands) >= 5
    try:
        for command in commands:
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", command],
                cwd=checkout,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    finally:
        cluster.kubectl("delete", "namespace", "learnflow", "--ignore-not-found", "--timeout=60s")


def test_what_is_not_run_needs_an_engine_or_a_cluster() -> None:
    assert [line for line in _blocks("console") if not line.startswith(OTHERS)] == []
