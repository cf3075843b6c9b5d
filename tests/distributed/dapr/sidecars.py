"""The dapr driver with everything around it: an app on a port, and a real sidecar for each group of the bus."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import uvicorn
from aiokafka import AIOKafkaConsumer, TopicPartition
from fastapi import FastAPI
from pydantic import SecretStr

from learnflow.contracts.events import Fact
from learnflow.contracts.services import PROGRESS
from learnflow.contracts.topics import PROGRESS_EVENTS, TOPICS, Topic
from learnflow.kit.app import create_app
from learnflow.kit.bus.base import SPACING_S, BatchHandler, Event, Handler
from learnflow.kit.bus.consumer import BACKOFF_S
from learnflow.kit.bus.dapr import DaprBus
from learnflow.kit.database import Database, Transaction
from learnflow.kit.listen import listen
from learnflow.kit.serve import server_for
from learnflow.kit.settings import ServiceSettings
from learnflow.kit.sidecar import Sidecar
from learnflow.runtime.embedded import free_port
from learnflow.runtime.in_process import in_this_loop
from learnflow.runtime.servers import dapr_files
from learnflow.runtime.servers.dapr import DaprFolder, SidecarServer

SESSION, HEARTBEAT = "3s", "500ms"


@dataclass
class Field:
    """One test's groups on the session's broker: they begin where the topic ends, and nobody else has their names."""

    servers: str
    folder: Path
    suffix: str = field(default_factory=lambda: uuid4().hex[:8])
    begun: set[str] = field(default_factory=set)
    running: list[SidecarBus] = field(default_factory=list)

    def bus(self, database: Database, *, backoff_s: Sequence[float] = BACKOFF_S) -> SidecarBus:
        return SidecarBus(self, database, backoff_s)

    async def begin(self, group: str, topic: Topic) -> None:
        """Let a group of this test skip what earlier tests have left in the topic."""
        if group in self.begun:
            return
        self.begun.add(group)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.servers, group_id=f"{group}-{self.suffix}", enable_auto_commit=False
        )
        await consumer.start()
        try:
            parts = [TopicPartition(topic.name, part) for part in range(topic.partitions)]
            consumer.assign(parts)
            await consumer.commit(await consumer.end_offsets(parts))
        finally:
            await consumer.stop()

    def kill_sidecars(self) -> None:
        for bus in self.running:
            for sidecar in bus.sidecars:
                sidecar.kill()

    async def close(self) -> None:
        for bus in list(self.running):
            await bus.stop()


class SidecarBus:
    """A DaprBus whose `start` also starts an app for its router and a sidecar a group."""

    name = "bus"

    def __init__(self, field: Field, database: Database, backoff_s: Sequence[float]) -> None:
        self.settings = ServiceSettings(
            bus="dapr",
            dapr_http_port=free_port(),
            dapr_api_token=SecretStr("to the sidecar"),
            app_api_token=SecretStr("from the sidecar"),
        )
        self.bus = DaprBus(Sidecar(self.settings), database, "from the sidecar", backoff_s=backoff_s)
        self.sidecars: list[SidecarServer] = []
        self._field = field
        self._folder = DaprFolder(field.folder / uuid4().hex[:8])
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def publish(self, tx: Transaction, events: Sequence[Event]) -> None:
        await self.bus.publish(tx, events)

    def subscribe(self, topic: Topic, group: str, handlers: Mapping[type[Fact], Handler]) -> None:
        self.bus.subscribe(topic, group, handlers)

    def subscribe_all(self, topic: Topic, group: str, handler: BatchHandler, *, spacing_s: float = SPACING_S) -> None:
        self.bus.subscribe_all(topic, group, handler, spacing_s=spacing_s)

    async def reason_not_ready(self) -> str | None:
        return await self.bus.reason_not_ready()

    async def start(self) -> None:
        listening = await self._serve()
        self._make_sidecars(listening.getsockname()[1])
        for group in self.bus.groups:
            await self._field.begin(group, PROGRESS_EVENTS)
        for sidecar in self.sidecars:
            sidecar.spawn()
        self._field.running.append(self)
        for sidecar in self.sidecars:
            await asyncio.to_thread(sidecar.wait_until_delivering)

    async def stop(self) -> None:
        if self in self._field.running:
            self._field.running.remove(self)
        # the sidecars last, as in `up`: what is in hand is answered, and the relay needs one to send what came of it
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving
        for sidecar in self.sidecars:
            await asyncio.to_thread(sidecar.stop)
        # a call that came in while the server ended is closed by the end of its sidecar: let the loop see it
        await asyncio.sleep(0.1)

    async def _serve(self) -> socket.socket:
        app: FastAPI = create_app(PROGRESS, self.settings, parts=[self.bus])
        listening = listen("127.0.0.1", 0)
        self._server = in_this_loop(server_for(app))
        self._serving = asyncio.create_task(self._server.serve([listening]))
        while not self._server.started:
            assert not self._serving.done(), "the app did not start"
            await asyncio.sleep(0.01)
        return listening

    def _make_sidecars(self, app_port: int) -> None:
        groups = self.bus.groups
        place = self._folder.place(self._field.servers, session=SESSION, heartbeat=HEARTBEAT)
        place = replace_group(place, f"{{appID}}-{self._field.suffix}", tuple(groups))
        wanted = [dapr_files.subscription(group, TOPICS[topic]) for group in groups for topic in groups[group]]
        self._folder.write(place, wanted, [dapr_files.bus(place), dapr_files.secret_store(place)])
        ports = [self.settings.dapr_http_port, *(free_port() for _ in groups)]
        self.sidecars = [
            SidecarServer(
                app_id=group,
                app_port=app_port,
                files=self._folder,
                log_file=self._folder.folder / f"{group}.log",
                http_port=port,
                api_token="to the sidecar",
                app_token="from the sidecar",
            )
            for group, port in zip(groups, ports, strict=False)
        ]


def replace_group(place: dapr_files.Place, group: str, apps: tuple[str, ...]) -> dapr_files.Place:
    """The same place for groups that no table of services knows."""
    return replace(place, group=group, apps=apps)
