"""Where first answers are kept: a table, or Dapr's state store. Of key, body and sender they know hashes alone."""

import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID

from learnflow.contracts.errors import Conflict
from learnflow.kit.database import Database
from learnflow.kit.settings import ServiceSettings
from learnflow.kit.state import State, Stored, open_state

KEPT_S = 86_400

_CLAIM = """
insert into idempotency as i (scope, route, key_hash, body_hash, claim, claimed_until, expires_at)
values ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6), now() + make_interval(secs => $7))
on conflict (scope, route, key_hash) do update set
    body_hash = excluded.body_hash, claim = excluded.claim, claimed_until = excluded.claimed_until, answer = null,
    expires_at = excluded.expires_at
where i.expires_at <= now()
   or (i.answer is null and i.claimed_until <= clock_timestamp() and i.body_hash = excluded.body_hash)
returning true
"""
_FIND = "select body_hash, answer from idempotency where scope = $1 and route = $2 and key_hash = $3"
_RENEW = """update idempotency set claimed_until = clock_timestamp() + make_interval(secs => $5)
where scope = $1 and route = $2 and key_hash = $3 and claim = $4"""
_KEEP = "update idempotency set answer = $5 where scope = $1 and route = $2 and key_hash = $3 and claim = $4"
_RELEASE = "delete from idempotency where scope = $1 and route = $2 and key_hash = $3 and claim = $4"


@dataclass(frozen=True, slots=True)
class Ask:
    """One keyed request: its place, what it says, and the claim of whoever works on it."""

    scope: bytes
    route: str
    key_hash: bytes
    body_hash: bytes
    claim: UUID

    @property
    def place(self) -> tuple[bytes, str, bytes]:
        return self.scope, self.route, self.key_hash


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a place; `answer` is sealed, and None while the first request is at work."""

    body_hash: bytes
    answer: str | None


class AnswerStore(Protocol):
    """One of all who ask claims a place; a claim that is not renewed in time may be taken over by a repeat."""

    async def claim(self, ask: Ask, lease_s: float) -> bool: ...

    async def find(self, ask: Ask) -> Kept | None: ...

    async def renew(self, ask: Ask, lease_s: float) -> None: ...

    async def keep(self, ask: Ask, answer: str) -> None: ...

    async def release(self, ask: Ask) -> None: ...


def open_answers(settings: ServiceSettings, database: Database) -> AnswerStore:
    """The store that the settings name."""
    return StateAnswers(open_state(settings, database)) if settings.bus == "dapr" else TableAnswers(database)


class TableAnswers:
    """In the table `idempotency`, each step in one statement."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, ask: Ask, lease_s: float) -> bool:
        claimed = await self._database.fetchval(_CLAIM, *ask.place, ask.body_hash, ask.claim, lease_s, KEPT_S)
        return claimed is not None

    async def find(self, ask: Ask) -> Kept | None:
        row = await self._database.fetchrow(_FIND, *ask.place)
        return None if row is None else Kept(row["body_hash"], row["answer"])

    async def renew(self, ask: Ask, lease_s: float) -> None:
        await self._database.execute(_RENEW, *ask.place, ask.claim, lease_s)

    async def keep(self, ask: Ask, answer: str) -> None:
        await self._database.execute(_KEEP, *ask.place, ask.claim, answer)

    async def release(self, ask: Ask) -> None:
        await self._database.execute(_RELEASE, *ask.place, ask.claim)


class StateAnswers:
    """In the state store: a value a place, changed over its etag, forgotten by its time to live."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def claim(self, ask: Ask, lease_s: float) -> bool:
        try:
            await self._state.put(_key(ask), _value(ask, lease_s), ttl_s=KEPT_S, first_write=True)
        except Conflict:
            return await self._take_over(ask, lease_s)
        return True

    async def find(self, ask: Ask) -> Kept | None:
        stored = await self._state.get(_key(ask))
        return None if stored is None else Kept(bytes.fromhex(stored.value["body_hash"]), stored.value["answer"])

    async def renew(self, ask: Ask, lease_s: float) -> None:
        await self._change(ask, _value(ask, lease_s))

    async def keep(self, ask: Ask, answer: str) -> None:
        await self._change(ask, _value(ask, 0) | {"answer": answer})

    async def release(self, ask: Ask) -> None:
        stored = await self._own(ask)
        if stored is not None:
            await self._state.delete(_key(ask), etag=stored.etag)

    async def _take_over(self, ask: Ask, lease_s: float) -> bool:
        stored = await self._state.get(_key(ask))
        if stored is None or stored.value["answer"] is not None or stored.value["until"] > time.time():
            return False
        if stored.value["body_hash"] != ask.body_hash.hex():
            return False
        return await self._put_over(ask, _value(ask, lease_s), stored)

    async def _change(self, ask: Ask, value: dict[str, Any]) -> None:
        stored = await self._own(ask)
        if stored is not None:
            await self._put_over(ask, value, stored)

    async def _own(self, ask: Ask) -> Stored | None:
        stored = await self._state.get(_key(ask))
        return stored if stored is not None and stored.value["claim"] == str(ask.claim) else None

    async def _put_over(self, ask: Ask, value: dict[str, Any], stored: Stored) -> bool:
        try:
            await self._state.put(_key(ask), value, ttl_s=KEPT_S, etag=stored.etag)
        except Conflict:
            return False
        return True


def _key(ask: Ask) -> str:
    return "idempotency:" + sha256(ask.scope + ask.route.encode() + b"\0" + ask.key_hash).hexdigest()


def _value(ask: Ask, lease_s: float) -> dict[str, Any]:
    return {"body_hash": ask.body_hash.hex(), "claim": str(ask.claim), "until": time.time() + lease_s, "answer": None}
