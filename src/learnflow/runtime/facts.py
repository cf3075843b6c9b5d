"""What an instance says of itself in instance.json; it names files that hold secrets, never a secret."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from learnflow import __version__
from learnflow.contracts.services import Service
from learnflow.runtime.embedded import EmbeddedPostgres
from learnflow.runtime.instance import Instance
from learnflow.runtime.options import Options
from learnflow.runtime.secrets import InstanceSecrets
from learnflow.runtime.worker import Turn, Worker

STARTED = datetime.now(UTC).isoformat(timespec="seconds")


def instance_facts(
    instance: Instance,
    options: Options,
    secrets: InstanceSecrets,
    postgres: EmbeddedPostgres | None,
    workers: Sequence[Worker] = (),
    kafka: str | None = None,
    forges: Sequence[int] = (),
) -> dict[str, Any]:
    """Everything but the state of readiness, which `/ready` of each service tells better."""
    return {
        "version": __version__,
        "pid": os.getpid(),
        "started": STARTED,
        "data": str(instance.data),
        "bus": options.bus_name,
        "demo": options.demo,
        "host": options.host,
        "port_offset": options.port_offset,
        "ports": {service.name: service.port + options.port_offset for service in options.services},
        "addresses": {service.name: options.address(service) for service in options.services},
        "postgresql": _postgres_facts(postgres),
        **({"kafka": {"servers": kafka, "pid": _pid_of("kafka", workers)}} if kafka else {}),
        "files": {
            "logs": str(instance.logs),
            "master_key": str(secrets.master_key_file),
            "role_secret": str(instance.data / "secrets" / "roles.secret"),
            "owner_dsn": str(instance.owner_dsn_file),
        },
        "forges": list(forges),
        "sidecars": {worker.name: worker.facts() for worker in workers if worker.turn is Turn.SIDECAR},
        "processes": _processes(options.services, workers),
    }


def _postgres_facts(postgres: EmbeddedPostgres | None) -> dict[str, Any]:
    if postgres is None:
        return {"origin": "LEARNFLOW_DATABASE_URL"}
    return {"origin": postgres.version, "port": postgres.port, "pid": postgres.pid, "folder": str(postgres.folder)}


def _pid_of(name: str, workers: Sequence[Worker]) -> int | None:
    return next((worker.pid for worker in workers if worker.name == name), None)


def _processes(services: Sequence[Service], workers: Sequence[Worker]) -> dict[str, list[dict[str, Any]]]:
    return {service.name: [worker.facts() for worker in workers if worker.name == service.name] for service in services}
