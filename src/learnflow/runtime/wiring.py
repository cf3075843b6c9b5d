"""What each service is told by `up`: its own database role, its own secret, nothing of the others."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from learnflow.contracts.services import Service
from learnflow.runtime.embedded import EmbeddedPostgres
from learnflow.runtime.instance import Instance
from learnflow.runtime.options import Options, external_database, external_kafka
from learnflow.runtime.secrets import InstanceSecrets

if TYPE_CHECKING:
    # uvicorn and FastAPI are 0.2 s that most commands never need
    from learnflow.kit.serve import Factory
    from learnflow.runtime.servers.sidecars import Sidecars

TOKENS_OF_SIDECARS = ("dapr_api_token", "app_api_token")
SECRETS_OF_OTHERS = ("database_url", "direct_database_url", "master_key_file", "service_secret")


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything that a service's settings are made of."""

    options: Options
    secrets: InstanceSecrets
    owner_dsn: str
    direct_owner_dsn: str
    kafka_servers: str | None = None
    told_of_sidecars: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """By service: port and tokens of the sidecar beside it; plain data, since a wiring travels to other processes."""

    def overrides(self, service: Service, replica: int = 1) -> dict[str, Any]:
        """Keyword arguments for the service's Settings; what is not named here comes from the environment."""
        told: dict[str, Any] = {
            "host": self.options.listens_on(service),
            "invoke_host": self.options.own_host,
            "port_offset": self.options.port_offset,
            "demo": self.options.demo,
            # on a server of somebody else's another machine may run the same services
            "replicas": None if external_database() else self.options.replicas,
            "database_url": None,
            "direct_database_url": None,
            "master_key_file": None,
            "service_secret": None,
        }
        if self.options.bus is not None:
            told["bus"] = self.options.bus
        if self.kafka_servers is not None:
            told["kafka_servers"] = self.kafka_servers
        # the same after a restart, so that Kafka gives the partitions back at once
        here = os.environ.get("LEARNFLOW_INSTANCE") or f"{socket.gethostname()}-{self.options.port_offset}"
        told["instance"] = f"{here}-{replica}"
        if service.database:
            told |= self._database(service)
        return told | self.told_of_sidecars.get(service.name, {})

    def _database(self, service: Service) -> dict[str, Any]:
        pooled = self.direct_owner_dsn != self.owner_dsn
        return {
            "database_url": self.database_url(service),
            "direct_database_url": self._role_dsn(self.direct_owner_dsn, service) if pooled else None,
            "master_key_file": self.secrets.master_key_file,
            "service_secret": self.secrets.service_secret(service),
            "pool_size": self.options.pool_size,
        }

    def database_url(self, service: Service) -> str:
        """The DSN with this service's role."""
        return self._role_dsn(self.owner_dsn, service)

    def _role_dsn(self, dsn: str, service: Service) -> str:
        from learnflow.kit.migrate import role_dsn

        return role_dsn(dsn, service, self.secrets.role_secret)

    def written_out(self, factory: Factory) -> dict[str, Any]:
        """The whole settings of a service that is exec'd with an empty environment; they hold no secret."""
        told = self.overrides(factory.service)
        written = factory.settings(told).model_dump(mode="json", exclude={*SECRETS_OF_OTHERS, *TOKENS_OF_SIDECARS})
        # its own sidecar's tokens are no secret of others: they open what the sidecar may do for this service alone
        return written | {name: told[name] for name in TOKENS_OF_SIDECARS if name in told}


def wire(
    instance: Instance,
    options: Options,
    postgres: EmbeddedPostgres | None,
    kafka_servers: str | None = None,
    sidecars: Sidecars | None = None,
) -> Wiring:
    """The wiring of a started database: ours, or LEARNFLOW_DATABASE_URL with its address past a pooler."""
    owner_dsn = external_database() or (postgres.dsn() if postgres is not None else "")
    direct = (external_database() and os.environ.get("LEARNFLOW_DIRECT_DATABASE_URL")) or owner_dsn
    instance.write_owner_dsn(direct)
    secrets = instance.prepare()
    if sidecars is None:
        return Wiring(options, secrets, owner_dsn, direct, kafka_servers)
    from learnflow.kit.migrate import role_dsn

    state_dsn = role_dsn(direct, None, secrets.role_secret)
    sidecars.prepare(kafka_servers or external_kafka() or "", state_dsn, secrets.service_secret)
    return Wiring(options, secrets, owner_dsn, direct, kafka_servers, sidecars.settings())
