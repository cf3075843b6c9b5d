"""Service accounts: a name and the hash of a secret of 256 bits, one for each service."""

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from learnflow.contracts.services import SERVICES

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]


def service_secret(role_secret: str, name: str) -> str:
    """The secret of a service's account: HMAC of the instance's role secret, 256 bits, URL-safe base64."""
    digest = hmac.digest(role_secret.encode(), f"service:{name}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def secret_hash(secret: str) -> bytes:
    """What is stored of a secret: a fast hash is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


async def store_service_accounts(connection: "Connection", role_secret: str) -> None:
    """Write the account of every service of the table, as the migration owner; safe to repeat."""
    if await connection.fetchval("select to_regclass('service_accounts')") is None:
        return
    await connection.executemany(
        "insert into service_accounts (name, secret_hash) values ($1, $2)"
        " on conflict (name) do update set secret_hash = excluded.secret_hash"
        " where service_accounts.secret_hash <> excluded.secret_hash",
        [(name, secret_hash(service_secret(role_secret, name))) for name in SERVICES],
    )
