"""The composition root of notification."""

from fastapi import FastAPI

from learnflow.contracts.services import NOTIFICATION
from learnflow.curriculum import load_catalogue, load_exercises
from learnflow.kit import own_records
from learnflow.kit.app import create_app
from learnflow.kit.bus import make_bus
from learnflow.kit.database import open_database
from learnflow.kit.invoke import Invoker
from learnflow.kit.own_records import OwnTable
from learnflow.kit.revocations import Revocations
from learnflow.kit.sealed import Vault, load_master_key
from learnflow.kit.tokens import HttpKeySource, KeySource, TokenVerifier
from learnflow.kit.wakeups import Wakeups
from learnflow.services.notification.api import make_router
from learnflow.services.notification.handlers import Handlers
from learnflow.services.notification.levels import Levels
from learnflow.services.notification.mail import SmtpServer
from learnflow.services.notification.mailer import Mailer
from learnflow.services.notification.repository import Deliveries, NoticesRepository
from learnflow.services.notification.service import Notices
from learnflow.services.notification.settings import Settings
from learnflow.services.notification.texts import Texts

OWN = {
    "notifications": OwnTable("user_id"),
    "subscriptions": OwnTable("user_id"),
    "notice_levels": OwnTable("user_id"),
    "email_deliveries": OwnTable("user_id", leave_out=("title", "message", "address")),
}
"""What a person's export takes from here; left out are letters under way: a guardian's holds the guardian's link."""


def create(settings: Settings, *, keys: KeySource | None = None) -> FastAPI:
    """Everything of notification, put together; `keys` where the gateway is not asked for them."""
    database = open_database(settings)
    wakeups = Wakeups(database)
    revocations = Revocations(database, wakeups)
    invoker = Invoker(settings)
    bus = make_bus(settings, database, NOTIFICATION, wakeups=wakeups)
    vault = Vault(database, load_master_key(settings))
    repository, deliveries, texts = NoticesRepository(database), Deliveries(database), _texts()
    server = SmtpServer.of(settings.smtp_url.get_secret_value()) if settings.smtp_url else None
    notices = Notices(database, repository, deliveries, vault, bus, texts, has_mail=server is not None)
    Handlers(notices, Levels(repository), texts).subscribe(bus)
    mailer = Mailer(deliveries, vault, server, settings.mail_from)
    return create_app(
        NOTIFICATION,
        settings,
        routers=[
            make_router(database, notices, settings.notices_per_minute),
            own_records.make_router(database, vault, OWN),
        ],
        parts=[database, wakeups, revocations, invoker, mailer, bus],
        verifier=TokenVerifier(keys or HttpKeySource(invoker), is_revoked=revocations.is_revoked),
    )


def _texts() -> Texts:
    topics = {topic.id: topic.title for topic in load_catalogue().topics.values()}
    return Texts(topics, {one.exercise: one.title for one in load_exercises().values()})
