"""SASL over TLS as production has it: a real broker with a certificate of our own authority and users of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._scram import (
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from learnflow.contracts.events import CodeExecuted
from learnflow.contracts.services import PROGRESS
from learnflow.kit.bus.kafka import KafkaBus
from learnflow.kit.bus.kafka_address import KafkaAddress
from learnflow.kit.bus.kafka_topics import takes_a_message
from learnflow.kit.database import Database
from learnflow.kit.settings import ServiceSettings
from learnflow.runtime.embedded import free_port
from learnflow.runtime.servers.kafka import KafkaServer
from tests.distributed.kafka.test_bus import BACK_WITHIN_S, publish
from tests.integration.authority import Authority
from tests.integration.bus.conformance import TOPIC, Seen, eventually, ran

USER, PASSWORD = "learnflow", "only-in-this-test"
MODULES = "org.apache.kafka.common.security"
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
REFUSED_WITHIN_S = 10.0


def secure(port: int, certificate: Path) -> dict[str, str]:
    """Settings of a broker with a second listener that wants TLS and a user."""
    listeners = f"PLAINTEXT://127.0.0.1:@PORT@,SASL_SSL://127.0.0.1:{port}"
    scram = f"{MODULES}.scram.ScramLoginModule required;"
    plain = f'{MODULES}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
    return {
        "listeners": f"{listeners},CONTROLLER://127.0.0.1:@CONTROLLER_PORT@",
        "advertised.listeners": listeners,
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(certificate),
        "sasl.enabled.mechanisms": ",".join(MECHANISMS),
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": scram,
        "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": scram,
        "listener.name.sasl_ssl.plain.sasl.jaas.config": plain,
    }


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "ours")


@pytest.fixture(scope="module")
def secured(broker_recipe: None, ours: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a broker of this module's own takes users over TLS."""
    folder, port = tmp_path_factory.mktemp("broker"), free_port()
    (folder / "broker.pem").write_text("".join(reversed(ours.sign("127.0.0.1"))))
    server = KafkaServer(folder, log_file=folder / "kafka.log", more=secure(port, folder / "broker.pem"))
    try:
        server.start()
        add_user(server.servers)
        yield f"127.0.0.1:{port}"
    finally:
        server.kill()


def add_user(servers: str) -> None:
    """SCRAM's users are kept by the broker; by the door that asks for none."""
    admin = AdminClient({"bootstrap.servers": servers})
    for mechanism in (ScramMechanism.SCRAM_SHA_512, ScramMechanism.SCRAM_SHA_256):
        # one request for each: a user may not be changed twice in one
        credential = ScramCredentialInfo(mechanism, 4096)
        wanted: list[UserScramCredentialAlteration] = [
            UserScramCredentialUpsertion(USER, credential, PASSWORD.encode())
        ]
        for done in admin.alter_user_scram_credentials(wanted).values():
            done.result(30)


def address(servers: str, ca_file: Path, mechanism: str = MECHANISMS[0], password: str = PASSWORD) -> KafkaAddress:
    """As a service reads it from its settings."""
    told = {
        "kafka_servers": servers,
        "kafka_tls": True,
        "kafka_ca_file": ca_file,
        "kafka_user": USER,
        "kafka_password": password,
        "kafka_sasl_mechanism": mechanism,
    }
    return KafkaAddress.of(ServiceSettings.model_validate(told))


@pytest.mark.plan("P-DEPLOY-kafka-tls")
@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_an_event_travels_over_tls_with_a_user(
    database: Database, secured: str, ours: Authority, mechanism: str
) -> None:
    seen, event = Seen(), ran(1, uuid4())
    bus = KafkaBus(address(secured, ours.file, mechanism), database, PROGRESS)
    # a group of its own: the broker keeps what the other mechanisms' cases sent
    bus.subscribe(TOPIC, f"group-{uuid4().hex[:6]}", {CodeExecuted: seen})
    await bus.start()
    await publish(bus, database, event)
    await eventually(lambda: event.id in seen.ids, BACK_WITHIN_S)
    assert await bus.reason_not_ready() is None
    await bus.stop()


async def test_a_wrong_password_is_refused_and_readiness_says_where(
    database: Database, secured: str, ours: Authority
) -> None:
    wrong = address(secured, ours.file, password="somebody-else")
    assert not await takes_a_message(wrong, REFUSED_WITHIN_S)
    bus, event = KafkaBus(wrong, database, PROGRESS), ran(1, uuid4())
    bus.subscribe(TOPIC, "group", {CodeExecuted: Seen()})
    await bus.start()
    await publish(bus, database, event)
    await asyncio.sleep(1)
    reason = await bus.reason_not_ready()
    await bus.stop()
    assert reason is not None
    assert secured in reason
    assert await unsent(database) == [event.id]


async def unsent(database: Database) -> list[object]:
    """What the relay keeps: nothing is lost while it is refused."""
    rows = await database.fetch("select (ce ->> 'id')::uuid as id from bus_log order by seq")
    return [row["id"] for row in rows]


async def test_a_strangers_certificate_is_refused(secured: str, tmp_path: Path) -> None:
    assert not await takes_a_message(address(secured, Authority(tmp_path, "stranger").file), REFUSED_WITHIN_S)


async def test_a_certificate_for_another_name_is_refused(secured: str, ours: Authority) -> None:
    by_name = f"localhost:{secured.rpartition(':')[2]}"
    assert not await takes_a_message(address(by_name, ours.file), REFUSED_WITHIN_S)


async def test_without_tls_or_without_a_user_nobody_gets_in(secured: str, ours: Authority) -> None:
    assert not await takes_a_message(KafkaAddress(secured), REFUSED_WITHIN_S)
    assert not await takes_a_message(KafkaAddress(secured, tls=True, ca_file=ours.file), REFUSED_WITHIN_S)
