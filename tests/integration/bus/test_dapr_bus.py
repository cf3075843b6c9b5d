"""The dapr driver against a sidecar in this process: the common cases, the events route, and state over etags."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from uuid import uuid4

import httpx
import orjson
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from learnflow.contracts.errors import Conflict, Unavailable
from learnflow.contracts.events import CodeExecuted, Fact
from learnflow.contracts.services import PROGRESS
from learnflow.contracts.topics import PROGRESS_EVENTS, Topic
from learnflow.kit.app import create_app
from learnflow.kit.bus.base import SPACING_S, BatchHandler, Bus, Event, Handler
from learnflow.kit.bus.dapr import DaprBus, dapr_bus, unwrapped
from learnflow.kit.dapr_state import DaprState
from learnflow.kit.database import Database, Transaction
from learnflow.kit.settings import ServiceSettings
from learnflow.kit.sidecar import Sidecar
from learnflow.kit.wakeups import Wakeups
from tests.integration.bus.conformance import FAST_BACKOFF_S, BusCases, MakeBus, Seen, eventually, ran
from tests.integration.bus.mock_dapr import MockDapr

SETTINGS = ServiceSettings(bus="dapr", dapr_api_token=SecretStr("ours"), app_api_token=SecretStr("its"))
EVENTS = f"/events/group/{PROGRESS_EVENTS.name}"


class MockedBus:
    """A DaprBus whose groups the mock delivers to, over ASGI."""

    name = "bus"

    def __init__(self, dapr: MockDapr, database: Database) -> None:
        sidecar = Sidecar(SETTINGS, client=dapr)
        self.bus = DaprBus(sidecar, database, "its", backoff_s=FAST_BACKOFF_S)
        self.app: FastAPI = create_app(PROGRESS, SETTINGS, parts=[self.bus])
        self._dapr = dapr
        self._client: httpx.AsyncClient | None = None

    async def publish(self, tx: Transaction, events: Sequence[Event]) -> None:
        await self.bus.publish(tx, events)

    def subscribe(self, topic: Topic, group: str, handlers: Mapping[type[Fact], Handler]) -> None:
        self.bus.subscribe(topic, group, handlers)

    def subscribe_all(self, topic: Topic, group: str, handler: BatchHandler, *, spacing_s: float = SPACING_S) -> None:
        self.bus.subscribe_all(topic, group, handler, spacing_s=spacing_s)

    async def reason_not_ready(self) -> str | None:
        return await self.bus.reason_not_ready()

    async def start(self) -> None:
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://app")
        await self.bus.start()
        for group, topics in self.bus.groups.items():
            for topic in topics:
                self._dapr.join(group, topic, self.deliver)

    async def stop(self) -> None:
        await self.bus.stop()
        self._dapr.leave(self.deliver)

    async def deliver(self, group: str, topic: str, body: bytes, token: bytes = b"its") -> int:
        assert self._client is not None
        answer = await self._client.post(
            f"/events/{group}/{topic}", content=body, headers={b"dapr-api-token": token}, timeout=60
        )
        return answer.status_code


@pytest.fixture
async def dapr() -> AsyncIterator[MockDapr]:
    made = MockDapr()
    yield made
    made.kill()


@pytest.fixture
def make_bus(dapr: MockDapr) -> MakeBus:
    def make(database: Database) -> Bus:
        return MockedBus(dapr, database)

    return make


class TestDaprBus(BusCases):
    """The common cases."""

    @pytest.fixture(autouse=True)
    def _of_this_test(self, dapr: MockDapr) -> None:
        self.dapr = dapr

    async def kill_readers(self) -> None:
        self.dapr.kill()
        handling = [task for task in asyncio.all_tasks() if task.get_name().startswith("dapr ")]
        for task in handling:
            task.cancel()
        await asyncio.wait(handling)


async def test_only_the_relay_reads_the_log_and_listens(
    dapr: MockDapr, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    listened: list[str] = []
    listen = Wakeups.on

    def on(self: Wakeups, channel: str, callback: Callable[[str], None]) -> None:
        listened.append(str(getattr(callback, "func", callback).__qualname__))
        listen(self, channel, callback)

    monkeypatch.setattr(Wakeups, "on", on)
    seen, bus = Seen(), MockedBus(dapr, database)
    bus.subscribe(PROGRESS_EVENTS, "group", {CodeExecuted: seen})
    await bus.start()
    await publish(bus, database, ran(1, uuid4()))
    await eventually(lambda: bool(seen.events))
    await bus.stop()
    assert set(listened) == {"Relay._wake"}
    groups = await database.fetch("select distinct grp from bus_cursor")
    assert [row["grp"] for row in groups] == ["relay"]
    assert dapr.seen_tokens == {"ours"}


async def test_what_the_sidecar_carries_is_our_event_to_the_byte(dapr: MockDapr, database: Database) -> None:
    bus, event = MockedBus(dapr, database), ran(1, uuid4())
    await bus.start()
    await publish(bus, database, event)
    await eventually(lambda: any(dapr.records.values()))
    await bus.stop()
    (raw,) = [raw for records in dapr.records.values() for raw in records]
    assert raw.decode() == await database.fetchval("select ce::text from bus_log")


async def test_a_sidecar_that_answers_500_only_delays(dapr: MockDapr, database: Database) -> None:
    seen, bus, student = Seen(), MockedBus(dapr, database), uuid4()
    bus.subscribe(PROGRESS_EVENTS, "group", {CodeExecuted: seen})
    await bus.start()
    await publish(bus, database, ran(1, student))
    await eventually(lambda: len(seen.events) >= 1)
    dapr.is_away = True
    await publish(bus, database, ran(2, student), ran(3, student))
    await asyncio.sleep(0.3)
    assert await bus.reason_not_ready() is not None
    dapr.is_away = False
    await eventually(lambda: len(seen.events) >= 3)
    await bus.stop()
    assert seen.of(student) == [1, 2, 3]


@pytest.mark.parametrize("token", [b"", b"ours", b"it", b"its2", b"\xefts"])
async def test_events_of_somebody_else_are_refused(dapr: MockDapr, database: Database, token: bytes) -> None:
    seen, bus = Seen(), MockedBus(dapr, database)
    bus.subscribe(PROGRESS_EVENTS, "group", {CodeExecuted: seen})
    await bus.start()
    body = ran(1, uuid4()).model_dump_json().encode()
    status = await bus.deliver("group", PROGRESS_EVENTS.name, body, token)
    await bus.stop()
    assert status == 403
    assert seen.events == []


async def test_an_unknown_topic_is_dropped_and_nothing_is_taken_before_the_start_or_after_the_end(
    dapr: MockDapr, database: Database
) -> None:
    seen, bus, body = Seen(), MockedBus(dapr, database), ran(1, uuid4()).model_dump_json().encode()
    bus.subscribe(PROGRESS_EVENTS, "group", {CodeExecuted: seen})
    bus._client = httpx.AsyncClient(transport=httpx.ASGITransport(bus.app), base_url="http://app")
    assert await bus.deliver("group", PROGRESS_EVENTS.name, body) == 503
    await bus.start()
    assert await bus.deliver("group", "no.such.topic", body) == 404
    assert await bus.deliver("nobody", PROGRESS_EVENTS.name, body) == 404
    assert await bus.deliver("group", PROGRESS_EVENTS.name, body) == 204
    await bus.stop()
    assert await bus.deliver("group", PROGRESS_EVENTS.name, body) == 503
    assert len(seen.events) == 1


@pytest.fixture
async def batches(dapr: MockDapr, database: Database) -> AsyncIterator[tuple[MockedBus, list[int]]]:
    """A bus with a group that is in no hurry, after its first event, and the sizes of its batches."""
    sizes: list[int] = []

    async def many(_tx: Transaction, events: Sequence[Event]) -> None:
        sizes.append(len(events))

    bus = MockedBus(dapr, database)
    bus.subscribe_all(PROGRESS_EVENTS, "group", many, spacing_s=0.5)
    await bus.start()
    assert await delivered(bus, 1) == 204
    yield bus, sizes
    await bus.stop()


async def delivered(bus: MockedBus, number: int) -> int:
    return await bus.deliver("group", PROGRESS_EVENTS.name, ran(number, uuid4()).model_dump_json().encode())


async def test_who_is_in_no_hurry_gets_at_once_what_comes_within_a_moment(
    batches: tuple[MockedBus, list[int]],
) -> None:
    bus, sizes = batches
    later = []
    for number in (2, 3, 4):
        later.append(asyncio.create_task(delivered(bus, number)))
        await asyncio.sleep(0.01)
    assert sizes == [1]
    assert await asyncio.gather(*later) == [204] * 3
    assert sizes == [1, 3]


async def test_a_batch_with_a_record_of_every_partition_waits_for_nobody(batches: tuple[MockedBus, list[int]]) -> None:
    bus, sizes = batches
    async with asyncio.timeout(0.4):
        answers = await asyncio.gather(*(delivered(bus, number) for number in range(PROGRESS_EVENTS.partitions)))
    assert answers == [204] * PROGRESS_EVENTS.partitions
    assert sum(sizes) == 1 + PROGRESS_EVENTS.partitions


async def test_an_end_refuses_what_still_waits_for_company(batches: tuple[MockedBus, list[int]]) -> None:
    bus, sizes = batches
    waiting = asyncio.create_task(delivered(bus, 2))
    await asyncio.sleep(0.02)
    await bus.bus.stop()
    assert await waiting == 503
    assert sizes == [1]


def test_without_a_token_of_its_sidecars_no_service_starts() -> None:
    with pytest.raises(ValueError, match="APP_API_TOKEN"):
        dapr_bus(ServiceSettings(bus="dapr"), Database("postgresql://nobody@127.0.0.1/nothing"))


@pytest.mark.parametrize("body", [b"", b"[]", b"no json", b'{"data_base64": "%"}', b'{"data_base64": 5}', b"null"])
def test_a_body_that_is_no_envelope_of_the_sidecars_is_the_record_itself(body: bytes) -> None:
    assert unwrapped(body) == body
    assert unwrapped(orjson.dumps({"data_base64": "e30="})) == b"{}"


async def test_state_over_etags(dapr: MockDapr) -> None:
    state = DaprState(Sidecar(SETTINGS, client=dapr))
    assert await state.get("key") is None
    await state.put("key", {"a": [1, None]}, ttl_s=60, first_write=True)
    first = await state.get("key")
    assert first is not None
    assert first.value == {"a": [1, None]}
    with pytest.raises(Conflict):
        await state.put("key", 2, first_write=True)
    await state.put("key", 2, etag=first.etag)
    with pytest.raises(Conflict):
        await state.put("key", 3, etag=first.etag)
    with pytest.raises(Conflict):
        await state.delete("key", etag=first.etag)
    assert await state.delete("key")
    assert not await state.delete("key")


async def test_a_store_that_is_away_is_said(dapr: MockDapr) -> None:
    dapr.is_away = True
    state = DaprState(Sidecar(SETTINGS, client=dapr))
    for call in (state.get("key"), state.put("key", 1), state.put("key", 1, first_write=True), state.delete("key")):
        with pytest.raises(Unavailable):
            await call


async def publish(bus: MockedBus, database: Database, *events: Event) -> None:
    async with database.transaction() as tx:
        await bus.publish(tx, events)
