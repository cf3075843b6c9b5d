"""A sidecar for each service of an instance: what `up --bus dapr` puts beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from learnflow.contracts.services import Service
from learnflow.runtime.restarts import RestartPolicy
from learnflow.runtime.servers.dapr import DAPRD, DaprFolder, SidecarServer
from learnflow.runtime.servers.dapr_files import with_sidecar
from learnflow.runtime.servers.recipe import Say
from learnflow.runtime.worker import Turn, Worker

PREFIX = "dapr:"
SESSION, HEARTBEAT = "6s", "1s"
"""The shortest session that a broker takes as it comes; after a kill its partitions are taken over that much later."""


class Sidecars:
    """Their ports and tokens are chosen when this is made; `workers` are started after Kafka and PostgreSQL."""

    def __init__(self, folder: Path, logs: Path, services: Sequence[Service], port_offset: int) -> None:
        wanted = {service.name for service in with_sidecar()}
        self._files = DaprFolder(folder)
        self._servers = {
            service: SidecarServer(
                app_id=service.name,
                app_port=service.port + port_offset,
                files=self._files,
                log_file=logs / f"dapr-{service.name}.log",
            )
            for service in services
            if service.name in wanted
        }

    def build(self, say: Say) -> None:
        """Make daprd if this machine has none yet: minutes, once."""
        DAPRD.made(say)

    def prepare(self, kafka_servers: str, state_dsn: str, secret_of: Callable[[Service], str]) -> None:
        """Write what they read; only whoever has a database is told where state lies and its account's secret."""
        self._files.write(self._files.place(kafka_servers, session=SESSION, heartbeat=HEARTBEAT))
        for service, server in self._servers.items():
            if service.database:
                server.state_dsn, server.service_secret = state_dsn, secret_of(service)

    def settings(self) -> dict[str, dict[str, Any]]:
        """By service: what it is told of its sidecar; its account's secret it asks there."""
        return {
            service.name: {
                "dapr_http_port": server.http_port,
                "dapr_api_token": server.api_token,
                "app_api_token": server.app_token,
                "service_secret": None,
            }
            for service, server in self._servers.items()
        }

    def workers(self) -> list[Worker]:
        """One for the supervisor each; a sidecar ends while Kafka is away, so it is started again without end."""
        return [
            Worker(
                PREFIX + service.name,
                server.spawn,
                turn=Turn.SIDECAR,
                reaped=server.ended,
                policy=RestartPolicy(gives_up=False),
            )
            for service, server in self._servers.items()
        ]

    def spawn(self) -> None:
        """Start all without a supervisor."""
        for server in self._servers.values():
            server.spawn()

    def stop(self) -> None:
        for server in self._servers.values():
            server.stop()
