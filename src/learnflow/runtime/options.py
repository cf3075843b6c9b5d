"""What `up` was asked to do."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from learnflow.contracts.services import SERVICES, WEB, Service, built_services
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.ports import is_loopback

BUSES = ("log", "kafka", "dapr")
ON_KAFKA = ("kafka", "dapr")
CONNECTIONS_FOR_POOLS = 90
LOOPBACK = "127.0.0.1"
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - a key to translate, nothing is bound here


@dataclass(frozen=True, slots=True)
class Options:
    """`services` are those that are started; `bus` None leaves it to LEARNFLOW_BUS."""

    services: tuple[Service, ...] = field(default_factory=lambda: tuple(built_services()))
    port_offset: int = 0
    bus: str | None = None
    replicas: int = 1
    host: str = "127.0.0.1"
    demo: bool = True

    def __post_init__(self) -> None:
        if self.bus_name not in BUSES:
            where = "--bus " if self.bus is not None else "LEARNFLOW_BUS="
            raise RuntimeProblem(f"{where}{self.bus_name}: choose one of {', '.join(BUSES)}.")
        if self.demo and not is_loopback(self.host):
            raise RuntimeProblem(
                f"--host {self.host} would show the demo accounts, whose passwords everybody knows, to the network. "
                "Add --no-demo, or leave --host out."
            )

    @property
    def bus_name(self) -> str:
        return self.bus or os.environ.get("LEARNFLOW_BUS") or "log"

    @property
    def needs_own_broker(self) -> bool:
        """Whether Kafka carries the events and nobody has named a broker."""
        return self.bus_name in ON_KAFKA and external_kafka() is None

    @property
    def own_host(self) -> str:
        """Where this machine's services reach each other."""
        return self.host if is_loopback(self.host) else LOOPBACK

    def listens_on(self, service: Service) -> str:
        """The pages alone meet the network: what they pass on is limited and said by the gateway, not by a pupil."""
        return self.host if service == WEB else self.own_host

    def reached_at(self, service: Service) -> str:
        """Where this machine reaches the service."""
        return ANY_ADDRESS.get(self.listens_on(service), self.listens_on(service))

    @property
    def pool_size(self) -> int:
        """Pools x services x replicas stay below PostgreSQL's max_connections."""
        return max(2, min(6, CONNECTIONS_FOR_POOLS // (len(self.services) * self.replicas)))

    def address(self, service: Service) -> str:
        host = self.reached_at(service)
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{service.port + self.port_offset}"


def choose_services(only: str) -> tuple[Service, ...]:
    """`A,B` -> those services; empty means every one that is built."""
    built = {service.name: service for service in built_services()}
    names = [name.strip() for name in only.split(",") if name.strip()]
    for name in names:
        if name not in built:
            why = "not built yet" if name in SERVICES else "no service of that name"
            raise RuntimeProblem(f"{name}: {why}. There are: {', '.join(built)}.")
    return tuple(service for service in built.values() if not names or service.name in names)


def external_kafka() -> str | None:
    """The servers of a Kafka that is not ours."""
    return os.environ.get("LEARNFLOW_KAFKA_SERVERS") or None


def external_database() -> str | None:
    """The owner's DSN of a server that is not ours."""
    return os.environ.get("LEARNFLOW_DATABASE_URL") or None


def database_ca_file() -> Path | None:
    """The authority behind that server's certificate, where it is to be verified in full."""
    named = os.environ.get("LEARNFLOW_DATABASE_CA_FILE")
    return Path(named) if named else None
