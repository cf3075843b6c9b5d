"""SQL of users, sessions, refresh tokens and service accounts. Queries join the open transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import asyncpg

from learnflow.kit.database import Database
from learnflow.services.api_gateway.accounts.rules import UserRole, UserState

EndReason = Literal["signed_out", "token_reused", "password_changed", "ended_by_user", "registered", "erased"]

_USER = """
select id, role, email_index, email, name, password_hash, language, timezone, created_at, state, is_child, expires_at
from users """


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user as stored: `email` and `name` are sealed; a guest has neither address nor password."""

    id: UUID
    role: UserRole
    email_index: bytes | None
    email: str | None
    name: str
    password_hash: str | None
    language: str
    timezone: str
    created_at: datetime
    state: UserState = "active"
    is_child: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session that has not ended."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SpentToken:
    """A refresh token that was shown: `was_used` before, or of a session that `is_over`."""

    session_id: UUID
    user_id: UUID
    role: UserRole
    was_used: bool
    is_over: bool


class AccountsRepository:
    """All SQL of the accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_user(self, user: UserRow) -> bool:
        """False when the address is taken, by whichever of two simultaneous registrations came first."""
        added = await self._database.fetchval(
            """insert into users (id, role, email_index, email, name, password_hash, language, timezone, created_at,
                                  state, is_child, expires_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
               on conflict on constraint users_email_index_key do nothing returning true""",
            user.id,
            user.role,
            user.email_index,
            user.email,
            user.name,
            user.password_hash,
            user.language,
            user.timezone,
            user.created_at,
            user.state,
            user.is_child,
            user.expires_at,
        )
        return added is not None

    async def is_address_known(self, email_index: bytes) -> bool:
        known: bool = await self._database.fetchval(
            "select exists (select from users where email_index = $1)", email_index
        )
        return known

    async def register_guest(self, user: UserRow) -> bool:
        """The guest becomes the account that `user` describes; False when it is none any more, or the address taken."""
        try:
            done = await self._database.fetchval(
                """update users set email_index = $2, email = $3, name = $4, password_hash = $5, language = $6,
                       timezone = $7, state = $8, is_child = $9, expires_at = $10
                   where id = $1 and state = 'guest' and expires_at > now() returning true""",
                user.id,
                user.email_index,
                user.email,
                user.name,
                user.password_hash,
                user.language,
                user.timezone,
                user.state,
                user.is_child,
                user.expires_at,
            )
        except asyncpg.UniqueViolationError:
            return False
        return done is not None

    async def use_invitation(self, code_hash: bytes, user_id: UUID) -> bool:
        """True once for a code that has not expired."""
        used = await self._database.fetchval(
            """update invitations set used_at = now(), used_by = $2
               where code_hash = $1 and used_at is null and expires_at > now() returning true""",
            code_hash,
            user_id,
        )
        return used is not None

    async def is_invitation_open(self, code_hash: bytes) -> bool:
        found: bool = await self._database.fetchval(
            "select exists (select from invitations where code_hash = $1 and used_at is null and expires_at > now())",
            code_hash,
        )
        return found

    async def add_invitation(self, code_hash: bytes, ttl: timedelta) -> None:
        await self._database.execute(
            "insert into invitations (code_hash, role, expires_at) values ($1, 'teacher', now() + $2)", code_hash, ttl
        )

    async def user_by_email(self, email_index: bytes) -> UserRow | None:
        row = await self._database.fetchrow(f"{_USER} where email_index = $1", email_index)
        return None if row is None else UserRow(**row)

    async def user_by_id(self, user_id: UUID) -> UserRow | None:
        row = await self._database.fetchrow(f"{_USER} where id = $1", user_id)
        return None if row is None else UserRow(**row)

    async def set_password(self, user_id: UUID, password_hash: str) -> None:
        await self._database.execute("update users set password_hash = $2 where id = $1", user_id, password_hash)

    async def update_profile(self, user_id: UUID, name: str | None, language: str | None, timezone: str | None) -> None:
        await self._database.execute(
            """update users set name = coalesce($2, name), language = coalesce($3, language),
               timezone = coalesce($4, timezone) where id = $1""",
            user_id,
            name,
            language,
            timezone,
        )

    async def add_session(self, session_id: UUID, user_id: UUID, token_hash: bytes, ttl: timedelta) -> None:
        await self._database.execute(
            """with opened as (
                   insert into sessions (id, user_id, expires_at)
                   select $1, id, least(now() + $4, expires_at) from users where id = $2 returning id)
               insert into refresh_tokens (token_hash, session_id) select $3, id from opened""",
            session_id,
            user_id,
            token_hash,
            ttl,
        )

    async def spend_token(self, token_hash: bytes) -> SpentToken | None:
        """Look at a refresh token and mark it used; of two at once the second finds it used."""
        row = await self._database.fetchrow(
            """select t.session_id, s.user_id, u.role, t.used_at is not null as was_used,
                      s.ended_at is not null or s.expires_at <= now() or u.state = 'awaiting_consent'
                          or coalesce(u.expires_at <= now(), false) as is_over
               from refresh_tokens t join sessions s on s.id = t.session_id join users u on u.id = s.user_id
               where t.token_hash = $1 for update of t, s""",
            token_hash,
        )
        if row is None:
            return None
        await self._database.execute(
            "update refresh_tokens set used_at = coalesce(used_at, now()) where token_hash = $1", token_hash
        )
        return SpentToken(**row)

    async def renew_session(self, session_id: UUID, token_hash: bytes, ttl: timedelta) -> None:
        """The next refresh token of a session. Tokens older than `ttl` are expired, so none of them is missed."""
        await self._database.execute(
            """update sessions s set last_used_at = now(), expires_at = least(now() + $2, u.expires_at)
               from users u where s.id = $1 and u.id = s.user_id""",
            session_id,
            ttl,
        )
        await self._database.execute(
            "delete from refresh_tokens where session_id = $1 and created_at < now() - $2::interval", session_id, ttl
        )
        await self._database.execute(
            "insert into refresh_tokens (token_hash, session_id) values ($1, $2)", token_hash, session_id
        )

    async def session_of_token(self, token_hash: bytes) -> UUID | None:
        found: UUID | None = await self._database.fetchval(
            "select session_id from refresh_tokens where token_hash = $1", token_hash
        )
        return found

    async def open_sessions(self, user_id: UUID) -> list[SessionRow]:
        rows = await self._database.fetch(
            """select id, created_at, last_used_at, expires_at from sessions
               where user_id = $1 and ended_at is null and expires_at > now() order by last_used_at desc, id""",
            user_id,
        )
        return [SessionRow(**row) for row in rows]

    async def end_sessions(self, session_ids: Sequence[UUID], reason: EndReason) -> list[UUID]:
        """The ones that were open until now."""
        rows = await self._database.fetch(
            """update sessions set ended_at = now(), end_reason = $2
               where id = any($1::uuid[]) and ended_at is null returning id""",
            list(session_ids),
            reason,
        )
        return [row["id"] for row in rows]

    async def signed_in_since(self, session_id: UUID, within: timedelta) -> bool:
        """Whether the session was opened (with a password) within this time."""
        is_fresh: bool = await self._database.fetchval(
            """select exists (select from sessions
                              where id = $1 and ended_at is null and created_at > now() - $2::interval)""",
            session_id,
            within,
        )
        return is_fresh

    async def service_secret_hash(self, name: str) -> bytes | None:
        found: bytes | None = await self._database.fetchval(
            "select secret_hash from service_accounts where name = $1", name
        )
        return found
