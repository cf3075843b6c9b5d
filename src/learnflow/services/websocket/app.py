"""The websocket service's composition root."""

from fastapi import FastAPI

from learnflow.contracts.services import WEBSOCKET
from learnflow.kit import revocations as revoked
from learnflow.kit.app import create_app
from learnflow.kit.bus import Bus, make_bus
from learnflow.kit.clock import system_clock
from learnflow.kit.database import Database, open_database
from learnflow.kit.invoke import Invoker
from learnflow.kit.revocations import Revocations
from learnflow.kit.sealed import Vault, load_master_key
from learnflow.kit.tokens import HttpKeySource, KeySource, TokenVerifier
from learnflow.kit.wakeups import Wakeups
from learnflow.services.websocket.api import make_router
from learnflow.services.websocket.handlers import Handlers
from learnflow.services.websocket.hub import Hub
from learnflow.services.websocket.repository import Frames, NamedAsks
from learnflow.services.websocket.service import CHANNEL, AskDesk, FrameKeeper, FrameReader, Purge
from learnflow.services.websocket.settings import Settings
from learnflow.services.websocket.sockets import Sockets


def create(settings: Settings, *, keys: KeySource | None = None) -> FastAPI:
    """Everything of the websocket service, put together; `keys` where the gateway is not asked for them."""
    database = open_database(settings)
    wakeups = Wakeups(database, is_alone=settings.replicas == 1)
    revocations = Revocations(database, wakeups)
    invoker = Invoker(settings)
    bus = make_bus(settings, database, WEBSOCKET, wakeups=wakeups)
    vault = Vault(database, load_master_key(settings))
    frames = Frames(database)
    reader = FrameReader(frames, vault)
    hub = Hub(reader, sockets_per_user=settings.sockets_per_user)
    _listen(bus, wakeups, database, frames, hub)
    verifier = TokenVerifier(keys or HttpKeySource(invoker), is_revoked=revocations.is_revoked)
    sockets = Sockets(
        hub=hub,
        reader=reader,
        desk=_ask_desk(database, bus, vault, settings),
        verifier=verifier,
        is_revoked=revocations.is_revoked,
        clock=system_clock,
        sign_in_within_s=settings.sign_in_within_s,
        slowest_send_s=settings.slowest_send_s,
    )
    return create_app(
        WEBSOCKET,
        settings,
        routers=[make_router(sockets)],
        parts=[database, wakeups, revocations, invoker, hub, Purge(frames), bus],
        verifier=verifier,
        health_details=lambda: {"sockets": hub.count},
    )


def _listen(bus: Bus, wakeups: Wakeups, database: Database, frames: Frames, hub: Hub) -> None:
    keeper = FrameKeeper(frames, database, lambda tx, user_id: wakeups.wake_peers_after_commit(tx, CHANNEL, user_id))
    Handlers(keeper).subscribe(bus)
    wakeups.on(CHANNEL, hub.on_wakeup)
    wakeups.on(revoked.CHANNEL, hub.on_session_revoked)


def _ask_desk(database: Database, bus: Bus, vault: Vault, settings: Settings) -> AskDesk:
    return AskDesk(database, bus, vault, NamedAsks(database), questions_per_minute=settings.questions_per_minute)
