"""A PostgreSQL for the whole session, a migrated database for each test, and settings to go with it."""

import asyncio
import base64
import gc
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import structlog
from hypothesis import settings

from learnflow.contracts.services import SERVICES
from learnflow.kit.database import Database
from learnflow.kit.migrate import role_dsn, upgrade
from learnflow.kit.service_accounts import service_secret
from learnflow.runtime.embedded import EmbeddedPostgres

# errors as one line: the default draws a picture of the whole stack, a second each
structlog.configure(processors=[structlog.processors.KeyValueRenderer(key_order=["event"])])

# a busy machine is no failure: no test judges a time
settings.register_profile("learnflow", deadline=None)
settings.load_profile("learnflow")


def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not walk it after every test."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """The sandbox of the course has a thread, which would keep this process when a unit test was the one to open it."""
    if (opened := sys.modules.get("tests.content.sandbox")) is not None:
        opened.close_sandbox()


ROLE_SECRET = "the-role-secret-of-the-tests"
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "wal_compression": "off"}
"""The session's databases need not outlive the machine: a new one for each test costs a quarter so."""
TEMPLATE = "learnflow_template"


@dataclass
class Server:
    """The session's PostgreSQL; the migrated template is made when the first test wants a database."""

    postgres: EmbeddedPostgres
    templates: set[str] = field(default_factory=set)

    async def create_database(self, name: str, template: str | None = None) -> str:
        connection = await asyncpg.connect(self.postgres.dsn("postgres"))
        try:
            await connection.execute(
                f'create database "{name}"' + (f' template "{template}" strategy file_copy' if template else "")
            )
        finally:
            await connection.close()
        return self.postgres.dsn(name)

    async def drop_database(self, name: str) -> None:
        connection = await asyncpg.connect(self.postgres.dsn("postgres"))
        try:
            await connection.execute(f'drop database if exists "{name}" with (force)')
        finally:
            await connection.close()

    async def migrated_template(self) -> str:
        if TEMPLATE not in self.templates:
            await upgrade(await self.create_database(TEMPLATE), role_secret=ROLE_SECRET)
            self.templates.add(TEMPLATE)
        return TEMPLATE


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """One embedded PostgreSQL for the session, in a folder that its unprivileged user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="learnflow-tests-"))
    folder.chmod(0o711)
    postgres = EmbeddedPostgres(folder / "postgres", log_file=folder / "postgresql.log", settings=NOT_DURABLE)
    postgres.start()
    yield Server(postgres)
    postgres.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def empty_dsn(postgres_server: Server) -> AsyncIterator[str]:
    """The owner's DSN of a database without any table."""
    name = f"empty_{uuid4().hex[:12]}"
    yield await postgres_server.create_database(name)
    await postgres_server.drop_database(name)


@pytest.fixture
async def owner_dsn(postgres_server: Server) -> AsyncIterator[str]:
    """The owner's DSN of a freshly migrated database of this test's own."""
    name = f"test_{uuid4().hex[:12]}"
    yield await postgres_server.create_database(name, await postgres_server.migrated_template())
    await postgres_server.drop_database(name)


@pytest.fixture
def service_dsn(owner_dsn: str) -> Callable[[str], str]:
    """Service name -> DSN with that service's own role."""
    return lambda name: role_dsn(owner_dsn, SERVICES[name], ROLE_SECRET)


@pytest.fixture
async def database_for(service_dsn: Callable[[str], str]) -> AsyncIterator[Callable[[str], Awaitable[Database]]]:
    """`await database_for("triage")`: a started Database with that service's role; closed after the test."""
    opened: list[Database] = []

    async def open_database(name: str) -> Database:
        database = Database(service_dsn(name))
        await database.start()
        opened.append(database)
        return database

    yield open_database
    await asyncio.gather(*(database.stop() for database in opened))


@pytest.fixture
async def owner_database(owner_dsn: str) -> AsyncIterator[Database]:
    """A Database with the owner's rights, to look at what the services wrote."""
    database = Database(owner_dsn)
    await database.start()
    yield database
    await database.stop()


@pytest.fixture
def master_key_file(tmp_path: Path) -> Path:
    """A file with the same 32 bytes for every service of one test, as base64."""
    path = tmp_path / "master.key"
    path.write_bytes(base64.b64encode(bytes(range(32))))
    path.chmod(0o600)
    return path


@pytest.fixture
def settings_for(service_dsn: Callable[[str], str], master_key_file: Path) -> Callable[..., dict[str, Any]]:
    """Service name -> keyword arguments for its Settings; more can be given."""

    def arguments(name: str, **more: object) -> dict[str, Any]:
        known: dict[str, Any] = {
            "_env_file": None,
            "master_key_file": master_key_file,
            "service_secret": service_secret(ROLE_SECRET, name),
        }
        if SERVICES[name].database:
            known["database_url"] = service_dsn(name)
        return {**known, **more}

    return arguments
