"""One transaction: begun by its first statement, and told what follows its commit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg

from learnflow.kit import open_transaction

if TYPE_CHECKING:
    from asyncpg.transaction import Transaction as Native

    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]


@dataclass(slots=True)
class _Deferred:
    """Rows of one kind that wait for the next query or the commit: alone by `one`, several by `many`."""

    one: str | None
    many: str
    rows: list[tuple[object, ...]]

    def statement(self) -> tuple[str, tuple[object, ...]]:
        if self.one is not None and len(self.rows) == 1:
            return self.one, self.rows[0]
        return self.many, tuple(list(column) for column in zip(*self.rows, strict=True))


class Transaction:
    """SQL goes through it, and `after_commit` callbacks run once it is durable."""

    __slots__ = ("_after_commit", "_connection", "_deferred", "_native")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._native: Native | None = None
        self._deferred: dict[str, _Deferred] = {}
        self._after_commit: list[Callable[[], None]] = []

    def after_commit(self, callback: Callable[[], None]) -> None:
        self._after_commit.append(callback)

    async def execute(self, query: str, *args: object) -> str:
        return await (await self.ready()).execute(query, *args)

    async def insert_last(self, many: str, rows: Sequence[tuple[object, ...]], *, one: str | None = None) -> None:
        """Insert before the next query, or with the commit; what several calls bring is one statement.

        So a batch of events costs what one does, and a transaction of nothing else is one round trip instead of
        three, which doubles the rate of events that are published alone.

        `many` takes an array for each column, `one` (cheaper, if there is one) the values of a single row. Kinds of
        rows must not depend on each other.
        """
        if rows:
            self._deferred.setdefault(many, _Deferred(one, many, [])).rows.extend(rows)

    async def executemany(self, query: str, args: Iterable[Sequence[object]]) -> None:
        await (await self.ready()).executemany(query, args)

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        return await (await self.ready()).fetch(query, *args)

    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None:
        return await (await self.ready()).fetchrow(query, *args)

    async def fetchval(self, query: str, *args: object) -> Any:
        return await (await self.ready()).fetchval(query, *args)

    async def ready(self) -> Connection:
        """The connection, inside the transaction and with everything executed that was asked for so far."""
        if self._native is None:
            native = self._connection.transaction()
            await native.start()
            self._native = native
        deferred, self._deferred = self._deferred, {}
        for statement in deferred.values():
            query, args = statement.statement()
            await self._connection.execute(query, *args)
        return self._connection

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[Transaction]:
        """A part that can fail on its own: when the block raises, its SQL and its callbacks are forgotten."""
        inner = Transaction(await self.ready())
        await inner.ready()
        async with inner.lasting():
            yield inner
        self._after_commit.extend(inner._after_commit)

    @asynccontextmanager
    async def lasting(self) -> AsyncIterator[None]:
        """Current in this task while the block runs; committed when it ends, rolled back when it raises."""
        try:
            with _entered(self):
                yield
        except BaseException:
            await self._roll_back()
            raise
        await self._commit()

    def committed(self) -> None:
        """Tell whoever waits for the commit."""
        for callback in self._after_commit:
            callback()

    async def _commit(self) -> None:
        if self._native is None and len(self._deferred) < 2:
            for statement in self._deferred.values():
                query, args = statement.statement()
                # alone, and so a transaction by itself
                await self._connection.execute(query, *args)
            return
        try:
            await self.ready()
        except BaseException:
            await self._roll_back()
            raise
        if self._native is not None:
            await self._native.commit()

    async def _roll_back(self) -> None:
        if self._native is not None:
            await self._native.rollback()


_current: ContextVar[Transaction | None] = ContextVar("learnflow_transaction", default=None)


def current_transaction() -> Transaction | None:
    """The transaction that is open in this task."""
    return _current.get()


@contextmanager
def _entered(transaction: Transaction) -> Iterator[None]:
    token, flag = _current.set(transaction), open_transaction.is_open.set(True)
    try:
        yield
    finally:
        _current.reset(token)
        open_transaction.is_open.reset(flag)
