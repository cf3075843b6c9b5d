"""The kafka driver against librdkafka's mock broker: the common cases, the relay, and the broker going away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from uuid import uuid4

import orjson
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.group_coordinator import CoordinatorGroupRebalance
from aiokafka.structs import ConsumerRecord

from learnflow.contracts.events import CodeExecuted
from learnflow.contracts.services import PROGRESS
from learnflow.contracts.topics import PROGRESS_EVENTS
from learnflow.kit.bus.base import Bus, Event
from learnflow.kit.bus.kafka import KafkaBus
from learnflow.kit.bus.kafka_address import KafkaAddress
from learnflow.kit.bus.kafka_carrier import KafkaCarrier
from learnflow.kit.bus.relay import Relay
from learnflow.kit.database import Database
from learnflow.kit.wakeups import Wakeups
from tests.integration.bus.conformance import FAST_BACKOFF_S, BusCases, MakeBus, Seen, eventually, ran
from tests.integration.bus.mock_kafka import MockKafka


@pytest.fixture
def kafka() -> Iterator[MockKafka]:
    broker = MockKafka()
    yield broker
    broker.close()


@pytest.fixture(autouse=True)
def followers_sync_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mock refuses a follower that syncs after its leader, where a real broker answers: so the leader waits."""
    sync = CoordinatorGroupRebalance._on_join_leader

    async def sync_later(self: CoordinatorGroupRebalance, response: object) -> object:
        await asyncio.sleep(0.05)
        return await sync(self, response)

    monkeypatch.setattr(CoordinatorGroupRebalance, "_on_join_leader", sync_later)


@pytest.fixture
def make_bus(kafka: MockKafka) -> MakeBus:
    def make(database: Database) -> Bus:
        return KafkaBus(
            KafkaAddress(kafka.servers), database, PROGRESS, backoff_s=FAST_BACKOFF_S, session_timeout_ms=2000
        )

    return make


class TestKafkaBus(BusCases):
    """The common cases."""

    settled_after_s = 1.0


async def test_two_relays_at_once_send_each_event_once_and_one_takes_over(
    make_bus: MakeBus, database: Database, kafka: MockKafka
) -> None:
    student, seen = uuid4(), Seen()
    first, second = (Relay(database, KafkaCarrier(KafkaAddress(kafka.servers)), Wakeups(database)) for _ in range(2))
    reading = make_bus(database)
    reading.subscribe(PROGRESS_EVENTS, "group", {CodeExecuted: seen})
    await first.start()
    await second.start()
    await reading.start()
    await publish(reading, database, *(ran(number, student) for number in range(20)))
    await eventually(lambda: len(seen.events) >= 20)
    await first.stop()
    await publish(reading, database, *(ran(number, student) for number in range(20, 40)))
    await eventually(lambda: len(seen.events) >= 40)
    await reading.stop()
    await second.stop()
    assert seen.of(student) == list(range(40))
    assert kafka_messages(await read_all(kafka)) == 40


async def test_only_the_relay_reads_the_log_and_listens(
    make_bus: MakeBus, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    listened: list[str] = []
    listen = Wakeups.on

    def on(self: Wakeups, channel: str, callback: Callable[[str], None]) -> None:
        listened.append(getattr(callback, "func", callback).__qualname__)
        listen(self, channel, callback)

    monkeypatch.setattr(Wakeups, "on", on)
    seen, bus = Seen(), make_bus(database)
    bus.subscribe(PROGRESS_EVENTS, "group", {CodeExecuted: seen})
    await bus.start()
    await publish(bus, database, ran(1, uuid4()))
    await eventually(lambda: bool(seen.events))
    await bus.stop()
    assert set(listened) == {"Relay._wake"}
    groups = await database.fetch("select distinct grp from bus_cursor")
    assert [row["grp"] for row in groups] == ["relay"]


async def test_a_broker_that_goes_away_only_delays(make_bus: MakeBus, database: Database, kafka: MockKafka) -> None:
    student, seen, bus = uuid4(), Seen(), make_bus(database)
    bus.subscribe(PROGRESS_EVENTS, "group", {CodeExecuted: seen})
    await bus.start()
    await publish(bus, database, ran(1, student))
    await eventually(lambda: len(seen.events) >= 1)
    kafka.go_down()
    await publish(bus, database, ran(2, student), ran(3, student))
    await asyncio.sleep(0.3)
    kafka.come_up()
    await eventually(lambda: len(seen.events) >= 3)
    await bus.stop()
    assert seen.of(student) == [1, 2, 3]


async def publish(bus: Bus, database: Database, *events: Event) -> None:
    async with database.transaction() as tx:
        await bus.publish(tx, events)


async def read_all(kafka: MockKafka) -> list[bytes]:
    consumer = AIOKafkaConsumer(
        PROGRESS_EVENTS.name, bootstrap_servers=kafka.servers, group_id=None, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        batches: list[dict[object, list[ConsumerRecord]]] = [await consumer.getmany(timeout_ms=500) for _ in range(4)]
    finally:
        await consumer.stop()
    return [record.value for batch in batches for records in batch.values() for record in records]


def kafka_messages(values: list[bytes]) -> int:
    assert all(orjson.loads(value)["specversion"] == "1.0" for value in values)
    return len(values)
