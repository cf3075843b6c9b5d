"""The composition root of debug."""

from fastapi import FastAPI

from learnflow.contracts.services import DEBUG
from learnflow.kit import own_records
from learnflow.kit.app import create_app
from learnflow.kit.bus import make_bus
from learnflow.kit.database import open_database
from learnflow.kit.invoke import Invoker, ServiceTokens
from learnflow.kit.own_records import OwnTable
from learnflow.kit.revocations import Revocations
from learnflow.kit.sealed import Vault, load_master_key
from learnflow.kit.tokens import HttpKeySource, KeySource, TokenVerifier
from learnflow.kit.wakeups import Wakeups
from learnflow.kit.work import WorkQueue
from learnflow.services.debug.api import make_router
from learnflow.services.debug.handlers import Handlers
from learnflow.services.debug.repository import Rungs
from learnflow.services.debug.sandbox import Sandbox
from learnflow.services.debug.service import Debugger
from learnflow.services.debug.settings import Settings

OWN = {"rungs": OwnTable("student_id", leave_out=("spent", "sketch")), "error_patterns": OwnTable("student_id")}
"""What a student's export takes from here; left out are digests of programs."""


def create(settings: Settings, *, keys: KeySource | None = None, invoker: Invoker | None = None) -> FastAPI:
    """Everything of debug, put together; `keys` and `invoker` where no other service is asked."""
    database = open_database(settings)
    wakeups = Wakeups(database)
    revocations = Revocations(database, wakeups)
    invoker = invoker or Invoker(settings, ServiceTokens(settings, DEBUG))
    bus = make_bus(settings, database, DEBUG, wakeups=wakeups)
    vault = Vault(database, load_master_key(settings))
    debugger = Debugger(database, bus, vault, Sandbox(invoker), Rungs())
    queue = WorkQueue(database, DEBUG.group, debugger.answer)
    Handlers(queue).subscribe(bus)
    return create_app(
        DEBUG,
        settings,
        routers=[make_router(debugger), own_records.make_router(database, vault, OWN)],
        parts=[database, wakeups, revocations, invoker, queue, bus],
        verifier=TokenVerifier(keys or HttpKeySource(invoker), is_revoked=revocations.is_revoked),
    )
