"""Migrations: plain SQL files in order, applied once, safe to start from several processes at the same moment.

`NNNN_name.sql` runs in one transaction together with its row in `schema_migrations`, so a start that is killed
half-way leaves nothing. A file whose first line is `-- no-transaction` (concurrent indexes) runs statement by
statement, each ending with `;` at the end of a line, and has to be harmless when it runs twice.
"""

import base64
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from learnflow.contracts.services import SERVICES, Service
from learnflow.kit.database import verified_in_full
from learnflow.kit.service_accounts import store_service_accounts

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

FOLDER = Path(__file__).parent.parent / "migrations"
LOCK_KEY = 0x1EA2F10E
LOCK_WAIT = "120s"
LOCK_TIMEOUT = "10s"
DAPR_ROLE = "learnflow_dapr"
"""Of Dapr's state store, which has a schema of its own; not named like a service's, and given nothing of theirs."""
NO_TRANSACTION = "-- no-transaction"
ROLE_RACE_ERRORS = (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError, asyncpg.InternalServerError)
BOOKKEEPING = """
create table if not exists schema_migrations (
    number integer primary key,
    name text not null,
    sha256 text not null,
    applied_at timestamptz not null default now(),
    duration_ms integer not null
);
grant select on schema_migrations to public;
"""


class MigrationError(Exception):
    """A migration that cannot be applied; `str()` says which and what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, its whole name and its text."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return sha256(self.sql.encode()).hexdigest()

    @property
    def in_transaction(self) -> bool:
        return not self.sql.startswith(NO_TRANSACTION)

    def statements(self) -> list[str]:
        """The single statements of a file that runs without a transaction."""
        return [part.strip() for part in self.sql.split(";\n") if part.strip()]


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """All files in order; two with one number are refused."""
    found = [_read(path) for path in sorted(folder.glob("*.sql"))]
    for before, after in pairwise(found):
        if before.number == after.number:
            raise MigrationError(f"{before.name} and {after.name} have the same number; renumber one of them.")
    return found


def _read(path: Path) -> Migration:
    number, _, rest = path.stem.partition("_")
    if len(number) != 4 or not number.isdigit() or not rest:
        raise MigrationError(f"{path.name}: a migration is called NNNN_name.sql.")
    return Migration(int(number), path.name, path.read_text(encoding="utf-8"))


async def upgrade(owner_dsn: str, *, role_secret: str, folder: Path = FOLDER, ca_file: Path | None = None) -> list[str]:
    """Make the services' roles, apply what is missing and return the names of the files applied.

    Raises MigrationError when a file was edited after it was applied or fails; what came before it stays.
    """
    async with _alone(owner_dsn, ca_file), _connected(owner_dsn, ca_file) as connection:
        await connection.execute(BOOKKEEPING)
        await _ensure_roles(connection, role_secret)
        missing = await _missing(connection, read_migrations(folder))
        for migration in missing:
            await _apply(connection, migration)
        await store_service_accounts(connection, role_secret)
        return [migration.name for migration in missing]


async def pending(dsn: str, *, folder: Path = FOLDER, ca_file: Path | None = None) -> list[str]:
    """Names of the files that `upgrade` would apply; changes nothing, and any role may ask."""
    async with _connected(dsn, ca_file) as connection:
        if await connection.fetchval("select to_regclass('schema_migrations')") is None:
            return [migration.name for migration in read_migrations(folder)]
        return [migration.name for migration in await _missing(connection, read_migrations(folder))]


def role_password(role_secret: str, role: str) -> str:
    """The password of a service's role: the same for everybody who knows the instance's secret."""
    digest = hmac.digest(role_secret.encode(), f"postgresql role {role}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def role_dsn(owner_dsn: str, service: Service | None, role_secret: str) -> str:
    """The owner's DSN with the service's own role and password in it; None: with that of Dapr's state store."""
    role = DAPR_ROLE if service is None else service.role
    parts = urlsplit(owner_dsn)
    address = parts.netloc.rpartition("@")[2]
    password = quote(role_password(role_secret, role), safe="")
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{address}"))


@asynccontextmanager
async def _connected(dsn: str, ca_file: Path | None) -> "AsyncIterator[Connection]":
    tls = None if ca_file is None else verified_in_full(ca_file)
    connection: Connection = await asyncpg.connect(dsn, timeout=10, ssl=tls)
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


@asynccontextmanager
async def _alone(owner_dsn: str, ca_file: Path | None) -> AsyncIterator[None]:
    """Hold the lock of all starters on a connection of its own: it is freed when this process dies."""
    async with _connected(owner_dsn, ca_file) as connection:
        await connection.execute(f"set lock_timeout = '{LOCK_WAIT}'")
        try:
            await connection.execute("select pg_advisory_lock($1)", LOCK_KEY)
        except asyncpg.LockNotAvailableError as error:
            raise MigrationError(f"Another start has been migrating for more than {LOCK_WAIT}; look at it.") from error
        yield


async def _missing(connection: "Connection", migrations: list[Migration]) -> list[Migration]:
    applied = {row["number"]: row["sha256"] for row in await connection.fetch("select * from schema_migrations")}
    for migration in migrations:
        if applied.get(migration.number, migration.sha256) != migration.sha256:
            raise MigrationError(
                f"{migration.name} was edited after it was applied to this database. "
                "Put its text back and write a new migration for the change."
            )
    return [migration for migration in migrations if migration.number not in applied]


async def _apply(connection: "Connection", migration: Migration) -> None:
    started = time.monotonic()
    try:
        if migration.in_transaction:
            async with connection.transaction():
                await connection.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
                await connection.execute(migration.sql)
                await _record(connection, migration, started)
        else:
            for statement in migration.statements():
                await connection.execute(statement)
            await _record(connection, migration, started)
    except asyncpg.PostgresError as error:
        undone = "and was undone" if migration.in_transaction else "half-way; it may be started again once mended"
        raise MigrationError(f"{migration.name} failed {undone}: {error}") from error


async def _record(connection: "Connection", migration: Migration, started: float) -> None:
    await connection.execute(
        "insert into schema_migrations (number, name, sha256, duration_ms) values ($1, $2, $3, $4)",
        migration.number,
        migration.name,
        migration.sha256,
        int((time.monotonic() - started) * 1000),
    )


async def _ensure_roles(connection: "Connection", role_secret: str) -> None:
    known = await _role_fingerprints(connection)
    for role in (*(service.role for service in SERVICES.values() if service.database), DAPR_ROLE):
        await _ensure_role(connection, role, role_password(role_secret, role), known)


async def _role_fingerprints(connection: "Connection") -> dict[str, str | None]:
    rows = await connection.fetch(
        "select rolname, shobj_description(oid, 'pg_authid') as fingerprint from pg_roles "
        "where rolname like 'lf\\_%' or rolname = $1",
        DAPR_ROLE,
    )
    return {row["rolname"]: row["fingerprint"] for row in rows}


async def _ensure_role(connection: "Connection", role: str, password: str, known: dict[str, str | None]) -> None:
    # the comment says for which password the role was made, so that a warm start changes nothing
    fingerprint = f"learnflow {sha256(password.encode()).hexdigest()}"
    if known.get(role) == fingerprint:
        return
    verb = "alter" if role in known else "create"
    try:
        await connection.execute(f"{verb} role {role} login password '{password}'")
        await connection.execute(f"comment on role {role} is '{fingerprint}'")
    except ROLE_RACE_ERRORS:
        # roles belong to the whole server: the migration of another of its databases was first, with the same secret
        return
