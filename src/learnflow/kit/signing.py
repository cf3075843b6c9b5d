"""The gateway's signing keys: in a table, private parts wrapped, rotated without signing anybody out."""

import base64
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from learnflow.kit.clock import Clock, system_clock
from learnflow.kit.database import Database
from learnflow.kit.principal import Role
from learnflow.kit.sealed import MasterCipher
from learnflow.kit.tokens import ACCESS_TTL, ALGORITHM, AUDIENCE, CLOCK_SKEW_S, ISSUER

SIGNER_CACHE_S = 60.0
KEPT_AFTER_ROTATION = ACCESS_TTL + timedelta(seconds=2 * SIGNER_CACHE_S + CLOCK_SKEW_S)
"""How long a rotated key still verifies: another instance may sign with it for a minute more."""
_LOCK = "select pg_advisory_xact_lock(hashtext('learnflow.signing_keys'))"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed token and when it ends."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Signer:
    kid: str
    key: Ed25519PrivateKey
    good_until: float


class SigningKeys:
    """Signs access tokens, and is the gateway's own KeySource. The first key is made when it is first needed."""

    def __init__(self, database: Database, master_key: bytes, *, clock: Clock = system_clock) -> None:
        self._database = database
        self._cipher = MasterCipher(master_key, "signing-keys")
        self._clock = clock
        self._signer: _Signer | None = None
        self._public: dict[str, Ed25519PublicKey] = {}

    async def issue(
        self, user_id: UUID, role: Role, *, session_id: UUID | None = None, service: str | None = None
    ) -> AccessToken:
        """A token for 30 minutes. Not inside a transaction: it may have to make the first key."""
        signer = await self._current()
        issued_at = self._clock()
        expires_at = (issued_at + ACCESS_TTL).replace(microsecond=0)
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "role": role,
            "iat": issued_at,
            "exp": expires_at,
            "jti": uuid4().hex,
            **({"sid": str(session_id)} if session_id else {}),
            **({"svc": service} if service else {}),
        }
        token = jwt.encode(claims, signer.key, algorithm=ALGORITHM, headers={"kid": signer.kid})
        return AccessToken(token, expires_at)

    async def public_key(self, kid: str) -> Ed25519PublicKey | None:
        """The public key of this id while a token of it can be alive."""
        if kid not in self._public:
            self._public = {row["kid"]: _public(row) for row in await self._rows()}
        return self._public.get(kid)

    async def jwks(self) -> dict[str, list[dict[str, str]]]:
        """All public keys that verify, as a JSON Web Key Set (RFC 7517, RFC 8037)."""
        return {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "use": "sig",
                    "alg": ALGORITHM,
                    "kid": row["kid"],
                    "x": base64.urlsafe_b64encode(row["public_key"]).rstrip(b"=").decode(),
                }
                for row in await self._rows()
            ]
        }

    async def rotate(self) -> str:
        """Sign with a new key from now on; tokens of the old one stay good until they expire. Returns the new id."""
        async with self._database.transaction() as tx:
            await tx.execute(_LOCK)
            await tx.execute("delete from signing_keys where verify_until < now()")
            await tx.execute(
                "update signing_keys set private_key = null, verify_until = now() + $1 where verify_until is null",
                KEPT_AFTER_ROTATION,
            )
            kid = await self._insert_key()
        self._signer = None
        return kid

    async def _current(self) -> _Signer:
        if self._signer is None or self._signer.good_until < time.monotonic():
            row = await self._current_row() or await self._make_first()
            private_bytes = self._cipher.open(row["private_key"], row["kid"].encode())
            key = Ed25519PrivateKey.from_private_bytes(private_bytes)
            self._signer = _Signer(row["kid"], key, time.monotonic() + SIGNER_CACHE_S)
        return self._signer

    async def _current_row(self) -> asyncpg.Record | None:
        return await self._database.fetchrow("select kid, private_key from signing_keys where verify_until is null")

    async def _make_first(self) -> asyncpg.Record:
        async with self._database.transaction() as tx:
            await tx.execute(_LOCK)
            if await self._current_row() is None:
                await self._insert_key()
            row = await self._current_row()
        if row is None:
            raise RuntimeError("a signing key vanished within its own transaction")
        return row

    async def _insert_key(self) -> str:
        kid = secrets.token_hex(8)
        key = Ed25519PrivateKey.generate()
        await self._database.execute(
            "insert into signing_keys (kid, public_key, private_key) values ($1, $2, $3)",
            kid,
            key.public_key().public_bytes_raw(),
            self._cipher.seal(key.private_bytes_raw(), kid.encode()),
        )
        return kid

    async def _rows(self) -> list[asyncpg.Record]:
        return await self._database.fetch(
            "select kid, public_key from signing_keys where verify_until is null or verify_until > now() order by kid"
        )


def _public(row: asyncpg.Record) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(row["public_key"])
