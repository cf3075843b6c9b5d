"""Use cases of accounts: register, sign in, refresh, sign out, profile, and the accounts of services."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog

from learnflow.contracts.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from learnflow.contracts.sealed import SealedText
from learnflow.kit.clock import system_clock
from learnflow.kit.database import Database, Transaction
from learnflow.kit.passwords import Passwords
from learnflow.kit.principal import service_id
from learnflow.kit.revocations import Revocations
from learnflow.kit.sealed import Vault
from learnflow.kit.service_accounts import secret_hash
from learnflow.kit.signing import AccessToken, SigningKeys
from learnflow.services.api_gateway.accounts_repository import (
    AccountsRepository,
    EndReason,
    SessionRow,
    UserRow,
)
from learnflow.services.api_gateway.accounts_rules import UserRole, is_demo, new_user
from learnflow.services.api_gateway.password_check import PasswordCheck

log = structlog.get_logger()

REFRESH_TTL = timedelta(days=7)
_NO_LONGER = "This session is over. Sign in again."


@dataclass(frozen=True, slots=True)
class User:
    """A user in the clear, for their own eyes."""

    id: UUID
    email: str
    name: str
    role: UserRole
    language: str
    timezone: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session's fresh pair of tokens; the refresh token is known to nobody but its receiver."""

    user_id: UUID
    session_id: UUID
    access: AccessToken
    refresh_token: str


class Accounts:
    """All use cases of people's and services' accounts."""

    def __init__(
        self,
        database: Database,
        repository: AccountsRepository,
        vault: Vault,
        passwords: Passwords,
        password_check: PasswordCheck,
        keys: SigningKeys,
        revocations: Revocations,
        *,
        demo: bool = False,
    ) -> None:
        self._database = database
        self._repository = repository
        self._vault = vault
        self._passwords = passwords
        self._password_check = password_check
        self._keys = keys
        self._revocations = revocations
        self._demo = demo

    async def create_user(
        self, email: str, password: str, name: str, role: UserRole, *, language: str = "en", timezone: str = "UTC"
    ) -> User:
        """Make an account and its key; Invalid names a wrong field, Conflict an address that is taken."""
        new = new_user(email, password, name, language, timezone)
        password_hash = await self._passwords.hash(new.password)
        user = User(uuid4(), new.email, new.name, role, new.language, new.timezone, system_clock())
        async with self._database.transaction():
            await self._vault.create_key(user.id)
            if not await self._repository.add_user(await self._sealed(user, password_hash)):
                raise Conflict("There is an account with this e-mail address already. Sign in instead.")
        log.info("account.created", user_id=str(user.id), role=role)
        return user

    async def _sealed(self, user: User, password_hash: str) -> UserRow:
        return UserRow(
            user.id,
            user.role,
            self._vault.email_index(user.email),
            await self._vault.seal(user.id, user.email),
            await self._vault.seal(user.id, user.name),
            password_hash,
            user.language,
            user.timezone,
            user.created_at,
        )

    async def register(
        self,
        email: str,
        password: str,
        name: str,
        *,
        class_code: str | None = None,
        language: str = "en",
        timezone: str = "UTC",
    ) -> tuple[User, SignedIn]:
        """A new student, signed in."""
        if class_code is not None:
            raise Invalid("This class code is unknown. Ask your teacher for the right one.", field="class_code")
        user = await self.create_user(email, password, name, "student", language=language, timezone=timezone)
        return user, await self._open_session(user.id, user.role)

    async def login(self, email: str, password: str, address: str) -> tuple[User, SignedIn]:
        """Sign in from a network address; the same error and the same time for a wrong address and password."""
        if is_demo(email) and not self._demo:
            raise Forbidden("Demo accounts are off here. Sign in with an account of your own.")
        index = self._vault.email_index(email)
        found = await self._repository.user_by_email(index)
        row = await self._password_check.pass_or_raise(index, found, password, address)
        return await self._opened(row), await self._open_session(row.id, row.role)

    async def open_session_for(self, email: str) -> SignedIn:
        """A session without a password, for the operator's command line; NotFound for an unknown address."""
        row = await self._repository.user_by_email(self._vault.email_index(email))
        if row is None:
            raise NotFound("There is no account with this e-mail address.")
        return await self._open_session(row.id, row.role)

    async def refresh(self, refresh_token: str) -> SignedIn:
        """The next pair of tokens; a token that was used before ends the whole session."""
        fresh = _new_refresh_token()
        async with self._database.transaction() as tx:
            spent = await self._repository.spend_token(_hashed(refresh_token))
            is_good = spent is not None and not spent.was_used and not spent.is_over
            if spent is not None and is_good:
                await self._repository.renew_session(spent.session_id, _hashed(fresh), REFRESH_TTL)
            elif spent is not None and spent.was_used:
                await self._end(tx, [spent.session_id], "token_reused")
        if spent is None or not is_good:
            raise Unauthenticated(_NO_LONGER)
        access = await self._keys.issue(spent.user_id, spent.role, session_id=spent.session_id)
        return SignedIn(spent.user_id, spent.session_id, access, fresh)

    async def logout(self, refresh_token: str | None, session_id: UUID | None) -> None:
        """End the session of either; an unknown or ended one is signed out already."""
        found = await self._repository.session_of_token(_hashed(refresh_token)) if refresh_token else None
        async with self._database.transaction() as tx:
            await self._end(tx, [each for each in (found, session_id) if each], "signed_out")

    async def sessions(self, user_id: UUID) -> list[SessionRow]:
        """The open sessions, the one used last first."""
        return await self._repository.open_sessions(user_id)

    async def end_session(self, user_id: UUID, session_id: UUID) -> None:
        """End one of the user's own sessions; NotFound for any other."""
        if session_id not in {session.id for session in await self.sessions(user_id)}:
            raise NotFound("There is no such session of yours.")
        async with self._database.transaction() as tx:
            await self._end(tx, [session_id], "ended_by_user")

    async def end_all_sessions(
        self, user_id: UUID, *, but: UUID | None = None, reason: EndReason = "ended_by_user"
    ) -> None:
        """Sign the user out everywhere, except in the session `but`."""
        async with self._database.transaction() as tx:
            await self._end(tx, [each.id for each in await self.sessions(user_id) if each.id != but], reason)

    async def change_password(
        self, user_id: UUID, session_id: UUID | None, current: str, new: str, address: str
    ) -> None:
        """Set a new password; all other sessions of the user end."""
        row = await self._user(user_id)
        await self._password_check.pass_or_raise(row.email_index, row, current, address)
        password_hash = await self._passwords.hash(new)
        await self._repository.set_password(user_id, password_hash)
        await self.end_all_sessions(user_id, but=session_id, reason="password_changed")
        log.info("account.password.changed", user_id=str(user_id))

    async def profile(self, user_id: UUID) -> User:
        return await self._opened(await self._user(user_id))

    async def update_profile(
        self, user_id: UUID, *, name: str | None = None, language: str | None = None, timezone: str | None = None
    ) -> User:
        """Change what is given and return the whole."""
        sealed_name = None if name is None else await self._vault.seal(user_id, name)
        await self._repository.update_profile(user_id, sealed_name, language, timezone)
        return await self.profile(user_id)

    async def service_token(self, name: str, secret: str) -> AccessToken:
        """A token for a service that knows its secret."""
        stored = await self._repository.service_secret_hash(name)
        # compared even for an unknown name, so that names cannot be told by the time
        matches = hmac.compare_digest(secret_hash(secret), stored or bytes(32))
        if stored is None or not matches:
            raise Unauthenticated("The service's name or secret is wrong.")
        return await self._keys.issue(service_id(name), "service", service=name)

    async def public_keys(self) -> dict[str, list[dict[str, str]]]:
        """The keys that verify access tokens, as a JSON Web Key Set."""
        return await self._keys.jwks()

    async def _open_session(self, user_id: UUID, role: UserRole) -> SignedIn:
        session_id, refresh_token = uuid4(), _new_refresh_token()
        await self._repository.add_session(session_id, user_id, _hashed(refresh_token), REFRESH_TTL)
        access = await self._keys.issue(user_id, role, session_id=session_id)
        log.info("account.signed_in", user_id=str(user_id), role=role)
        return SignedIn(user_id, session_id, access, refresh_token)

    async def _end(self, tx: Transaction, session_ids: list[UUID], reason: EndReason) -> None:
        ended = await self._repository.end_sessions(session_ids, reason)
        if ended:
            await self._revocations.revoke(tx, ended)
            log.info("account.sessions.ended", count=len(ended), reason=reason)

    async def _user(self, user_id: UUID) -> UserRow:
        row = await self._repository.user_by_id(user_id)
        if row is None:
            raise NotFound("This account does not exist any more.")
        return row

    async def _opened(self, row: UserRow) -> User:
        return User(
            row.id,
            await self._vault.open(row.id, SealedText(row.email)),
            await self._vault.open(row.id, SealedText(row.name)),
            row.role,
            row.language,
            row.timezone,
            row.created_at,
        )


def _new_refresh_token() -> str:
    return secrets.token_urlsafe(32)


def _hashed(refresh_token: str) -> bytes:
    return hashlib.sha256(refresh_token.encode()).digest()
