"""The `dapr` driver: the log is the outbox, the relay publishes through the sidecar, the sidecar delivers by HTTP."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping, Sequence

import orjson
from starlette.types import ASGIApp

from learnflow.contracts.errors import NotFound, Unavailable
from learnflow.contracts.events import Fact
from learnflow.contracts.topics import Topic
from learnflow.kit.bus.base import SPACING_S, BatchHandler, Event, Handler
from learnflow.kit.bus.consumer import BACKOFF_S, Consumer
from learnflow.kit.bus.dapr_carrier import DaprCarrier
from learnflow.kit.bus.dapr_door import Door
from learnflow.kit.bus.dapr_receiver import Receiver
from learnflow.kit.bus.outbox import Outbox
from learnflow.kit.bus.relay import Relay
from learnflow.kit.bus.subscription import Subscriptions
from learnflow.kit.bus.watch import OldestTransaction
from learnflow.kit.database import Database, Transaction
from learnflow.kit.settings import ServiceSettings
from learnflow.kit.sidecar import Sidecar, shared_sidecar
from learnflow.kit.wakeups import Wakeups


def dapr_bus(settings: ServiceSettings, database: Database, *, wakeups: Wakeups | None = None) -> DaprBus:
    """The driver as the settings describe it; without a token of its sidecar's it does not start."""
    if settings.app_api_token is None:
        raise ValueError("bus=dapr needs APP_API_TOKEN: by it the events of our own sidecar are told from others'.")
    return DaprBus(shared_sidecar(settings), database, settings.app_api_token.get_secret_value(), wakeups=wakeups)


class DaprBus:
    """Publishes into `bus_log`, relays it to the sidecar, and handles what the sidecar delivers at its `door`."""

    name = "bus"

    def __init__(
        self,
        sidecar: Sidecar,
        database: Database,
        app_token: str,
        *,
        wakeups: Wakeups | None = None,
        backoff_s: Sequence[float] = BACKOFF_S,
    ) -> None:
        """`app_token` is what the sidecar shows us; nobody else may deliver events."""
        self.sidecar = sidecar
        self._database = database
        self._app_token = app_token
        self._backoff_s = backoff_s
        self._wakeups = wakeups or Wakeups(database)
        self._own_wakeups = None if wakeups else self._wakeups
        self._outbox = Outbox(self._wakeups)
        self._relay = Relay(database, DaprCarrier(sidecar), self._wakeups)
        self._watch = OldestTransaction(database)
        self._subscriptions = Subscriptions()
        self._receivers: dict[tuple[str, str], Receiver] = {}

    async def publish(self, tx: Transaction, events: Sequence[Event]) -> None:
        await self._outbox.publish(tx, events)

    def subscribe(self, topic: Topic, group: str, handlers: Mapping[type[Fact], Handler]) -> None:
        self._subscriptions.of(topic, group).add(handlers)

    def subscribe_all(self, topic: Topic, group: str, handler: BatchHandler, *, spacing_s: float = SPACING_S) -> None:
        self._subscriptions.of(topic, group).add_batch(handler, spacing_s)

    @property
    def groups(self) -> dict[str, list[str]]:
        """The topics that each group reads."""
        read: dict[str, list[str]] = {}
        for one in self._subscriptions:
            read.setdefault(one.group, []).append(one.topic.name)
        return read

    async def start(self) -> None:
        if self._own_wakeups is not None:
            await self._own_wakeups.start()
        for one in self._subscriptions:
            receiver = Receiver(self._database, Consumer(one, backoff_s=self._backoff_s))
            await receiver.start()
            self._receivers[one.group, one.topic.name] = receiver
        await self._relay.start()
        await self._watch.start()

    async def stop(self) -> None:
        """Every delivery in hand is finished and answered; then the relay, so that the effects go out too."""
        await self._watch.stop()
        await asyncio.gather(*(receiver.stop() for receiver in self._receivers.values()))
        await self._relay.stop()
        await self.sidecar.stop()
        if self._own_wakeups is not None:
            await self._own_wakeups.stop()

    async def reason_not_ready(self) -> str | None:
        return await self.sidecar.reason_not_ready() or await self._relay.reason_not_ready()

    def door(self, app: ASGIApp) -> ASGIApp:
        """Stands before the application and takes what the sidecar delivers."""
        return Door(app, self._take, self._app_token)

    async def _take(self, group: str, topic: str, body: bytes) -> None:
        await self._receiver(group, topic).take(unwrapped(body))

    def _receiver(self, group: str, topic: str) -> Receiver:
        receiver = self._receivers.get((group, topic))
        if receiver is not None:
            return receiver
        if not self._receivers:
            # before the start and after the end: sent again, while 404 would be a dead letter at once
            raise Unavailable("This service has not begun to take events.")
        raise NotFound("This group does not read this topic.")


def unwrapped(delivered: bytes) -> bytes:
    """The record as it lies on Kafka: the sidecar puts raw records into a CloudEvent of its own, as base64."""
    try:
        return base64.b64decode(orjson.loads(delivered)["data_base64"], validate=True)
    except (orjson.JSONDecodeError, KeyError, TypeError, binascii.Error):
        # somebody's subscription without rawPayload: the body is the event itself
        return delivered
