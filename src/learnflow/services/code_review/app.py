"""The composition root of code-review."""

from fastapi import FastAPI

from learnflow.contracts.services import CODE_REVIEW
from learnflow.curriculum import load_catalogue
from learnflow.kit.app import create_app
from learnflow.kit.bus import make_bus
from learnflow.kit.database import open_database
from learnflow.kit.invoke import Invoker, ServiceTokens
from learnflow.kit.revocations import Revocations
from learnflow.kit.sealed import Vault, load_master_key
from learnflow.kit.tokens import HttpKeySource, KeySource, TokenVerifier
from learnflow.kit.wakeups import Wakeups
from learnflow.kit.work import WorkQueue
from learnflow.services.code_review.api import make_router
from learnflow.services.code_review.handlers import Handlers
from learnflow.services.code_review.linter import Linter
from learnflow.services.code_review.service import Reviewer
from learnflow.services.code_review.settings import Settings
from learnflow.services.code_review.witnesses import Witnesses


def create(settings: Settings, *, keys: KeySource | None = None, invoker: Invoker | None = None) -> FastAPI:
    """Everything of code-review, put together; `keys` and `invoker` where no other service is asked."""
    database = open_database(settings)
    wakeups = Wakeups(database)
    revocations = Revocations(database, wakeups)
    invoker = invoker or Invoker(settings, ServiceTokens(settings, CODE_REVIEW))
    bus = make_bus(settings, database, CODE_REVIEW, wakeups=wakeups)
    vault = Vault(database, load_master_key(settings))
    topic_ids = frozenset(topic.id for module in load_catalogue().modules for topic in module.topics)
    reviewer = Reviewer(database, bus, vault, Linter(), Witnesses(invoker), topic_ids)
    queue = WorkQueue(database, CODE_REVIEW.group, reviewer.work)
    Handlers(queue).subscribe(bus)
    return create_app(
        CODE_REVIEW,
        settings,
        routers=[make_router(reviewer)],
        parts=[database, wakeups, revocations, invoker, queue, bus],
        verifier=TokenVerifier(keys or HttpKeySource(invoker), is_revoked=revocations.is_revoked),
    )
