"""compose.yaml: PostgreSQL, Kafka and every service on Kafka, on one machine."""

from __future__ import annotations

from collections.abc import Iterable

from learnflow.contracts.calls import callers
from learnflow.contracts.services import API_GATEWAY, CODE_EXECUTION, WEB, Service, built_services
from tools.manifests import kafka
from tools.manifests.objects import HEADER, Object, dumped
from tools.manifests.sizes import size_of
from tools.manifests.workload import command

NETWORK = "10.213.0.0/24"
BACKENDS, SANDBOX, PAGES = "backends", "sandbox", "pages"
ALL, INFRA = ["learnflow"], ["learnflow", "infra"]
IMAGE = "${LEARNFLOW_IMAGE:-learnflow:dev}"
SANDBOX_IMAGE = "${LEARNFLOW_SANDBOX_IMAGE:-learnflow-sandbox:dev}"
OWNER = "${LEARNFLOW_UID:-10001}:${LEARNFLOW_GID:-10001}"
"""Whoever made the secrets: a file that is mounted keeps its owner."""
HOW = """\
#   python -m tools.deployment_secrets compose deploy/secrets         once: keys and passwords, readable by you alone
#   docker compose --env-file deploy/secrets/compose.env -f deploy/compose.yaml --profile learnflow up --build
#   docker compose --env-file deploy/secrets/compose.env -f deploy/compose.yaml --profile infra up
# The second starts PostgreSQL and Kafka alone, for services on the host.
"""


def compose() -> str:
    services = {"postgres": _postgres(), "kafka": _kafka(), "kafka-topics": _topics(), "migrate": _migrate()}
    services |= {service.name: _service(service) for service in built_services()}
    document = {
        "name": "learnflow",
        "services": services,
        "networks": {
            BACKENDS: {},
            SANDBOX: {"internal": True},
            PAGES: {"ipam": {"config": [{"subnet": NETWORK}]}},
        },
        "volumes": {"postgres": {}, "kafka": {}},
        # a single dollar would be replaced by compose itself
        "configs": {"kafka-topics": {"content": kafka.create_script().replace("$", "$$")}},
        "secrets": {
            name: {"file": f"./secrets/{file}"}
            for name, file in (
                ("postgres-password", "postgres.password"),
                ("role-secret", "roles.secret"),
                ("master-key", "master.key"),
            )
        },
    }
    return HEADER + HOW + dumped(document)


def _postgres() -> Object:
    return {
        "image": "postgres:18.1-bookworm",
        "profiles": INFRA,
        "command": ["-c", "max_connections=200", "-c", "idle_in_transaction_session_timeout=15s", "-c", "jit=off"],
        "environment": {
            "POSTGRES_USER": "learnflow",
            "POSTGRES_DB": "learnflow",
            "POSTGRES_PASSWORD_FILE": "/run/secrets/postgres-password",
            "POSTGRES_INITDB_ARGS": "--auth-host=scram-sha-256 --encoding=UTF8 --no-locale",
        },
        "secrets": ["postgres-password"],
        "volumes": ["postgres:/var/lib/postgresql"],
        "networks": [BACKENDS],
        "ports": ["127.0.0.1:${LEARNFLOW_POSTGRES_PORT:-5432}:5432"],
        "healthcheck": _check(["CMD", "pg_isready", "-U", "learnflow", "-d", "learnflow"]),
        "restart": "unless-stopped",
    }


def _kafka() -> Object:
    listeners = {"INTERNAL": "kafka:19092", "HOST": "localhost:${LEARNFLOW_KAFKA_PORT:-9092}"}
    tool = "/opt/kafka/bin/kafka-topics.sh --bootstrap-server kafka:19092 --list"
    return {
        "image": "apache/kafka:4.1.2",
        "profiles": INFRA,
        "environment": {
            "KAFKA_NODE_ID": "1",
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_LISTENERS": "INTERNAL://:19092,HOST://:9092,CONTROLLER://127.0.0.1:9093",
            "KAFKA_ADVERTISED_LISTENERS": ",".join(f"{name}://{where}" for name, where in listeners.items()),
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "INTERNAL:PLAINTEXT,HOST:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "KAFKA_INTER_BROKER_LISTENER_NAME": "INTERNAL",
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@127.0.0.1:9093",
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
            "KAFKA_LOG_DIRS": "/var/lib/kafka/data",
            "KAFKA_HEAP_OPTS": "-Xmx384m",
        },
        "volumes": ["kafka:/var/lib/kafka/data"],
        "networks": [BACKENDS],
        "ports": ["127.0.0.1:${LEARNFLOW_KAFKA_PORT:-9092}:9092"],
        "healthcheck": _check(["CMD-SHELL", tool]),
        "restart": "unless-stopped",
    }


def _topics() -> Object:
    return {
        "image": "apache/kafka:4.1.2",
        "profiles": ALL,
        "command": ["sh", "/topics.sh"],
        "environment": {"BOOTSTRAP": "kafka:19092"},
        "configs": [{"source": "kafka-topics", "target": "/topics.sh"}],
        "networks": [BACKENDS],
        "depends_on": _after({"kafka": "service_healthy"}),
        "restart": "on-failure",
    }


def _migrate() -> Object:
    return _hardened() | {
        "image": IMAGE,
        "command": ["db", "upgrade"],
        "user": OWNER,
        "environment": {
            "LEARNFLOW_DATA": "/tmp/learnflow",  # noqa: S108 - in the container
            "LEARNFLOW_ROLE_SECRET_FILE": "/run/secrets/role-secret",
        },
        "env_file": ["./secrets/migrate.env"],
        "secrets": ["role-secret"],
        "networks": [BACKENDS],
        "depends_on": _after({"postgres": "service_healthy"}),
        "restart": "on-failure",
    }


def _service(service: Service) -> Object:
    image = SANDBOX_IMAGE if service == CODE_EXECUTION else IMAGE
    file = "deploy/Dockerfile.sandbox" if service == CODE_EXECUTION else "deploy/Dockerfile"
    about: Object = {"image": image}
    if service in {API_GATEWAY, CODE_EXECUTION}:
        about["build"] = {"context": "..", "dockerfile": file}
    if service.database:
        about |= _with_backends(service)
    about["command"] = command(service)[1:] if service != CODE_EXECUTION else command(service)
    about["environment"] = _environment(service)
    about["networks"] = _networks(service)
    if service == WEB:
        about["ports"] = ["127.0.0.1:${LEARNFLOW_WEB_PORT:-3000}:3000"]
    return _hardened() | about | _limits(service) | {"healthcheck": _healthy(service), "restart": "unless-stopped"}


def _with_backends(service: Service) -> Object:
    after = {"migrate": "service_completed_successfully", "kafka-topics": "service_completed_successfully"}
    return {
        "user": OWNER,
        "env_file": [f"./secrets/{service.name}.env"],
        "secrets": ["master-key"],
        "depends_on": _after(after),
    }


def _environment(service: Service) -> dict[str, str]:
    known = {"LEARNFLOW_HOST": "0.0.0.0", "LEARNFLOW_INVOKE_HOST": "{service}"}  # noqa: S104 - the container's own
    if service.database:
        known |= {
            "LEARNFLOW_BUS": "kafka",
            "LEARNFLOW_KAFKA_SERVERS": "kafka:19092",
            "LEARNFLOW_MASTER_KEY_FILE": "/run/secrets/master-key",
            "LEARNFLOW_INSTANCE": service.name,
            "LEARNFLOW_REPLICAS": "1",
        }
    if service == API_GATEWAY:
        known["LEARNFLOW_API_GATEWAY_TRUSTED_PROXIES"] = NETWORK
    return known


def _networks(service: Service) -> list[str]:
    by_the_sandbox = {CODE_EXECUTION, API_GATEWAY, *callers(CODE_EXECUTION)}
    places = [BACKENDS] if service.database else []
    places += [SANDBOX] if service in by_the_sandbox else []
    return places + ([PAGES] if service.name in {"web", "api-gateway", "websocket"} else [])


def _hardened() -> Object:
    return {
        "profiles": ALL,
        "read_only": True,
        "tmpfs": ["/tmp:size=64m"],  # noqa: S108 - in the container
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "init": True,
    }


def _limits(service: Service) -> Object:
    size = size_of(service)
    limits: Object = {"mem_limit": size.memory_limit.replace("i", "").lower(), "cpus": float(size.cpu_limit)}
    if service == CODE_EXECUTION:
        limits |= {"tmpfs": ["/tmp:size=1g"], "pids_limit": 2048}  # noqa: S108 - in the container
    return limits


def _healthy(service: Service) -> Object:
    ask = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{service.port}/ready', timeout=3)"
    return _check(["CMD", "python", "-c", ask])


def _check(test: Iterable[str]) -> Object:
    return {"test": list(test), "interval": "5s", "timeout": "5s", "retries": 12, "start_period": "30s"}


def _after(conditions: dict[str, str]) -> Object:
    return {name: {"condition": condition} for name, condition in conditions.items()}
