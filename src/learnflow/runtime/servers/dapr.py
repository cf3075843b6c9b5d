"""Dapr's sidecar beside a service: a small daprd of our own, for `up --bus dapr` and the distributed tests."""

from __future__ import annotations

import http.client
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from learnflow.runtime.embedded import free_port
from learnflow.runtime.secrets import write_private
from learnflow.runtime.servers import dapr_files
from learnflow.runtime.servers.dapr_files import Document, Place
from learnflow.runtime.servers.program import Program
from learnflow.runtime.servers.recipe import GO, Recipe, Step

HOST = "127.0.0.1"
ANSWER_S = 0.5
NAMES = "names.db"


def _build(step: Step) -> None:
    flags = ["-trimpath", "-ldflags=-s -w"]
    step.run(["nice", "-n", "15", "go", "build", *flags, "-o", str(step.target / "daprd"), "."])
    sentry = "github.com/dapr/dapr/cmd/sentry"
    step.run(["nice", "-n", "15", "go", "build", *flags, "-o", str(step.target / "sentry"), sentry])


DAPRD = Recipe("daprd", _build, builders=(GO,))


@dataclass(frozen=True, slots=True)
class DaprFolder:
    """The files that all sidecars of an instance read, and the file by which they find each other."""

    folder: Path

    @property
    def resources(self) -> Path:
        return self.folder / "resources"

    @property
    def configuration(self) -> Path:
        return self.folder / "configuration.yaml"

    def write(
        self,
        place: Place,
        subscriptions: Iterable[Document] | None = None,
        components: Iterable[Document] | None = None,
    ) -> None:
        """Make the folder, without an earlier run's names; what is not given is as the table of services has it."""
        self.resources.mkdir(parents=True, exist_ok=True)
        for names in self.folder.glob(NAMES + "*"):
            names.unlink()
        files = {
            self.resources / "components.yaml": dapr_files.components(place) if components is None else components,
            self.resources / "subscriptions.yaml": dapr_files.subscriptions()
            if subscriptions is None
            else subscriptions,
            self.resources / "resiliency.yaml": [dapr_files.resiliency()],
            self.configuration: [dapr_files.configuration(place)],
        }
        for path, documents in files.items():
            write_private(path, dapr_files.to_yaml(documents))

    def place(self, kafka_servers: str, *, session: str = "10s", heartbeat: str = "3s") -> Place:
        """This machine: Kafka without sign-in, secrets from the sidecar's own environment, names in a file."""
        return Place(
            kafka={"brokers": kafka_servers, "authType": "none", "disableTls": "true"},
            secret_store="local.env",  # noqa: S106 - a kind of store
            state_dsn=(dapr_files.STATE_DSN, dapr_files.STATE_DSN),
            resolution=dapr_files.names_in(str(self.folder / NAMES)),
            metrics=False,
            session=session,
            heartbeat=heartbeat,
        )


@dataclass(slots=True)
class Sentry:
    """Dapr's authority for the sidecars' certificates; its root is made at its first start and kept in `folder`."""

    folder: Path
    port: int = field(default_factory=free_port)
    _ports: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()), init=False)
    _program: Program = field(init=False)

    def __post_init__(self) -> None:
        self._program = Program("sentry", self.folder / "sentry.log")

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def root(self) -> Path:
        """The certificate that every sidecar trusts."""
        return self.folder / "issuer" / "ca.crt"

    @property
    def anchors(self) -> str:
        return self.root.read_text(encoding="utf-8")

    def configuration(self) -> Document:
        """What the sidecars are told of it."""
        times = {"workloadCertTTL": "24h", "allowedClockSkew": "15m"}
        return {"enabled": True, "sentryAddress": self.address, "controlPlaneTrustDomain": "localhost", **times}

    def start(self) -> None:
        """Start and wait until it signs."""
        self.root.parent.mkdir(parents=True, exist_ok=True)
        told = {"apiVersion": dapr_files.V1, "kind": "Configuration", "metadata": {"name": "learnflow"}}
        configuration = self.folder / "configuration.yaml"
        write_private(configuration, dapr_files.to_yaml([told | {"spec": {"mtls": self.configuration()}}]))
        health, metrics = self._ports
        said = {
            "issuer-credentials": self.root.parent,
            "config": configuration,
            "listen-address": HOST,
            "port": self.port,
            "healthz-listen-address": HOST,
            "healthz-port": health,
            "metrics-listen-address": HOST,
            "metrics-port": metrics,
            "log-level": "warn",
        }
        words = [word for name, value in said.items() for word in (f"--{name}", str(value))]
        self._program.spawn([str(DAPRD.place / "sentry"), *words], env={"NAMESPACE": "default"})
        self._program.wait_until(lambda: _answers(health, "/healthz"))

    def stop(self) -> None:
        self._program.stop()


@dataclass(slots=True)
class SidecarServer:
    """One daprd; its ports and tokens stay the same when it is started again."""

    app_id: str
    app_port: int
    files: DaprFolder
    log_file: Path
    state_dsn: str = ""
    service_secret: str = ""
    http_port: int = field(default_factory=free_port)
    api_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    app_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    health_check: bool = True
    namespace: str = "default"
    sentry: Sentry | None = None
    """Who signs its certificate; without one it speaks to other sidecars in the clear, on loopback."""
    _ports: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()), init=False)
    _program: Program = field(init=False)

    def __post_init__(self) -> None:
        self._program = Program(f"dapr:{self.app_id}", self.log_file)

    @property
    def pid(self) -> int | None:
        return self._program.pid

    @property
    def internal_port(self) -> int:
        """Where other sidecars reach it."""
        return self._ports[1]

    def spawn(self) -> int:
        """Start it without waiting; it ends with 1 while Kafka or PostgreSQL is away, and is to be started again."""
        return self._program.spawn(self._command(), env=self._environment())

    def start(self) -> None:
        """Start it and wait until its components are open; whether the app is there does not matter for that."""
        self.spawn()
        self._program.wait_until(lambda: self.answers("/v1.0/healthz/outbound"))

    def wait_until_delivering(self) -> None:
        """Until it has found the app and begun to subscribe."""
        self._program.wait_until(lambda: self.answers("/v1.0/healthz"))

    def answers(self, path: str) -> bool:
        return _answers(self.http_port, path, {"dapr-api-token": self.api_token})

    def poll(self) -> int | None:
        return self._program.poll()

    def wait(self, seconds: float) -> int | None:
        """Its exit code, None when it still runs after that time."""
        deadline = time.monotonic() + seconds
        while self.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.poll()

    def ended(self, exit_code: int) -> None:
        """The supervisor has reaped it."""
        self._program.ended(exit_code)

    def stop(self) -> None:
        """End it in order: what is delivered is answered, its groups are left."""
        self._program.stop()

    def kill(self) -> None:
        """kill -9, as a crash."""
        self._program.stop(at_once=True)

    def last_words(self) -> str:
        return self._program.last_words()

    def _command(self) -> list[str]:
        grpc, internal = self._ports
        said = {
            "app-id": self.app_id,
            "app-port": self.app_port,
            "app-channel-address": HOST,
            "dapr-listen-addresses": HOST,
            "dapr-http-port": self.http_port,
            "dapr-grpc-port": grpc,
            "dapr-internal-grpc-port": internal,
            "dapr-internal-grpc-listen-address": HOST,
            "resources-path": self.files.resources,
            "config": self.files.configuration,
            "log-level": "warn",
            "dapr-graceful-shutdown-seconds": 5,
        }
        words = [word for name, value in said.items() for word in (f"--{name}", str(value))]
        checked = ("--enable-app-health-check", "--app-health-check-path", "/health")
        probes = (
            "--app-health-probe-interval",
            "1",
            "--app-health-probe-timeout",
            "900",
            "--app-health-threshold",
            "3",
        )
        health = (*checked, *probes) if self.health_check else ()
        signed = () if self.sentry is None else ("--enable-mtls", "--sentry-address", self.sentry.address)
        return [str(DAPRD.place / "daprd"), *words, "--enable-metrics=false", "--log-as-json", *health, *signed]

    def _environment(self) -> dict[str, str]:
        return {
            "DAPR_API_TOKEN": self.api_token,
            "APP_API_TOKEN": self.app_token,
            dapr_files.STATE_DSN: self.state_dsn,
            dapr_files.SERVICE_SECRET: self.service_secret,
            "NAMESPACE": self.namespace,
            **({} if self.sentry is None else {"DAPR_TRUST_ANCHORS": self.sentry.anchors}),
        }


def _answers(port: int, path: str, headers: Mapping[str, str] | None = None) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_S)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        return connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
