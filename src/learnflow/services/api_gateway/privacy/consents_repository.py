"""SQL of guardians' consents. Queries join the open transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from learnflow.kit.database import Database

ConsentState = Literal["asked", "confirmed_once", "given"]

_CONSENT = """
select c.id, c.student_id, c.guardian, c.state, c.model, c.asked_at, c.confirmed_at, c.given_at, u.expires_at, u.name
from consents c join users u on u.id = c.student_id where coalesce(u.expires_at > now(), true) and """


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """A consent with its child's name; `guardian` and `name` are sealed under the child's key."""

    id: UUID
    student_id: UUID
    guardian: str
    state: ConsentState
    model: bool
    asked_at: datetime
    confirmed_at: datetime | None
    given_at: datetime | None
    expires_at: datetime | None
    name: str


class ConsentsRepository:
    """All SQL of consents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, consent_id: UUID, student_id: UUID, guardian: str) -> None:
        await self._database.execute(
            "insert into consents (id, student_id, guardian) values ($1, $2, $3)", consent_id, student_id, guardian
        )

    async def by_token(self, token_hash: bytes) -> ConsentRow | None:
        return await self._one("c.token_hash = $1", token_hash)

    async def by_id(self, consent_id: UUID) -> ConsentRow | None:
        return await self._one("c.id = $1", consent_id)

    async def of_student(self, student_id: UUID) -> ConsentRow | None:
        return await self._one("c.student_id = $1", student_id)

    async def _one(self, condition: str, value: object) -> ConsentRow | None:
        row = await self._database.fetchrow(_CONSENT + condition, value)
        return None if row is None else ConsentRow(**row)

    async def set_token(self, consent_id: UUID, token_hash: bytes) -> None:
        await self._database.execute("update consents set token_hash = $2 where id = $1", consent_id, token_hash)

    async def confirm_once(self, consent_id: UUID) -> bool:
        """True for the first confirmation; its link is used up."""
        done = await self._database.fetchval(
            """update consents set state = 'confirmed_once', confirmed_at = now(), token_hash = null
               where id = $1 and state = 'asked' returning true""",
            consent_id,
        )
        return done is not None

    async def give(self, consent_id: UUID, *, model: bool) -> bool:
        """The second confirmation, or a change of it: the account may be used from now on."""
        done = await self._database.fetchval(
            """with given as (
                   update consents set state = 'given', given_at = coalesce(given_at, now()), model = $2
                   where id = $1 and state in ('confirmed_once', 'given') returning student_id),
               active as (
                   update users set state = 'active', expires_at = null
                   where id = (select student_id from given) and state = 'awaiting_consent')
               select true from given""",
            consent_id,
            model,
        )
        return done is not None
