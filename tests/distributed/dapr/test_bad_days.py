"""The dapr driver when something is away or wrong: nothing acknowledged is lost, and it goes on by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from learnflow.contracts.events import CodeExecuted
from learnflow.contracts.topics import PROGRESS_EVENTS
from learnflow.kit.bus.dead_letters import dead_letters
from learnflow.kit.database import Database
from learnflow.runtime.embedded import free_port
from learnflow.runtime.servers import dapr_files
from learnflow.runtime.servers.dapr import DaprFolder, SidecarServer
from tests.distributed.dapr.sidecars import Field, SidecarBus
from tests.integration.bus.conformance import FAST_BACKOFF_S, Seen, eventually, ran

TOPIC = PROGRESS_EVENTS


async def publish(bus: SidecarBus, database: Database, numbers: Sequence[int]) -> None:
    async with database.transaction() as tx:
        await bus.publish(tx, [ran(number, uuid4()) for number in numbers])


@pytest.fixture
async def reading(field: Field, database: Database) -> tuple[SidecarBus, Seen]:
    """A started bus with one group; the field stops it."""
    seen, bus = Seen(), field.bus(database, backoff_s=FAST_BACKOFF_S)
    bus.subscribe(TOPIC, "group", {CodeExecuted: seen})
    await bus.start()
    return bus, seen


@pytest.mark.plan("P-RULE-dapr")
async def test_a_sidecar_that_is_killed_loses_nothing_and_doubles_no_effect(
    reading: tuple[SidecarBus, Seen], database: Database
) -> None:
    bus, seen = reading
    await publish(bus, database, range(100))
    await eventually(lambda: len(seen.events) >= 20)
    (sidecar,) = bus.sidecars
    sidecar.kill()
    await publish(bus, database, range(100, 200))
    sidecar.spawn()
    await eventually(lambda: len(set(seen.ids)) >= 200, within_s=60)
    # the last ones are seen a moment before their transaction is over
    await bus.stop()
    counts = await database.fetch("select event_id, count(*) as times from effects group by 1")
    assert {row["times"] for row in counts} == {1}
    assert len(counts) == 200


async def test_what_is_no_event_at_all_is_buried_by_our_rules_and_ends_no_sidecar(
    reading: tuple[SidecarBus, Seen], database: Database, topics: str
) -> None:
    bus, seen = reading
    producer = AIOKafkaProducer(bootstrap_servers=topics)
    await producer.start()
    # the last one would end a sidecar that looks into it
    for raw in (b"no json \xff", b"[]", b"null", b'{"specversion": "1.0", "traceparent": 5}'):
        await producer.send_and_wait(TOPIC.name, raw, key=b"somebody")
    await producer.stop()
    await publish(bus, database, [1])
    await eventually(lambda: bool(seen.events), within_s=40)
    for _ in range(500):
        if len(await dead_letters(database, TOPIC)) >= 4:
            break
        await asyncio.sleep(0.02)
    assert [letter.event_id for letter in await dead_letters(database, TOPIC)] == [None] * 4
    assert all(sidecar.poll() is None for sidecar in bus.sidecars)


async def test_nobody_without_the_token_may_use_the_sidecar(reading: tuple[SidecarBus, Seen]) -> None:
    bus, _ = reading
    async with httpx.AsyncClient(base_url=bus.bus.sidecar.address, trust_env=False) as stranger:
        answers = [
            await stranger.post(f"/v1.0/publish/{dapr_files.PUBSUB}/{TOPIC.name}", json={}),
            await stranger.get("/v1.0/metadata", headers={"dapr-api-token": "guessed"}),
        ]
    assert {answer.status_code for answer in answers} == {401}


async def test_a_topic_that_is_not_there_is_said_and_nothing_is_passed_over(
    reading: tuple[SidecarBus, Seen], database: Database
) -> None:
    bus, _ = reading
    answer = await bus.bus.sidecar.request(
        "POST", f"/v1.0/publish/{dapr_files.PUBSUB}/no.such.topic?metadata.rawPayload=true", content=b"{}"
    )
    assert answer.status_code >= 400
    # the relay may have looked for its sidecar while that was starting
    for _ in range(400):
        if await bus.reason_not_ready() is None:
            break
        await asyncio.sleep(0.05)
    assert await bus.reason_not_ready() is None


def test_a_sidecar_ends_while_kafka_is_away_so_that_its_supervisor_starts_it_again(daprd: None, tmp_path: Path) -> None:
    files = DaprFolder(tmp_path)
    place = files.place(f"127.0.0.1:{free_port()}")
    files.write(place, [dapr_files.subscription("progress", TOPIC)], [dapr_files.bus(place)])
    sidecar = SidecarServer("progress", free_port(), files, tmp_path / "sidecar.log")
    sidecar.spawn()
    try:
        assert sidecar.wait(30) == 1
    finally:
        sidecar.kill()
