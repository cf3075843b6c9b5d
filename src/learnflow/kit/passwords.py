"""Passwords: argon2id (RFC 9106) in a thread, at most two at once in a process."""

import asyncio
import secrets
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from learnflow.contracts.errors import Unavailable

AT_ONCE = 2
MAX_WAITING = 1000


@dataclass(frozen=True, slots=True)
class PasswordCost:
    """What one hash costs; the defaults are OWASP's for argon2id: 19 MiB, two passes, one lane."""

    memory_kib: int = 19_456
    passes: int = 2
    lanes: int = 1


class Passwords:
    """Hashes and verifies; who finds a thousand waiting is sent away with Unavailable."""

    def __init__(self, cost: PasswordCost | None = None) -> None:
        cost = cost or PasswordCost()
        self._hasher = PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobodys_hash = ""

    async def hash(self, password: str) -> str:
        """An encoded argon2id hash with a salt of its own."""
        async with self.turn() as turn:
            return await turn.hash(password)

    def is_outdated(self, password_hash: str) -> bool:
        """True when it was made at another cost than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator["PasswordTurn"]:
        """Wait for one of the two places; what must not race with other attempts is done inside."""
        if self._waiting >= MAX_WAITING:
            raise Unavailable("Very many people are signing in just now. Try again in a moment.", retry_after_s=5)
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield PasswordTurn(self._hasher, await self._hash_of_nobody())
        finally:
            self._turns.release()

    async def _hash_of_nobody(self) -> str:
        if not self._nobodys_hash:
            self._nobodys_hash = await asyncio.to_thread(self._hasher.hash, secrets.token_urlsafe())
        return self._nobodys_hash


class PasswordTurn:
    """One of the two places at which passwords are hashed."""

    def __init__(self, hasher: PasswordHasher, nobodys_hash: str) -> None:
        self._hasher = hasher
        self._nobodys_hash = nobodys_hash

    async def hash(self, password: str) -> str:
        return await asyncio.to_thread(self._hasher.hash, _normal(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password; None (no such account) takes as long as a wrong one."""
        matches = await asyncio.to_thread(self._matches, password_hash or self._nobodys_hash, _normal(password))
        return matches and password_hash is not None

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def _normal(password: str) -> str:
    # one password, however a keyboard composes its accents
    return unicodedata.normalize("NFKC", password)
