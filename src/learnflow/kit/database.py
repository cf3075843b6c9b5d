"""PostgreSQL by asyncpg: a pool, transactions that know what follows their commit, and no calls out of them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg

from learnflow.contracts.errors import Unavailable
from learnflow.kit.codecs import prepare_connection
from learnflow.kit.open_transaction import CallInsideTransactionError, forbid_inside_transaction
from learnflow.kit.pool import PATIENCE_S, Kept, Pool
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


def verified_in_full(ca_file: Path) -> ssl.SSLContext:
    """PostgreSQL's verify-full: this authority alone, and the name in the certificate is the one we asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=ca_file)
    return context


class Database:
    """A pool of connections with one service's role.

    A query outside a transaction joins the one that is open in the same task, so that no task ever
    holds one connection while it waits for a second.
    """

    name = "database"

    def __init__(
        self, dsn: str, *, direct_dsn: str | None = None, pool_size: int = 6, ca_file: Path | None = None
    ) -> None:
        self.dsn = dsn
        self.direct_dsn = direct_dsn or dsn
        self._pool_size = pool_size
        # None leaves it to the DSN's own sslmode
        self._tls = None if ca_file is None else verified_in_full(ca_file)
        self._pool: Pool | None = None
        self._direct: Pool | None = None
        self.listening: Kept | None = None
        """The connection that waits for wake-ups, while there is one: at rest a process needs no other (3 MB each)."""

    async def start(self) -> None:
        # nothing is opened yet: a service starts, and says why it is not ready, while PostgreSQL is still away
        self._direct = Pool(self._connect_direct, self._pool_size)
        self._pool = self._direct if self.dsn == self.direct_dsn else Pool(self._connect_pooled, self._pool_size)

    async def _connect_pooled(self) -> asyncpg.Connection[asyncpg.Record]:
        # behind a transaction pooler no statement and no setting outlives its transaction
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
            self.dsn, timeout=3, command_timeout=10, statement_cache_size=0, ssl=self._tls
        )
        return await _prepared(connection)

    async def _connect_direct(self) -> asyncpg.Connection[asyncpg.Record]:
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
            self.direct_dsn, timeout=3, command_timeout=10, statement_cache_size=200, ssl=self._tls
        )
        return await _prepared(connection, INDEXES_ONLY)

    async def stop(self) -> None:
        for pool in {self._pool, self._direct} - {None}:
            await pool.close(3)  # type: ignore[union-attr]  # None was taken out
        self._pool = self._direct = None

    async def reason_not_ready(self) -> str | None:
        try:
            await asyncio.wait_for(self.poll("select 1"), 2)
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

    async def poll(self, query: str, *args: object) -> list[asyncpg.Record]:
        """Like `fetch`, for what is asked again and again outside of transactions, and mostly in vain."""
        async with self._lent(self._pool, is_poll=True) as connection:
            return await connection.fetch(query, *args)

    async def look(self, query: str, *args: object) -> list[asyncpg.Record]:
        """Read what is committed; a transaction that has not begun yet does not begin for it."""
        transaction = current_transaction()
        if transaction is not None:
            return await transaction.look(query, *args)
        return await self.fetch(query, *args)

    async def _run(self, operation: Callable[[Connection], Awaitable[T]]) -> T:
        transaction = current_transaction()
        if transaction is not None:
            return await operation(await transaction.ready())
        async with self._acquire() as connection:
            return await operation(connection)

    @asynccontextmanager
    async def direct(self, *, is_poll: bool = False) -> AsyncIterator[Connection]:
        """A connection past any pooler for one pass of a reader; with nothing to read a reader holds none."""
        async with self._lent(self._direct, is_poll=is_poll) as connection:
            yield connection

    @asynccontextmanager
    async def _acquire(self) -> AsyncIterator[Connection]:
        async with self._lent(self._pool) as connection:
            yield connection

    @asynccontextmanager
    async def _lent(self, pool: Pool | None, *, is_poll: bool = False) -> AsyncIterator[Connection]:
        if pool is None:
            raise Unavailable("The database pool is not open yet. Try again in a moment.")
        try:
            lender, connection = await self._taken(pool, is_poll=is_poll)
            try:
                yield connection
            except (asyncio.CancelledError, TimeoutError):
                # the server may still be busy with what was given up
                connection.terminate()
                raise
            finally:
                lender.give_back(connection)
        except CONNECTION_ERRORS as error:
            raise Unavailable("The database does not answer. Nothing was lost; try again in a moment.") from error

    async def _taken(self, pool: Pool, *, is_poll: bool) -> tuple[Pool | Kept, asyncpg.Connection[asyncpg.Record]]:
        """From the pool while it is in use: what is busy with a transaction hears of no wake-up meanwhile."""
        kept = self.listening
        if kept is not None and (is_poll or (pool.is_resting() and kept.is_free())):
            with suppress(TimeoutError, ConnectionError):
                return kept, await kept.take(PATIENCE_S)
        return pool, await pool.take(TAKE_WITHIN_S)

    async def listen(self) -> asyncpg.Connection[asyncpg.Record]:
        """A connection of its own that may be lent while it waits for wake-ups."""
        return await self._connect_direct()

    async def connect(self) -> asyncpg.Connection[asyncpg.Record]:
        """A connection of its own, outside the pool and past any pooler: for advisory locks."""
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
            self.direct_dsn, timeout=3, ssl=self._tls
        )
        return await _prepared(connection)


async def _prepared(
    connection: asyncpg.Connection[asyncpg.Record], setting: str | None = None
) -> asyncpg.Connection[asyncpg.Record]:
    """Ready for use, or closed: whoever waits for it may be gone before it is."""
    try:
        await prepare_connection(connection)
        if setting is not None:
            await connection.execute(setting)
    except BaseException:
        connection.terminate()
        raise
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
        ca_file=settings.database_ca_file,
    )
