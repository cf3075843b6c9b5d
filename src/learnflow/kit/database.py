"""PostgreSQL by asyncpg: a pool, transactions that know what follows their commit, and no calls out of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg
import orjson

from learnflow.contracts.errors import Unavailable
from learnflow.kit.open_transaction import CallInsideTransactionError, forbid_inside_transaction
from learnflow.kit.pool import Pool
from learnflow.kit.settings import ServiceSettings
from learnflow.kit.transaction import Transaction, current_transaction

T = TypeVar("T")

TAKE_WITHIN_S = 3.0
INDEXES_ONLY = "set enable_seqscan = off"
"""Every query of a service has its index; a plan made while a table was empty must not outlive that."""

Record = asyncpg.Record
"""One row of a result, for use cases that are handed one by their repository."""

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]

__all__ = [
    "CONNECTION_ERRORS",
    "CallInsideTransactionError",
    "Database",
    "Transaction",
    "forbid_inside_transaction",
    "prepare_connection",
]

CONNECTION_ERRORS = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
"""What asyncpg raises when the server is away or goes away in the middle of an operation."""


class MissingDatabaseError(RuntimeError):
    """A service that needs PostgreSQL was given no DSN."""


async def prepare_connection(connection: Connection) -> None:
    """Codecs that every connection of ours has: json and jsonb by orjson."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=lambda value: orjson.dumps(value).decode(), decoder=orjson.loads
        )


class Database:
    """A pool of connections with one service's role.

    A query outside a transaction joins the one that is open in the same task, so that no task ever
    holds one connection while it waits for a second.
    """

    name = "database"

    def __init__(self, dsn: str, *, direct_dsn: str | None = None, pool_size: int = 6) -> None:
        self.dsn = dsn
        self.direct_dsn = direct_dsn or dsn
        self._pool_size = pool_size
        self._pool: Pool | None = None
        self._direct: Pool | None = None

    async def start(self) -> None:
        # nothing is opened yet: a service starts, and says why it is not ready, while PostgreSQL is still away
        self._direct = Pool(self._connect_direct, self._pool_size)
        self._pool = self._direct if self.dsn == self.direct_dsn else Pool(self._connect_pooled, self._pool_size)

    async def _connect_pooled(self) -> asyncpg.Connection[asyncpg.Record]:
        # behind a transaction pooler no statement and no setting outlives its transaction
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
            self.dsn, timeout=3, command_timeout=10, statement_cache_size=0
        )
        await prepare_connection(connection)
        return connection

    async def _connect_direct(self) -> asyncpg.Connection[asyncpg.Record]:
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
            self.direct_dsn, timeout=3, command_timeout=10, statement_cache_size=200
        )
        await prepare_connection(connection)
        await connection.execute(INDEXES_ONLY)
        return connection

    async def stop(self) -> None:
        for pool in {self._pool, self._direct} - {None}:
            await pool.close(3)  # type: ignore[union-attr]  # None was taken out
        self._pool = self._direct = None

    async def reason_not_ready(self) -> str | None:
        try:
            await asyncio.wait_for(self.fetchval("select 1"), 2)
        except (Unavailable, TimeoutError):
            return "PostgreSQL does not answer"
        return None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        async with self._acquire() as connection:
            transaction = Transaction(connection)
            async with transaction.lasting():
                yield transaction
        transaction.committed()

    @asynccontextmanager
    async def transaction_on(self, connection: Connection) -> AsyncIterator[Transaction]:
        """The same on a connection of the caller's own, for readers that keep one."""
        transaction = Transaction(connection)
        async with transaction.lasting():
            yield transaction
        transaction.committed()

    async def execute(self, query: str, *args: object) -> str:
        return await self._run(lambda connection: connection.execute(query, *args))

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        return await self._run(lambda connection: connection.fetch(query, *args))

    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None:
        return await self._run(lambda connection: connection.fetchrow(query, *args))

    async def fetchval(self, query: str, *args: object) -> Any:
        return await self._run(lambda connection: connection.fetchval(query, *args))

    async def _run(self, operation: Callable[[Connection], Awaitable[T]]) -> T:
        transaction = current_transaction()
        if transaction is not None:
            return await operation(await transaction.ready())
        async with self._acquire() as connection:
            return await operation(connection)

    @asynccontextmanager
    async def direct(self) -> AsyncIterator[Connection]:
        """A connection past any pooler for one pass of a reader; with nothing to read a reader holds none."""
        async with self._lent(self._direct) as connection:
            yield connection

    @asynccontextmanager
    async def _acquire(self) -> AsyncIterator[Connection]:
        async with self._lent(self._pool) as connection:
            yield connection

    @asynccontextmanager
    async def _lent(self, pool: Pool | None) -> AsyncIterator[Connection]:
        if pool is None:
            raise Unavailable("The database pool is not open yet. Try again in a moment.")
        try:
            connection = await pool.take(TAKE_WITHIN_S)
            try:
                yield connection
            except (asyncio.CancelledError, TimeoutError):
                # the server may still be busy with what was given up
                connection.terminate()
                raise
            finally:
                pool.give_back(connection)
        except CONNECTION_ERRORS as error:
            raise Unavailable("The database does not answer. Nothing was lost; try again in a moment.") from error

    async def connect(self) -> asyncpg.Connection[asyncpg.Record]:
        """A connection of its own, outside the pool and past any pooler: for LISTEN and advisory locks."""
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(self.direct_dsn, timeout=3)
        await prepare_connection(connection)
        return connection


def open_database(settings: ServiceSettings) -> Database:
    """The service's Database out of its settings; MissingDatabaseError without a DSN."""
    if settings.database_url is None:
        raise MissingDatabaseError("LEARNFLOW_DATABASE_URL is not set: give the DSN of this service's role.")
    direct = settings.direct_database_url
    return Database(
        settings.database_url.get_secret_value(),
        direct_dsn=direct.get_secret_value() if direct else None,
        pool_size=settings.pool_size,
    )
