"""SQL of e-mails that are still to be sent, and of links that set a new password. Queries join the open transaction."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from learnflow.kit.database import Database

MessageKind = Literal["reset", "consent", "confirm"]
RESET_TRIED_FOR = timedelta(hours=1)
CONSENT_TRIED_FOR = timedelta(days=14)
CLAIMED_FOR = timedelta(seconds=30)
_CLAIM = """
update account_messages set attempts = attempts + 1, next_at = now() + $1
where id = (select id from account_messages where next_at <= now() and expires_at > now()
            order by next_at limit 1 for update skip locked)
returning id, kind, email_index, consent_id, attempts
"""


@dataclass(frozen=True, slots=True)
class Message:
    """An e-mail to be sent: to whom a password was forgotten, or about which consent."""

    id: UUID
    kind: MessageKind
    email_index: bytes | None
    consent_id: UUID | None
    attempts: int


class MessagesRepository:
    """All SQL of account_messages and reset_tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_reset(self, email_index: bytes) -> None:
        """The same row whether there is such an account or not."""
        await self._database.execute(
            "insert into account_messages (kind, email_index, expires_at) values ('reset', $1, now() + $2)",
            email_index,
            RESET_TRIED_FOR,
        )

    async def add_consent(self, kind: MessageKind, consent_id: UUID) -> None:
        await self._database.execute(
            "insert into account_messages (kind, consent_id, expires_at) values ($1, $2, now() + $3)",
            kind,
            consent_id,
            CONSENT_TRIED_FOR,
        )

    async def claim(self) -> Message | None:
        """The next one that is due; nobody else takes it for half a minute."""
        row = await self._database.fetchrow(_CLAIM, CLAIMED_FOR)
        return None if row is None else Message(**row)

    async def drop_consent(self, consent_id: UUID) -> None:
        """Send no e-mail about this consent: its link would void the one that somebody holds."""
        await self._database.execute("delete from account_messages where consent_id = $1", consent_id)

    async def done(self, message_id: UUID) -> None:
        await self._database.execute("delete from account_messages where id = $1", message_id)

    async def postpone(self, message_id: UUID, wait: timedelta) -> None:
        await self._database.execute("update account_messages set next_at = now() + $2 where id = $1", message_id, wait)

    async def add_reset_token(self, token_hash: bytes, user_id: UUID, ttl: timedelta) -> None:
        await self._database.execute(
            "insert into reset_tokens (token_hash, user_id, expires_at) values ($1, $2, now() + $3)",
            token_hash,
            user_id,
            ttl,
        )

    async def reset_token_user(self, token_hash: bytes) -> UUID | None:
        found: UUID | None = await self._database.fetchval(
            "select user_id from reset_tokens where token_hash = $1 and expires_at > now()", token_hash
        )
        return found

    async def use_reset_token(self, token_hash: bytes) -> bool:
        """True once; all other links of the same user are void too."""
        used = await self._database.fetchval(
            """with used as (delete from reset_tokens where token_hash = $1 and expires_at > now() returning user_id)
               select user_id from used""",
            token_hash,
        )
        if used is not None:
            await self._database.execute("delete from reset_tokens where user_id = $1", used)
        return used is not None
