"""Access tokens: EdDSA JWTs, signed by the gateway alone and verified everywhere with its public keys."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, cast, get_args
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.utils import base64url_decode

from learnflow.contracts.errors import LearnFlowError, Unauthenticated
from learnflow.contracts.services import API_GATEWAY
from learnflow.kit.clock import Clock, system_clock
from learnflow.kit.invoke import ANONYMOUS, Invoker
from learnflow.kit.principal import Principal, Role

ALGORITHM = "EdDSA"
ISSUER = "learnflow"
AUDIENCE = "learnflow"
ACCESS_TTL = timedelta(minutes=30)
KEYS_PATH = "/api/v1/auth/keys"
MAX_TOKEN_CHARS = 2048
CLOCK_SKEW_S = 5
REFETCH_AFTER_S = 1.0
_REQUIRED = ["exp", "iat", "iss", "aud", "sub", "role"]


class KeySource(Protocol):
    """Where the gateway's public keys come from."""

    async def public_key(self, kid: str) -> Ed25519PublicKey | None: ...


class HttpKeySource:
    """The keys as the gateway publishes them; an unknown one makes it ask again, at most once a second."""

    def __init__(self, invoker: Invoker) -> None:
        self._invoker = invoker
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._lock = asyncio.Lock()
        self._asked_at = float("-inf")
        self._error: LearnFlowError | None = None

    async def public_key(self, kid: str) -> Ed25519PublicKey | None:
        """The key, or None when the gateway does not know it; Unavailable when the gateway is away."""
        if kid not in self._keys:
            await self._refetch()
        return self._keys.get(kid)

    async def _refetch(self) -> None:
        wanted_at = time.monotonic()
        async with self._lock:
            if self._asked_at <= wanted_at:
                # forged key ids must not become a load on the gateway, and an honest one may wait a second
                await asyncio.sleep(max(0.0, self._asked_at + REFETCH_AFTER_S - time.monotonic()))
                self._asked_at = time.monotonic()
                await self._fetch()
            if self._error is not None:
                raise self._error

    async def _fetch(self) -> None:
        try:
            answer = await self._invoker.call(API_GATEWAY, "GET", KEYS_PATH, token=ANONYMOUS, timeout_s=2.0)
        except LearnFlowError as error:
            self._error = error
        else:
            self._error = None
            self._keys = {key["kid"]: _public_key(key["x"]) for key in answer["keys"]}


def _public_key(encoded: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64url_decode(encoded))


def _nothing_is_revoked(_session_id: UUID) -> bool:
    return False


class TokenVerifier:
    """Verifies access tokens; the last `cache_size` good ones are remembered until they expire or are revoked."""

    def __init__(
        self,
        keys: KeySource,
        *,
        is_revoked: Callable[[UUID], bool] = _nothing_is_revoked,
        clock: Clock = system_clock,
        cache_size: int = 10_000,
    ) -> None:
        self._keys = keys
        self._is_revoked = is_revoked
        self._clock = clock
        self._cache_size = cache_size
        self._verified: OrderedDict[str, Principal] = OrderedDict()

    async def verify(self, token: str) -> Principal:
        """Who holds this token; Unauthenticated when it is forged, expired or its session has ended."""
        principal = self._verified.get(token)
        if principal is None:
            principal = await self._check(token)
            self._remember(token, principal)
        if principal.expires_at <= self._clock():
            self._verified.pop(token, None)
            raise Unauthenticated("This access token has expired. Refresh it or sign in again.")
        if principal.session_id is not None and self._is_revoked(principal.session_id):
            self._verified.pop(token, None)
            raise Unauthenticated("This session was ended. Sign in again.")
        return principal

    def _remember(self, token: str, principal: Principal) -> None:
        self._verified[token] = principal
        while len(self._verified) > self._cache_size:
            self._verified.popitem(last=False)

    async def _check(self, token: str) -> Principal:
        try:
            key = await self._keys.public_key(_key_id(token))
            if key is None:
                raise jwt.InvalidKeyError("unknown key id")
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                audience=AUDIENCE,
                leeway=CLOCK_SKEW_S,
                options={"require": _REQUIRED},
            )
            return _principal(claims)
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("This access token has expired. Refresh it or sign in again.") from error
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise Unauthenticated("This access token is not valid. Sign in again.") from error


def _key_id(token: str) -> str:
    if len(token) > MAX_TOKEN_CHARS:
        raise ValueError("too long for one of our tokens")
    header = jwt.get_unverified_header(token)
    # a foreign algorithm is refused before any key is looked up
    if header.get("alg") != ALGORITHM or not isinstance(header.get("kid"), str):
        raise ValueError("not one of our tokens")
    return cast("str", header["kid"])


def _principal(claims: dict[str, Any]) -> Principal:
    if claims["role"] not in get_args(Role):
        raise ValueError("unknown role")
    return Principal(
        user_id=UUID(claims["sub"]),
        role=claims["role"],
        session_id=UUID(claims["sid"]) if claims.get("sid") else None,
        service=claims.get("svc"),
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
    )
