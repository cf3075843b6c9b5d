"""The roads of `bench dapr`: the log driver, the dapr driver, and a sidecar with nothing of ours around it."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import orjson
import uvicorn
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from learnflow.contracts.errors import Unavailable
from learnflow.contracts.events import CodeExecuted
from learnflow.contracts.services import PROGRESS
from learnflow.contracts.topics import PROGRESS_EVENTS
from learnflow.kit.app import create_app
from learnflow.kit.bus.base import Bus, Event, new_event
from learnflow.kit.bus.dapr import DaprBus, unwrapped
from learnflow.kit.bus.dapr_carrier import DaprCarrier
from learnflow.kit.bus.log import LogBus
from learnflow.kit.bus.outbox import to_json
from learnflow.kit.database import Database, Transaction
from learnflow.kit.listen import listen
from learnflow.kit.serve import server_for
from learnflow.kit.settings import ServiceSettings
from learnflow.kit.sidecar import Sidecar
from learnflow.runtime.embedded import free_port
from learnflow.runtime.in_process import in_this_loop
from learnflow.runtime.servers import dapr_files
from learnflow.runtime.servers.dapr import DaprFolder, SidecarServer

Made = TypeVar("Made")
GROUP = "bench"
FLOOR_GROUP = "floor"


class Reader:
    """Counts what a group has had, and how long each event took from before its commit."""

    def __init__(self) -> None:
        self.sent: dict[UUID, float] = {}
        self.delays_ms: list[float] = []
        self.seen: set[UUID] = set()
        self.doubled = 0
        self._students = [uuid4() for _ in range(200)]

    async def __call__(self, _tx: Transaction, event: Event) -> None:
        self.has(event.id)

    def has(self, event_id: UUID) -> None:
        """An event of ours has arrived; a new group may also begin with what others have left."""
        if event_id not in self.sent:
            return
        self.doubled += event_id in self.seen
        self.seen.add(event_id)
        self.delays_ms.append((time.perf_counter() - self.sent[event_id]) * 1000)

    def events(self, count: int) -> list[Event]:
        """New ones, that go out now."""
        made = []
        for _ in range(count):
            data = CodeExecuted(execution_id=uuid4(), status="ok", topic_id="loops.for", duration_ms=12.5)
            student = secrets.choice(self._students)
            made.append(new_event(data, source="/learnflow/bench", student_id=student, correlation_id=uuid4()))
        self.sent.update(dict.fromkeys((event.id for event in made), time.perf_counter()))
        return made


@dataclass
class Road:
    """A way from a publisher to a reader."""

    reader: Reader
    send: Callable[[list[Event]], Awaitable[object]]
    kill: Callable[[], None] = lambda: None

    @property
    def published(self) -> int:
        return len(self.reader.sent)

    async def publish(self, count: int) -> None:
        await self.send(self.reader.events(count))


Opened = AbstractAsyncContextManager[Road]


def _by_transaction(database: Database, bus: Bus) -> Callable[[list[Event]], Awaitable[object]]:
    async def publish(events: list[Event]) -> None:
        async with database.transaction() as tx:
            await bus.publish(tx, events)

    return publish


@asynccontextmanager
async def opened_log(database: Database) -> AsyncIterator[Road]:
    """Events through PostgreSQL alone."""
    bus, reader = LogBus(database), Reader()
    bus.subscribe(PROGRESS_EVENTS, GROUP, {CodeExecuted: reader})
    await bus.start()
    yield Road(reader, _by_transaction(database, bus))
    await bus.stop()


@asynccontextmanager
async def opened_dapr(database: Database, folder: Path, servers: str) -> AsyncIterator[Road]:
    """Outbox, relay, sidecar, Kafka, sidecar, inbox and effect."""
    reader = Reader()

    def make(sidecar: SidecarServer, settings: ServiceSettings) -> tuple[DaprBus, uvicorn.Server]:
        bus = DaprBus(Sidecar(settings), database, sidecar.app_token)
        bus.subscribe(PROGRESS_EVENTS, GROUP, {CodeExecuted: reader})
        return bus, server_for(create_app(PROGRESS, settings, parts=[bus]))

    async with _beside(folder, servers, GROUP, make) as (bus, kill):
        yield Road(reader, _by_transaction(database, bus), kill)


@asynccontextmanager
async def opened_floor(folder: Path, servers: str) -> AsyncIterator[Road]:
    """Bulk publish, the sidecar, Kafka, and a server that says yes."""
    reader = Reader()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/events/"):
            body = await receive()
            reader.has(UUID(orjson.loads(unwrapped(body["body"]))["id"]))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def make(_server: SidecarServer, settings: ServiceSettings) -> tuple[Sidecar, uvicorn.Server]:
        return Sidecar(settings), uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))

    async with _beside(folder, servers, FLOOR_GROUP, make) as (sidecar, kill):
        carrier = DaprCarrier(sidecar)

        async def send(events: list[Event]) -> None:
            rows: list[Any] = [
                {"topic": PROGRESS_EVENTS.name, "key": event.partitionkey, "ce": to_json(event)} for event in events
            ]
            while not await _sent(carrier, rows):  # noqa: ASYNC110 - a broker that is away sets no event
                await asyncio.sleep(0.05)

        yield Road(reader, send, kill)
        await sidecar.stop()


async def _sent(carrier: DaprCarrier, rows: list[Any]) -> bool:
    try:
        await carrier.send(rows)
    except Unavailable:
        return False
    return True


@asynccontextmanager
async def _beside(
    folder: Path,
    servers: str,
    group: str,
    make: Callable[[SidecarServer, ServiceSettings], tuple[Made, uvicorn.Server]],
) -> AsyncIterator[tuple[Made, Callable[[], None]]]:
    """A server in this loop with a sidecar beside it, and what kills that and starts it again."""
    files, listening = DaprFolder(folder), listen("127.0.0.1", 0)
    place = replace(files.place(servers, session="3s", heartbeat="500ms"), apps=(group,))
    subscription = dapr_files.subscription(group, PROGRESS_EVENTS)
    files.write(place, [subscription], [dapr_files.bus(place), dapr_files.secret_store(place)])
    sidecar = SidecarServer(group, listening.getsockname()[1], files, folder / "sidecar.log", http_port=free_port())
    settings = ServiceSettings(
        bus="dapr", dapr_http_port=sidecar.http_port, dapr_api_token=SecretStr(sidecar.api_token), log_level="error"
    )
    made, server = make(sidecar, settings)
    server = in_this_loop(server)
    serving = asyncio.create_task(server.serve([listening]))
    sidecar.spawn()
    await asyncio.to_thread(sidecar.wait_until_delivering)

    def kill() -> None:
        sidecar.kill()
        sidecar.spawn()

    yield made, kill
    server.should_exit = True
    await serving
    await asyncio.to_thread(sidecar.stop)
