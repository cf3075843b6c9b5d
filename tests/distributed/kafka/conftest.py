"""A database for the cases of a class, emptied before each, and a broker without the topics of the test before."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from learnflow.contracts.services import PROGRESS
from learnflow.contracts.topics import PROGRESS_EVENTS
from learnflow.kit.bus.base import Bus
from learnflow.kit.bus.kafka import KafkaBus
from learnflow.kit.bus.kafka_address import KafkaAddress
from learnflow.kit.bus.kafka_topics import ensure_topics
from learnflow.kit.bus.reader import Reader
from learnflow.kit.database import Database
from learnflow.kit.wakeups import Wakeups
from learnflow.runtime.servers.kafka import KafkaServer
from tests.conftest import Server
from tests.integration.bus.conformance import FAST_BACKOFF_S, MakeBus
from tests.integration.bus.kernel_tables import emptied, shared_dsn

SESSION_TIMEOUT_MS = 2_000


@pytest.fixture(scope="module")
def module_dsn(postgres_server: Server) -> Iterator[str]:
    """The owner's DSN of a migrated database of this module's own."""
    with shared_dsn(postgres_server, "kafka") as dsn:
        yield dsn


@pytest.fixture
async def database(module_dsn: str) -> AsyncIterator[Database]:
    async with emptied(module_dsn) as database:
        yield database


@pytest.fixture
async def kafka(kafka_server: KafkaServer) -> KafkaServer:
    """The session's broker, running, with nothing on the topic of the cases; committed offsets go with the topic."""
    if kafka_server.poll() is not None:
        await started_again(kafka_server)
    await forget_topics(kafka_server.servers)
    await ensure_topics(KafkaAddress(kafka_server.servers), {PROGRESS_EVENTS.name: PROGRESS_EVENTS.partitions})
    return kafka_server


@pytest.fixture
def make_bus(kafka: KafkaServer) -> MakeBus:
    def make(database: Database) -> Bus:
        return bus_on(kafka.servers, database)

    return make


async def started_again(server: KafkaServer) -> None:
    """Spawned by this thread: a broker ends with the thread that made it, and a loop's own threads end with it."""
    server.spawn()
    await asyncio.to_thread(server.wait_until_ready)


def bus_on(servers: str, database: Database) -> KafkaBus:
    """A bus that is quick to notice: failures are tried again at once and a dead reader is missed after two seconds."""
    address = KafkaAddress(servers)
    return KafkaBus(address, database, PROGRESS, backoff_s=FAST_BACKOFF_S, session_timeout_ms=SESSION_TIMEOUT_MS)


async def forget_topics(servers: str, *names: str) -> None:
    """Delete topics (without a name: all that tests have used) and wait until they are gone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        wanted = set(names) or {name for name in await admin.list_topics() if name.endswith(".events")}
        for _ in range(300):
            # asked again each time: a controller that has just come back may refuse
            there = sorted(wanted & set(await admin.list_topics()))
            if not there:
                return
            await admin.delete_topics(there)
            await asyncio.sleep(0.05)
        raise AssertionError(f"{wanted} did not go")
    finally:
        await admin.close()


@pytest.fixture(autouse=True)
def only_the_relay_reads_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under kafka whoever else listens to the log, or reads it, fails the test that made it do so."""
    listen = Wakeups.on

    def on(self: Wakeups, channel: str, callback: Callable[[str], None]) -> None:
        who = getattr(callback, "func", callback).__qualname__
        assert not channel.startswith("bus:") or who == "Relay._wake", f"{who} listens to {channel}"
        listen(self, channel, callback)

    async def start(self: Reader) -> None:
        raise AssertionError(f"{self.subscription.group} reads the log")

    monkeypatch.setattr(Wakeups, "on", on)
    monkeypatch.setattr(Reader, "start", start)
