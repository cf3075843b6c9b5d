"""One database for all cases of a class, emptied before each: cloning one each time takes longer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from learnflow.kit.database import Database
from tests.conftest import Server


@pytest.fixture(scope="class")
def class_dsn(postgres_server: Server) -> Iterator[str]:
    """The owner's DSN of a migrated database of this class's own."""
    name = f"bus_{uuid4().hex[:12]}"

    async def create() -> str:
        return await postgres_server.create_database(name, await postgres_server.migrated_template())

    yield asyncio.run(create())
    asyncio.run(postgres_server.drop_database(name))


@pytest.fixture
async def database(class_dsn: str) -> AsyncIterator[Database]:
    """A started Database with empty kernel tables and a table of effects without a key, so that doubles show."""
    database = Database(class_dsn)
    await database.start()
    await database.execute("truncate bus_log, bus_cursor, bus_attempts, inbox, work")
    await database.execute("drop table if exists effects")
    await database.execute("create table effects (event_id uuid not null, at timestamptz default now())")
    yield database
    await database.stop()
