"""One transaction: begun by its first statement, and told what follows its commit."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain
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


_NUMBER = re.compile(r"\$(\d+)")


def _shifted(by: int, parameter: re.Match[str]) -> str:
    return f"${int(parameter[1]) + by}"


NOT_WAITED_FOR = "set_config('synchronous_commit', 'off', true)"
"""In a statement that is a transaction by itself: its commit does not wait for the disk."""


@lru_cache(maxsize=256)
def _together(queries: tuple[str, ...], counts: tuple[int, ...], ending: str) -> str:
    """One statement that does what these do, with the parameters of each after those of the ones before."""
    if len(queries) == 1 and not ending:
        return queries[0]
    parts, first = [], 0
    for number, (query, count) in enumerate(zip(queries, counts, strict=True)):
        parts.append(f"d{number} as ({_NUMBER.sub(partial(_shifted, first), query)})")
        first += count
    return f"with {', '.join(parts)} select {ending}"


class Transaction:
    """SQL goes through it, and `after_commit` callbacks run once it is durable."""

    __slots__ = ("_after_commit", "_at_end", "_connection", "_deferred", "_native")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._native: Native | None = None
        self._deferred: dict[str, _Deferred] = {}
        self._at_end: dict[str, _Deferred] = {}
        self._after_commit: list[Callable[[], None]] = []

    def after_commit(self, callback: Callable[[], None]) -> None:
        self._after_commit.append(callback)

    async def execute(self, query: str, *args: object) -> str:
        return await (await self.ready()).execute(query, *args)

    async def insert_last(self, many: str, rows: Sequence[tuple[object, ...]], *, one: str | None = None) -> None:
        """Insert before the next query, or with the commit; what several calls bring is one statement.

        So a batch of events costs what one does, and a transaction of nothing else is one round trip instead of
        three, which doubles the rate of events that are published alone. Nor does it hold the log's readers back
        while its writer thinks.

        `many` takes an array for each column, `one` (cheaper, if there is one) the values of a single row. Kinds of
        rows must not depend on each other, and none may begin with WITH: they become parts of one statement.
        """
        if rows:
            self._deferred.setdefault(many, _Deferred(one, many, [])).rows.extend(rows)

    async def write_at_end(self, many: str, rows: Sequence[tuple[object, ...]], *, one: str | None = None) -> None:
        """The same for what no query of this transaction looks at: it waits for the end, whatever comes before."""
        if rows:
            self._at_end.setdefault(many, _Deferred(one, many, [])).rows.extend(rows)

    async def executemany(self, query: str, args: Iterable[Sequence[object]]) -> None:
        await (await self.ready()).executemany(query, args)

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        return await (await self.ready()).fetch(query, *args)

    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None:
        return await (await self.ready()).fetchrow(query, *args)

    async def fetchval(self, query: str, *args: object) -> Any:
        return await (await self.ready()).fetchval(query, *args)

    async def look(self, query: str, *args: object) -> list[asyncpg.Record]:
        """Read what was committed, without beginning for it: before the first statement, and it must not write."""
        return await self._connection.fetch(query, *args)

    async def ready(self) -> Connection:
        """The connection, inside the transaction and with everything executed that was asked for so far."""
        if self._native is None:
            native = self._connection.transaction()
            await native.start()
            self._native = native
        deferred, self._deferred = self._deferred, {}
        await self._execute(deferred)
        return self._connection

    async def finish(self, redone: frozenset[str] = frozenset()) -> None:
        """Execute what waits, so that it fails here; where nothing was begun that is the commit, in one round trip.

        That commit does not wait for the disk when it holds nothing but kinds of rows that are `redone` after a crash:
        whatever was written because of them comes later in PostgreSQL's journal, and is not there without them.
        """
        waiting = {**self._deferred, **self._at_end}
        self._deferred, self._at_end = {}, {}
        await self._execute(waiting, NOT_WAITED_FOR if self._native is None and waiting.keys() <= redone else "")

    async def _execute(self, waiting: Mapping[str, _Deferred], ending: str = "") -> None:
        if waiting:
            queries, args = zip(*(each.statement() for each in waiting.values()), strict=True)
            query = _together(queries, tuple(len(some) for some in args), ending)
            await self._connection.execute(query, *chain.from_iterable(args))

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
        try:
            await self.finish()
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
