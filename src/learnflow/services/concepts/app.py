"""The composition root of concepts."""

from fastapi import FastAPI

from learnflow.contracts.services import CONCEPTS
from learnflow.curriculum import load_curriculum
from learnflow.curriculum.languages import in_languages
from learnflow.kit.app import create_app
from learnflow.kit.bus import make_bus
from learnflow.kit.database import open_database
from learnflow.kit.invoke import Invoker, ServiceTokens
from learnflow.kit.revocations import Revocations
from learnflow.kit.sealed import Vault, load_master_key
from learnflow.kit.state import open_state
from learnflow.kit.tokens import HttpKeySource, KeySource, TokenVerifier
from learnflow.kit.wakeups import Wakeups
from learnflow.kit.work import WorkQueue
from learnflow.services.concepts.api import make_router
from learnflow.services.concepts.handlers import Handlers
from learnflow.services.concepts.sandbox import Sandbox
from learnflow.services.concepts.service import Concepts
from learnflow.services.concepts.settings import Settings


def create(settings: Settings, *, keys: KeySource | None = None, invoker: Invoker | None = None) -> FastAPI:
    """Everything of concepts, put together; `keys` and `invoker` where no other service is asked."""
    database = open_database(settings)
    wakeups = Wakeups(database)
    revocations = Revocations(database, wakeups)
    invoker = invoker or Invoker(settings, ServiceTokens(settings, CONCEPTS))
    bus = make_bus(settings, database, CONCEPTS, wakeups=wakeups)
    concepts = Concepts(
        in_languages(load_curriculum),
        database,
        bus,
        Vault(database, load_master_key(settings)),
        open_state(settings, database),
        Sandbox(invoker),
        settings.default_level,
    )
    queue = WorkQueue(database, CONCEPTS.group, concepts.answer_with_code)
    Handlers(concepts, queue).subscribe(bus)
    return create_app(
        CONCEPTS,
        settings,
        routers=[make_router(concepts)],
        parts=[database, wakeups, revocations, invoker, queue, bus],
        verifier=TokenVerifier(keys or HttpKeySource(invoker), is_revoked=revocations.is_revoked),
    )
