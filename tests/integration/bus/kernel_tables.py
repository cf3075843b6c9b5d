"""A migrated database that several cases share, and its kernel tables emptied for each of them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from uuid import uuid4

from learnflow.kit.database import Database
from tests.conftest import Server


@contextmanager
def shared_dsn(server: Server, prefix: str) -> Iterator[str]:
    """The owner's DSN of a database of its own, which is dropped in the end."""
    name = f"{prefix}_{uuid4().hex[:12]}"

    async def create() -> str:
        return await server.create_database(name, await server.migrated_template())

    yield asyncio.run(create())
    asyncio.run(server.drop_database(name))


@asynccontextmanager
async def emptied(dsn: str) -> AsyncIterator[Database]:
    """A started Database with empty kernel tables and a table of effects without a key, so that doubles show."""
    database = Database(dsn)
    await database.start()
    await database.execute("truncate bus_log, bus_cursor, bus_attempts, inbox, work")
    await database.execute("drop table if exists effects")
    await database.execute("create table effects (event_id uuid not null, at timestamptz default now())")
    yield database
    await database.stop()
