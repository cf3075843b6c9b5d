"""The kafka driver on a real broker: the common cases, and everything that can be missing or in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import ConsumerRecord

from learnflow.contracts.events import CodeExecuted
from learnflow.contracts.topics import PROGRESS_EVENTS
from learnflow.kit.bus.base import Bus, Event
from learnflow.kit.bus.dead_letters import DeadLetter, dead_letters
from learnflow.kit.bus.kafka_address import KafkaAddress
from learnflow.kit.bus.kafka_carrier import KafkaCarrier
from learnflow.kit.bus.outbox import to_json
from learnflow.kit.bus.relay import Relay
from learnflow.kit.database import Database
from learnflow.kit.wakeups import Wakeups
from learnflow.runtime.servers.kafka import KafkaServer
from tests.distributed.kafka.conftest import bus_on, forget_topics, started_again
from tests.integration.bus.conformance import TOPIC, BusCases, MakeBus, Seen, eventually, ran

BACK_WITHIN_S = 60.0
"""A broker that comes back on a busy machine takes its time; how long is the bench's business."""


@pytest.mark.plan("P-RULE-bus")
class TestKafkaBusOnARealBroker(BusCases):
    """The common cases."""

    settled_after_s = 3.0


async def publish(bus: Bus, database: Database, *events: Event) -> None:
    async with database.transaction() as tx:
        await bus.publish(tx, events)


async def effects(database: Database) -> dict[str, int]:
    rows = await database.fetch("select event_id, count(*) as n from effects group by event_id")
    return {str(row["event_id"]): row["n"] for row in rows}


async def test_a_broker_that_is_away_at_the_start_is_waited_for(database: Database, kafka: KafkaServer) -> None:
    events, seen, bus = [ran(number, uuid4()) for number in range(5)], Seen(), bus_on(kafka.servers, database)
    await asyncio.to_thread(kafka.kill)
    bus.subscribe(TOPIC, "group", {CodeExecuted: seen})
    await bus.start()
    await publish(bus, database, *events)
    await asyncio.sleep(1)
    reason = await bus.reason_not_ready()
    assert reason is not None
    assert kafka.servers in reason
    await started_again(kafka)
    await eventually(lambda: len(seen.events) >= 5, BACK_WITHIN_S)
    await _until_ready(bus)
    await bus.stop()
    assert await effects(database) == {str(event.id): 1 for event in events}


async def test_a_killed_broker_loses_and_doubles_nothing(database: Database, kafka: KafkaServer) -> None:
    student, seen, bus = uuid4(), Seen(), bus_on(kafka.servers, database)
    bus.subscribe(TOPIC, "group", {CodeExecuted: seen})
    await bus.start()
    await publish(bus, database, ran(0, student))
    await eventually(lambda: len(seen.events) >= 1, BACK_WITHIN_S)
    writing = asyncio.create_task(_write(bus, database, [ran(number, student) for number in range(1, 300)]))
    await eventually(lambda: len(seen.events) > 20, BACK_WITHIN_S)
    await asyncio.to_thread(kafka.kill)
    await asyncio.sleep(1)
    await started_again(kafka)
    await writing
    await eventually(lambda: len({event.id for event in seen.events}) >= 300, BACK_WITHIN_S)
    await bus.stop()
    assert seen.of(student) == list(range(300))
    assert set((await effects(database)).values()) == {1}


async def _write(bus: Bus, database: Database, events: Sequence[Event]) -> None:
    for event in events:
        await publish(bus, database, event)
        await asyncio.sleep(0.005)


async def test_a_topic_that_is_missing_at_the_start_is_made_with_our_partitions(
    database: Database, kafka: KafkaServer
) -> None:
    student, seen, bus = uuid4(), Seen(), bus_on(kafka.servers, database)
    await forget_topics(kafka.servers, TOPIC.name)
    bus.subscribe(TOPIC, "group", {CodeExecuted: seen})
    await bus.start()
    await publish(bus, database, ran(1, student))
    await eventually(lambda: len(seen.events) >= 1, BACK_WITHIN_S)
    await bus.stop()
    assert seen.of(student) == [1]
    assert len(await _partitions(kafka)) == TOPIC.partitions


async def test_a_topic_that_somebody_deletes_is_made_again_and_what_comes_then_is_kept(
    database: Database, kafka: KafkaServer
) -> None:
    seen, bus = Seen(), bus_on(kafka.servers, database)
    bus.subscribe(TOPIC, "group", {CodeExecuted: seen})
    await bus.start()
    await publish(bus, database, ran(1, uuid4()))
    await eventually(lambda: len(seen.events) >= 1, BACK_WITHIN_S)
    await forget_topics(kafka.servers, TOPIC.name)
    last = ran(2, uuid4())
    await publish(bus, database, last)
    for _ in range(600):
        # while it lacks, readiness names it; it may be there again before anybody asks
        if await bus.reason_not_ready() is None and not await _waiting(database):
            break
        await asyncio.sleep(0.1)
    await bus.stop()
    assert [orjson.loads(record.value)["id"] for record in await read_all(kafka)] == [str(last.id)]


async def test_readiness_names_a_topic_that_is_missing_while_it_is_in_use(
    database: Database, kafka: KafkaServer
) -> None:
    """Nothing is published meanwhile, so nobody makes it again before it was asked for."""
    seen, bus = Seen(), bus_on(kafka.servers, database)
    bus.subscribe(TOPIC, "group", {CodeExecuted: seen})
    await bus.start()
    await publish(bus, database, ran(1, uuid4()))
    await eventually(lambda: len(seen.events) >= 1, BACK_WITHIN_S)
    await _until_ready(bus)
    await forget_topics(kafka.servers, TOPIC.name)
    await _until_said(bus, f"Kafka lacks topics: {TOPIC.name}")
    await publish(bus, database, ran(2, uuid4()))
    await _until_ready(bus)
    await bus.stop()
    assert await _partitions(kafka) == set(range(TOPIC.partitions))


async def test_readiness_says_that_a_broker_is_away_though_nobody_publishes(
    database: Database, kafka: KafkaServer
) -> None:
    seen, bus = Seen(), bus_on(kafka.servers, database)
    bus.subscribe(TOPIC, "group", {CodeExecuted: seen})
    await bus.start()
    await publish(bus, database, ran(1, uuid4()))
    await eventually(lambda: len(seen.events) >= 1, BACK_WITHIN_S)
    await asyncio.to_thread(kafka.kill)
    await _until_said(bus, f"Kafka at {kafka.servers} does not answer")
    await started_again(kafka)
    await _until_ready(bus)
    await bus.stop()


async def _waiting(database: Database) -> int:
    """How many events the relay has not sent yet."""
    return int(
        await database.fetchval(
            "select count(*) from bus_log l join bus_cursor c using (topic, part) "
            "where c.grp = 'relay' and (l.xid, l.seq) > (c.xid, c.seq)"
        )
    )


async def _partitions(kafka: KafkaServer) -> set[int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.servers)
    await admin.start()
    try:
        (topic,) = await admin.describe_topics([TOPIC.name])
        return {partition["partition"] for partition in topic["partitions"]}
    finally:
        await admin.close()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "not JSON"),
        (b"\x00\xff not text", "not JSON"),
        (b'{"hello": "world"}', "not a CloudEvent 1.0"),
        (b'{"specversion": "1.0", "type": "learnflow.x.v1"}', "a CloudEvent without id or type"),
        (None, "not JSON"),
    ],
    ids=["empty", "no-text", "no-envelope", "no-id", "tombstone"],
)
async def test_a_record_of_somebody_else_dies_at_once_and_the_next_is_handled(
    make_bus: MakeBus, database: Database, kafka: KafkaServer, value: bytes | None, reason: str
) -> None:
    seen, bus, good = Seen(), make_bus(database), ran(1, uuid4())
    bus.subscribe(TOPIC, "group", {CodeExecuted: seen})
    await bus.start()
    await _send_raw(kafka, value)
    await publish(bus, database, good)
    await eventually(lambda: bool(seen.events), BACK_WITHIN_S)
    letters = await _until_dead(database)
    await bus.stop()
    assert [letter.reason for letter in letters] == [reason]
    assert seen.ids == [good.id]


async def test_an_unknown_type_or_version_is_left_to_who_knows_it(
    make_bus: MakeBus, database: Database, kafka: KafkaServer
) -> None:
    """A type of a later release is nobody's mistake: groups skip it, progress keeps every fact of known form."""
    seen, bus, good = Seen(), make_bus(database), ran(2, uuid4())
    later = orjson.loads(to_json(ran(1, uuid4()))) | {"type": "learnflow.code.executed.v2", "id": str(uuid4())}
    broken = orjson.loads(to_json(ran(1, uuid4()))) | {"data": {"status": "of the next release"}}
    bus.subscribe(TOPIC, "group", {CodeExecuted: seen})
    await bus.start()
    await _send_raw(kafka, orjson.dumps(later))
    await _send_raw(kafka, orjson.dumps(broken))
    await publish(bus, database, good)
    await eventually(lambda: bool(seen.events), BACK_WITHIN_S)
    (letter,) = await _until_dead(database)
    await bus.stop()
    assert str(letter.event_id) == broken["id"]
    assert letter.reason.startswith("invalid: ")
    assert seen.ids == [good.id]


async def test_an_event_too_large_for_kafka_dies_and_blocks_nothing(make_bus: MakeBus, database: Database) -> None:
    student, seen, bus = uuid4(), Seen(), make_bus(database)
    huge = ran(1, student)
    huge.data.__dict__["topic_id"] = "x" * 2_000_000
    bus.subscribe(TOPIC, "group", {CodeExecuted: seen})
    await bus.start()
    await publish(bus, database, huge, ran(2, student))
    await eventually(lambda: bool(seen.events), BACK_WITHIN_S)
    (letter,) = await _until_dead(database)
    await bus.stop()
    assert (letter.event_id, letter.group) == (huge.id, "relay")
    assert "too large" in letter.reason
    assert seen.of(student) == [2]


async def test_a_slow_partition_does_not_hold_up_the_others(make_bus: MakeBus, database: Database) -> None:
    """A full partition: hundreds of events of one student wait, and another student's is handled at once."""
    busy, others, released = uuid4(), [uuid4() for _ in range(30)], asyncio.Event()

    async def wait(event: Event) -> None:
        if event.subject == str(busy):
            await released.wait()

    seen, bus = Seen(wait), make_bus(database)
    bus.subscribe(TOPIC, "group", {CodeExecuted: seen})
    await bus.start()
    # published together: what comes after a handler began waits for its transaction, on every bus
    waiting = [ran(number, busy) for number in range(600)]
    await publish(bus, database, *waiting, *(ran(1, student) for student in others))
    await eventually(lambda: any(seen.of(student) for student in others), BACK_WITHIN_S)
    released.set()
    await eventually(lambda: len(set(seen.ids)) >= 630, BACK_WITHIN_S)
    await bus.stop()
    assert set((await effects(database)).values()) == {1}


async def test_a_handler_that_hangs_holds_up_its_own_partition_alone(make_bus: MakeBus, database: Database) -> None:
    """What came together is handled apart once it takes too long, without a second effect."""
    busy, others, released = uuid4(), [uuid4() for _ in range(30)], asyncio.Event()

    async def hang(event: Event) -> None:
        if event.subject == str(busy):
            await released.wait()

    seen, bus = Seen(hang), make_bus(database)
    bus.subscribe(TOPIC, "group", {CodeExecuted: seen})
    await bus.start()
    await publish(bus, database, ran(1, busy), *(ran(1, student) for student in others))
    for _ in range(1000):
        # in the table: a handler that was called with the hanging one may have been rolled back with it
        if len(await effects(database)) > len(others) // 2:
            break
        await asyncio.sleep(0.02)
    assert len(await effects(database)) > len(others) // 2
    released.set()
    await eventually(lambda: len(set(seen.ids)) >= 1 + len(others), BACK_WITHIN_S)
    await bus.stop()
    assert set((await effects(database)).values()) == {1}


async def test_two_relays_send_each_event_once_and_one_takes_over(
    make_bus: MakeBus, database: Database, kafka: KafkaServer
) -> None:
    student, seen, reading = uuid4(), Seen(), make_bus(database)
    first, second = (Relay(database, KafkaCarrier(KafkaAddress(kafka.servers)), Wakeups(database)) for _ in range(2))
    reading.subscribe(TOPIC, "group", {CodeExecuted: seen})
    await first.start()
    await second.start()
    await reading.start()
    await publish(reading, database, *(ran(number, student) for number in range(20)))
    await eventually(lambda: len(seen.events) >= 20, BACK_WITHIN_S)
    await first.stop()
    await publish(reading, database, *(ran(number, student) for number in range(20, 40)))
    await eventually(lambda: len(seen.events) >= 40, BACK_WITHIN_S)
    await reading.stop()
    await second.stop()
    assert seen.of(student) == list(range(40))
    assert len(await read_all(kafka)) == 40


async def test_a_record_is_a_structured_cloudevent_with_the_student_as_key(
    make_bus: MakeBus, database: Database, kafka: KafkaServer
) -> None:
    seen, bus, event = Seen(), make_bus(database), ran(1, uuid4())
    bus.subscribe(TOPIC, "group", {CodeExecuted: seen})
    await bus.start()
    await publish(bus, database, event)
    await eventually(lambda: bool(seen.events), BACK_WITHIN_S)
    await bus.stop()
    (record,) = await read_all(kafka)
    assert record.key == event.subject.encode()
    assert dict(record.headers)["content-type"].startswith(b"application/cloudevents+json")
    assert orjson.loads(record.value) == orjson.loads(to_json(event))


async def _send_raw(kafka: KafkaServer, value: bytes | None) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers, acks="all")
    await producer.start()
    await producer.send_and_wait(PROGRESS_EVENTS.name, value, key=b"somebody")
    await producer.stop()


async def _until_dead(database: Database) -> list[DeadLetter]:
    for _ in range(2000):
        letters = await dead_letters(database, TOPIC)
        if letters:
            return letters
        await asyncio.sleep(0.02)
    raise AssertionError("no dead letter came")


async def _until_ready(bus: Bus) -> None:
    for _ in range(1000):
        if await bus.reason_not_ready() is None:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(await bus.reason_not_ready())


async def _until_said(bus: Bus, reason: str) -> None:
    for _ in range(1000):
        if await bus.reason_not_ready() == reason:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(await bus.reason_not_ready())


async def read_all(kafka: KafkaServer) -> list[ConsumerRecord]:
    """Every record of the topic, from its beginning."""
    consumer = AIOKafkaConsumer(
        PROGRESS_EVENTS.name, bootstrap_servers=kafka.servers, group_id=None, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        found: list[ConsumerRecord] = []
        while len(found) < sum(ends.values()):
            batches = await consumer.getmany(timeout_ms=1000)
            found += [record for records in batches.values() for record in records]
    finally:
        await consumer.stop()
    return found
