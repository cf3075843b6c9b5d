"""The production overlay's processes: each Deployment with the sidecar of its annotations, behind one authority.

Command, environment, Secrets, components, subscriptions, access lists: as kustomize builds them. What differs here:
addresses and ports, how sidecars find each other (there by Kubernetes), no sign-in to Kafka, no TLS to PostgreSQL.
"""

from __future__ import annotations

import http.client
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from learnflow.contracts.services import SERVICES
from learnflow.runtime.embedded import port_is_free
from learnflow.runtime.servers import dapr_files
from learnflow.runtime.servers.dapr import DaprFolder, Sentry, SidecarServer
from tests.distributed.kubernetes.processes import Secrets, environment_of, running
from tools.manifests.loaded import Loaded, name_of, pod_of, template_of
from tools.manifests.objects import Object

READY_WITHIN_S = 240.0
HERE = {"LEARNFLOW_HOST": "127.0.0.1", "LEARNFLOW_INVOKE_HOST": "127.0.0.1"}
SIGN_IN = {"saslMechanism", "saslUsername", "saslPassword", "caCert"}


def _free_offset() -> int:
    # below the ports that the kernel gives to whoever asks for any
    ports = [service.port for service in SERVICES.values() if service.module]
    return next(by for by in range(20_000, 24_000, 11) if all(port_is_free(port + by) for port in ports))


@dataclass
class Production:
    """The overlay's processes on ports of their own."""

    loaded: Loaded
    secrets: Secrets
    folder: Path
    kafka: str
    sentry: Sentry
    offset: int = field(default_factory=_free_offset)
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def migrate(self, within: ExitStack) -> None:
        """The Job that goes before: its command, its environment, its Secrets."""
        process = self._run(within, self.loaded.named("Job")["learnflow-migrate"], {})
        assert process.wait(60) == 0, self._said("learnflow-migrate")

    def start(self, within: ExitStack) -> None:
        self._write_resources()
        for deployment in self.loaded.of("Deployment"):
            name = name_of(deployment)
            told = template_of(deployment)["metadata"].get("annotations", {})
            port = {"LEARNFLOW_PORT_OFFSET": str(self.offset)}
            if told.get("dapr.io/enabled") == "true":
                sidecar = self._sidecar(told)
                port["DAPR_HTTP_PORT"] = str(sidecar.http_port)
                sidecar.spawn()
                within.callback(sidecar.stop)
            self._run(within, deployment, port)
            self.ports[name] = pod_of(deployment)["containers"][0]["ports"][0]["containerPort"] + self.offset

    def _run(self, within: ExitStack, workload: Object, told: dict[str, str]) -> subprocess.Popen[bytes]:
        folder = self.folder / name_of(workload)
        folder.mkdir()
        found = environment_of(self.loaded, workload, self.secrets, folder)
        # the authority of a PostgreSQL that speaks TLS
        found.pop("LEARNFLOW_DATABASE_CA_FILE", None)
        command = pod_of(workload)["containers"][0]["command"]
        process = self.processes[name_of(workload)] = within.enter_context(
            running(command, found | HERE | told, folder)
        )
        return process

    def _said(self, name: str) -> str:
        return (self.folder / name / "log").read_text()[-2000:]

    def _sidecar(self, told: dict[str, str]) -> SidecarServer:
        """What the injector makes of the annotations."""
        app_id = told["dapr.io/app-id"]
        files = DaprFolder(self.folder / f"dapr-{app_id}")
        files.folder.mkdir()
        files.resources.symlink_to(self.folder / "resources")
        files.configuration.write_text(yaml.safe_dump(self._configuration(told["dapr.io/config"])))
        return SidecarServer(
            app_id,
            int(told["dapr.io/app-port"]) + self.offset,
            files,
            self.folder / f"dapr-{app_id}.log",
            api_token=self._token(told, "dapr.io/api-token-secret"),
            app_token=self._token(told, "dapr.io/app-token-secret"),
            health_check=told["dapr.io/enable-app-health-check"] == "true",
            namespace="learnflow",
            sentry=self.sentry,
        )

    def _token(self, told: dict[str, str], annotation: str) -> str:
        return self.secrets[told[annotation]]["token"] if annotation in told else ""

    def _configuration(self, name: str) -> Object:
        found = self.loaded.named("Configuration")[name]
        names = {"connectionString": str(self.folder / "names.db")}
        found["spec"]["nameResolution"] = {"component": "sqlite", "version": "v1", "configuration": names}
        found["spec"]["mtls"] |= self.sentry.configuration()
        return found

    def _write_resources(self) -> None:
        """What the operator hands to a sidecar, Secrets put in; Kubernetes' own store is not here."""
        (self.folder / "resources").mkdir()
        for kind in ("Component", "Subscription", "Resiliency"):
            found = list(self.loaded.of(kind))
            for component in found if kind == "Component" else ():
                component["spec"]["metadata"] = self._metadata(component)
            text = dapr_files.to_yaml(found)
            (self.folder / "resources" / f"{kind}.yaml").write_text(text, encoding="utf-8")

    def _metadata(self, component: Object) -> list[dict[str, Any]]:
        here = {"brokers": self.kafka, "authType": "none", "disableTls": "true"}
        found = []
        for item in component["spec"]["metadata"]:
            name, reference = item["name"], item.get("secretKeyRef")
            if name in here:
                found.append({"name": name, "value": here[name]})
            elif name not in SIGN_IN:
                value = self.secrets[reference["name"]][reference["key"]] if reference else item["value"]
                found.append({"name": name, "value": value})
        return found

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        for name, port in self.ports.items():
            while (missing := _ready(port)) != "":
                assert self.processes[name].poll() is None, f"{name} has ended\n{self._said(name)}"
                assert time.monotonic() < deadline, f"{name}: {missing}\n{self._said(name)}"
                time.sleep(0.3)

    def addresses(self) -> Path:
        """As verify.sh reads them."""
        path = self.folder / "addresses.txt"
        path.write_text("".join(f"{name} http://127.0.0.1:{port}\n" for name, port in self.ports.items()))
        return path


def _ready(port: int) -> str:
    """Empty when it is, else what is missing."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/ready")
        answer = connection.getresponse()
        return "" if answer.status == 200 else answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    finally:
        connection.close()
