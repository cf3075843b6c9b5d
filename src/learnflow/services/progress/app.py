"""Progress' composition root."""

from fastapi import FastAPI

from learnflow.contracts.services import PROGRESS
from learnflow.curriculum import load_curriculum
from learnflow.kit.app import create_app
from learnflow.kit.bus import make_bus
from learnflow.kit.bus.retention import Trimming
from learnflow.kit.clock import system_clock
from learnflow.kit.database import open_database
from learnflow.kit.invoke import Invoker
from learnflow.kit.revocations import Revocations
from learnflow.kit.sealed import Vault, load_master_key
from learnflow.kit.settings import ServiceSettings
from learnflow.kit.tokens import HttpKeySource, KeySource, TokenVerifier
from learnflow.kit.wakeups import Wakeups
from learnflow.services.progress.api import make_router
from learnflow.services.progress.handlers import Handlers
from learnflow.services.progress.repository import ActivityDays, FactLog
from learnflow.services.progress.service import FactKeeper, ProgressDesk


def create(settings: ServiceSettings, *, keys: KeySource | None = None) -> FastAPI:
    """Everything of progress, put together; `keys` where the gateway is not asked for them."""
    database = open_database(settings)
    wakeups = Wakeups(database)
    revocations = Revocations(database, wakeups)
    invoker = Invoker(settings)
    bus = make_bus(settings, database, PROGRESS, wakeups=wakeups)
    facts, days = FactLog(database), ActivityDays(database)
    vault = Vault(database, load_master_key(settings))
    titles = {card.card: card.title for card in load_curriculum().cards.values()}
    desk = ProgressDesk(facts, days, bus, vault, system_clock, titles)
    Handlers(FactKeeper(facts, days), desk).subscribe(bus)
    return create_app(
        PROGRESS,
        settings,
        routers=[make_router(desk)],
        parts=[database, wakeups, revocations, invoker, bus, Trimming(database)],
        verifier=TokenVerifier(keys or HttpKeySource(invoker), is_revoked=revocations.is_revoked),
    )
