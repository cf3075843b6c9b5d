"""What a kubelet would give a process of the cluster: its variables, its mounted files, its command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from learnflow.runtime.secrets import ensure_secrets, write_private
from tests.conftest import ROLE_SECRET
from tools.deployment_secrets import kubernetes as secrets_for
from tools.manifests.loaded import Loaded, pod_of
from tools.manifests.objects import Object

PROGRAMS = Path(sys.executable).parent
Secrets = dict[str, dict[str, str]]
"""Secret -> its values."""


def secrets_of(dsn: str, folder: Path) -> Secrets:
    """Those of our own tool, for the database of a test."""
    folder.mkdir(mode=0o700)
    write_private(folder / "roles.secret", ROLE_SECRET + "\n")
    made = secrets_for(ensure_secrets(folder), folder, direct=dsn, pooled=dsn)
    return {one["metadata"]["name"]: one["stringData"] for one in made}


def environment_of(loaded: Loaded, workload: Object, secrets: Secrets, files: Path) -> dict[str, str]:
    """What the kubelet would put into the process, with mounted files where this test may write."""
    pod = pod_of(workload)
    found = dict(loaded.values_of(pod))
    for variable in pod["containers"][0].get("env", []):
        source = variable.get("valueFrom", {})
        if "fieldRef" in source:
            found[variable["name"]] = f"{workload['metadata']['name']}-0"
        reference = source.get("secretKeyRef")
        if reference and reference["key"] in secrets.get(reference["name"], {}):
            found[variable["name"]] = secrets[reference["name"]][reference["key"]]
    return {name: _mounted(pod, value, secrets, files) for name, value in found.items()}


def _mounted(pod: Object, value: str, secrets: Secrets, files: Path) -> str:
    """The path of a mounted Secret's file, with the file there."""
    volumes = {one["name"]: one.get("secret", {}).get("secretName") for one in pod["volumes"]}
    for mount in pod["containers"][0]["volumeMounts"]:
        name = volumes[mount["name"]]
        if value.startswith(mount["mountPath"] + "/") and name:
            path = files / name / Path(value).name
            path.parent.mkdir(exist_ok=True)
            write_private(path, secrets[name][path.name])
            return str(path)
    return value


@contextmanager
def running(command: list[str], environment: Mapping[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The command as a process in `folder`, which also gets its `log`; ended in order."""
    program = [str(PROGRAMS / command[0]), *command[1:]]
    told = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(program, env=told, cwd=folder, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)
