"""The topics on Kafka, made with our number of partitions before the first event; and whether a broker works."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import for_code

from learnflow.contracts.topics import wanted_partitions
from learnflow.kit.bus.kafka_address import KafkaAddress

log = structlog.get_logger()

PROBE_TOPIC = "learnflow.ready"
PROBE_LIMIT_S = 10.0
REQUEST_TIMEOUT_MS = 4_000


async def ensure_topics(address: KafkaAddress, partitions: Mapping[str, int]) -> None:
    """Create what is missing; a broker that lets nobody create topics is expected to have them already."""
    try:
        async with _admin(address) as admin:
            await _create_missing(admin, partitions)
    # not an error of ours to handle: sending tells whether the topics are there
    except Exception as error:  # noqa: BLE001 - aiokafka raises AttributeError at a broker without a controller
        log.warning("kafka.topics.not_created", error=type(error).__name__)


async def missing_topics(address: KafkaAddress) -> set[str]:
    """Which topics of ours Kafka does not have; raises what aiokafka raises when it cannot be asked."""
    async with _admin(address) as admin:
        return set(wanted_partitions()) - set(await admin.list_topics())


async def takes_a_message(address: KafkaAddress, within_s: float = PROBE_LIMIT_S) -> bool:
    """Whether a message to a topic of the probe's own is acknowledged: an open port is not a broker that works."""
    quiet_aiokafka()
    try:
        async with asyncio.timeout(within_s):
            async with _admin(address) as admin:
                await _create_missing(admin, {PROBE_TOPIC: 1})
            await _send_one(address)
    except Exception:  # noqa: BLE001 - aiokafka raises errors of many families while a broker starts
        return False
    return True


def quiet_aiokafka() -> None:
    """Hundreds of lines a second while a broker is away; we say ourselves that it is."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


@asynccontextmanager
async def _admin(address: KafkaAddress) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**address.options(), request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _create_missing(admin: AIOKafkaAdminClient, partitions: Mapping[str, int]) -> None:
    missing = set(partitions) - set(await admin.list_topics())
    if missing:
        answer = await admin.create_topics([_new_topic(name, partitions[name]) for name in sorted(missing)])
        refused = {name: for_code(code).__name__ for name, code, *_ in answer.topic_errors if code}
        log.info("kafka.topics.created", topics=len(missing) - len(refused), refused=refused)


async def _send_one(address: KafkaAddress) -> None:
    producer = AIOKafkaProducer(**address.options(), request_timeout_ms=REQUEST_TIMEOUT_MS, acks="all")
    try:
        await producer.start()
        await producer.send_and_wait(PROBE_TOPIC, b"{}")
    finally:
        with suppress(Exception):
            await producer.stop()


def _new_topic(name: str, partitions: int) -> NewTopic:
    topic = NewTopic(name, partitions, 1)
    # the broker's own default number of copies; the constructor does not let it pass
    topic.replication_factor = -1
    return topic
