"""Triage's composition root."""

from fastapi import FastAPI

from learnflow.contracts.services import TRIAGE
from learnflow.kit.app import create_app
from learnflow.kit.bus import make_bus
from learnflow.kit.database import open_database
from learnflow.kit.invoke import Invoker
from learnflow.kit.revocations import Revocations
from learnflow.kit.sealed import Vault, load_master_key
from learnflow.kit.settings import ServiceSettings
from learnflow.kit.tokens import HttpKeySource, KeySource, TokenVerifier
from learnflow.kit.wakeups import Wakeups
from learnflow.services.triage.api import make_router
from learnflow.services.triage.handlers import Handlers
from learnflow.services.triage.service import Triage


def create(settings: ServiceSettings, *, keys: KeySource | None = None) -> FastAPI:
    """Everything of triage, put together; `keys` where the gateway is not asked for them."""
    database = open_database(settings)
    wakeups = Wakeups(database)
    revocations = Revocations(database, wakeups)
    invoker = Invoker(settings)
    bus = make_bus(settings, database, TRIAGE, wakeups=wakeups)
    triage = Triage(bus, Vault(database, load_master_key(settings)))
    Handlers(triage).subscribe(bus)
    return create_app(
        TRIAGE,
        settings,
        routers=[make_router(triage)],
        parts=[database, wakeups, revocations, invoker, bus],
        verifier=TokenVerifier(keys or HttpKeySource(invoker), is_revoked=revocations.is_revoked),
    )
