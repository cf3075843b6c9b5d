"""Small state of a service: a key and a JSON value with time to live and etags, shared by its instances.

It is written outside of every transaction, since the store may be another process: whoever writes is ready to do it
twice.
"""

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from learnflow.contracts.errors import Conflict
from learnflow.kit.database import Database
from learnflow.kit.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Stored:
    """A value and the etag that changes with each write of it."""

    value: Any
    etag: str


class State(Protocol):
    """Keys are the calling service's own; another service's state cannot be seen."""

    async def get(self, key: str) -> Stored | None: ...

    async def put(
        self, key: str, value: object, *, ttl_s: int | None = None, etag: str | None = None, first_write: bool = False
    ) -> object: ...

    async def delete(self, key: str, *, etag: str | None = None) -> bool: ...


def open_state(settings: ServiceSettings, database: Database) -> State:
    """The store that the settings name: Dapr's beside a sidecar, else the table."""
    if settings.bus == "dapr":
        from learnflow.kit.dapr_state import DaprState
        from learnflow.kit.sidecar import shared_sidecar

        return DaprState(shared_sidecar(settings))
    return PostgresState(database)


_IS_ALIVE = "(expires_at is null or expires_at > now())"


class PostgresState:
    """State in a table; row level security gives every role its own rows. Joins an open transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> Stored | None:
        """The value, or None when there is none or its time is over."""
        row = await self._database.fetchrow(
            f"select value, etag from state where owner = current_user and key = $1 and {_IS_ALIVE}",  # noqa: S608 - a constant
            key,
        )
        return None if row is None else Stored(row["value"], str(row["etag"]))

    async def put(
        self, key: str, value: object, *, ttl_s: int | None = None, etag: str | None = None, first_write: bool = False
    ) -> str:
        """Write and return the new etag.

        With `etag` only over that version, with `first_write` only where nothing is: else Conflict.
        """
        if etag is not None:
            written = await self._replace(key, value, ttl_s, etag)
        else:
            written = await self._upsert(key, value, ttl_s, first_write=first_write)
        if written is None:
            raise Conflict("Somebody else wrote this first. Read it again and repeat the change.")
        return str(written)

    async def delete(self, key: str, *, etag: str | None = None) -> bool:
        """True when there was something to delete; Conflict when `etag` is not its version any more."""
        done = await self._database.execute(
            "delete from state where owner = current_user and key = $1 and ($2::uuid is null or etag = $2)",
            key,
            _as_uuid(etag),
        )
        if done == "DELETE 0" and etag is not None and await self.get(key) is not None:
            raise Conflict("Somebody else wrote this first. Read it again and repeat the change.")
        return done != "DELETE 0"

    async def _replace(self, key: str, value: object, ttl_s: int | None, etag: str) -> UUID | None:
        written: UUID | None = await self._database.fetchval(
            f"""update state set value = $2, etag = gen_random_uuid(), expires_at = now() + make_interval(secs => $3)
                where owner = current_user and key = $1 and etag = $4 and {_IS_ALIVE} returning etag""",  # noqa: S608 - a constant
            key,
            value,
            ttl_s,
            _as_uuid(etag),
        )
        return written

    async def _upsert(self, key: str, value: object, ttl_s: int | None, *, first_write: bool) -> UUID | None:
        written: UUID | None = await self._database.fetchval(
            """insert into state as s (key, value, expires_at) values ($1, $2, now() + make_interval(secs => $3))
               on conflict (owner, key) do update
               set value = excluded.value, etag = gen_random_uuid(), expires_at = excluded.expires_at
               where not $4 or s.expires_at <= now() returning etag""",
            key,
            value,
            ttl_s,
            first_write,
        )
        return written


def _as_uuid(etag: str | None) -> UUID | None:
    """An etag as the table holds it; one that was never ours matches nothing."""
    try:
        return None if etag is None else UUID(etag)
    except ValueError:
        return UUID(int=0)
