"""Use cases of accounts: sign in, refresh, sign out, profile, services' own. `registration` makes people's."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog

from learnflow.contracts.errors import Conflict, Forbidden, NotFound, Unauthenticated
from learnflow.contracts.sealed import SealedText
from learnflow.kit.clock import system_clock
from learnflow.kit.database import Database, Transaction
from learnflow.kit.passwords import Passwords
from learnflow.kit.principal import service_id
from learnflow.kit.revocations import Revocations
from learnflow.kit.sealed import Vault
from learnflow.kit.service_accounts import secret_hash
from learnflow.kit.signing import AccessToken, SigningKeys
from learnflow.services.api_gateway.accounts.known_devices import KnownDevices
from learnflow.services.api_gateway.accounts.password_check import From, PasswordCheck
from learnflow.services.api_gateway.accounts.repository import (
    AccountsRepository,
    EndReason,
    SessionRow,
    UserRow,
)
from learnflow.services.api_gateway.accounts.rules import NewUser, UserRole, UserState, is_demo, new_user

log = structlog.get_logger()

REFRESH_TTL = timedelta(days=7)
ADDRESS_TAKEN = "There is an account with this e-mail address already. Sign in instead."
_NO_LONGER = "This session is over. Sign in again."


class AwaitingConsent(Forbidden):
    """The account of a child whose guardian has not agreed yet: it cannot sign in."""

    code = "awaiting_consent"


@dataclass(frozen=True, slots=True)
class User:
    """A user in the clear, for their own eyes; a guest has no address, and `expires_at` is when it is erased."""

    id: UUID
    email: str | None
    name: str
    role: UserRole
    language: str
    timezone: str
    created_at: datetime
    state: UserState = "active"
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session's fresh pair of tokens; the refresh token is known to nobody but its receiver."""

    user_id: UUID
    session_id: UUID
    access: AccessToken
    refresh_token: str
    device_mark: str | None = None
    """Shows later that this device has signed in before."""


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
        devices: KnownDevices,
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
        self._devices = devices
        self._demo = demo

    async def create_user(
        self, email: str, password: str, name: str, role: UserRole, *, language: str = "en", timezone: str = "UTC"
    ) -> User:
        """Make an account and its key; Invalid names a wrong field, Conflict an address that is taken."""
        new = new_user(email, password, name, language, timezone)
        password_hash = await self._passwords.hash(new.password)
        user_id = uuid4()
        async with self._database.transaction():
            await self._vault.create_key(user_id)
            row = await self.sealed(user_id, new, role, password_hash)
            if not await self._repository.add_user(row):
                raise Conflict(ADDRESS_TAKEN)
        log.info("account.created", user_id=str(user_id), role=role)
        return await self.opened(row)

    async def sealed(self, user_id: UUID, new: NewUser, role: UserRole, password_hash: str) -> UserRow:
        """A new user as the table holds them; their key is there already."""
        return UserRow(
            user_id,
            role,
            self._vault.email_index(new.email),
            await self._vault.seal(user_id, new.email),
            await self._vault.seal(user_id, new.name),
            password_hash,
            new.language,
            new.timezone,
            system_clock(),
        )

    async def login(self, email: str, password: str, source: From) -> tuple[User, SignedIn]:
        """Sign in; the same error and the same time for a wrong address and password."""
        if is_demo(email) and not self._demo:
            raise Forbidden("Demo accounts are off here. Sign in with an account of your own.")
        index = self._vault.email_index(email)
        found = await self._repository.user_by_email(index)
        row = await self._password_check.pass_or_raise(index, found, password, source)
        return await self.opened(row), await self.open_session(row)

    async def open_session_for(self, email: str) -> SignedIn:
        """A session without a password, for the operator's command line; NotFound for an unknown address."""
        return await self.open_session(await self.find(email))

    async def find(self, email: str) -> UserRow:
        """The account of an address, for the operator's command line; NotFound for an unknown one."""
        row = await self._repository.user_by_email(self._vault.email_index(email))
        if row is None:
            raise NotFound("There is no account with this e-mail address.")
        return row

    async def refresh(self, refresh_token: str) -> SignedIn:
        """The next pair of tokens; a token that was used before ends the whole session."""
        fresh = _new_refresh_token()
        async with self._database.transaction() as tx:
            spent = await self._repository.spend_token(_hashed(refresh_token))
            is_good = spent is not None and not spent.was_used and not spent.is_over
            if spent is not None and is_good:
                await self._repository.renew_session(spent.session_id, _hashed(fresh), REFRESH_TTL)
            elif spent is not None and spent.was_used:
                await self.end(tx, [spent.session_id], "token_reused")
        if spent is None or not is_good:
            raise Unauthenticated(_NO_LONGER)
        access = await self._keys.issue(spent.user_id, spent.role, session_id=spent.session_id)
        return SignedIn(spent.user_id, spent.session_id, access, fresh)

    async def logout(self, refresh_token: str | None, session_id: UUID | None) -> None:
        """End the session of either; an unknown or ended one is signed out already."""
        found = await self._repository.session_of_token(_hashed(refresh_token)) if refresh_token else None
        async with self._database.transaction() as tx:
            await self.end(tx, [each for each in (found, session_id) if each], "signed_out")

    async def sessions(self, user_id: UUID) -> list[SessionRow]:
        """The open sessions, the one used last first."""
        return await self._repository.open_sessions(user_id)

    async def end_session(self, user_id: UUID, session_id: UUID) -> None:
        """End one of the user's own sessions; NotFound for any other."""
        if session_id not in {session.id for session in await self.sessions(user_id)}:
            raise NotFound("There is no such session of yours.")
        async with self._database.transaction() as tx:
            await self.end(tx, [session_id], "ended_by_user")

    async def end_all_sessions(
        self, user_id: UUID, *, but: UUID | None = None, reason: EndReason = "ended_by_user"
    ) -> None:
        """Sign the user out everywhere, except in the session `but`."""
        async with self._database.transaction() as tx:
            await self.end(tx, [each.id for each in await self.sessions(user_id) if each.id != but], reason)

    async def change_password(
        self, user_id: UUID, session_id: UUID | None, current: str, new: str, source: From
    ) -> None:
        """Set a new password; all other sessions of the user end."""
        await self.confirm_password(user_id, current, source)
        password_hash = await self._passwords.hash(new)
        await self._repository.set_password(user_id, password_hash)
        await self.end_all_sessions(user_id, but=session_id, reason="password_changed")
        log.info("account.password.changed", user_id=str(user_id))

    async def confirm_password(self, user_id: UUID, password: str, source: From) -> UserRow:
        """Pass when it is the user's own password; Conflict for a guest, who has none."""
        row = await self.user(user_id)
        if row.email_index is None:
            raise Conflict("A guest has no password. Register first: your work stays yours.")
        return await self._password_check.pass_or_raise(row.email_index, row, password, source)

    async def profile(self, user_id: UUID) -> User:
        return await self.opened(await self.user(user_id))

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

    async def open_session(self, row: UserRow) -> SignedIn:
        """A new session; AwaitingConsent while a guardian has not agreed."""
        if row.state == "awaiting_consent":
            raise AwaitingConsent(
                "A parent or guardian has to agree first. We have written to them; ask them to look for our e-mail.",
                expires_at=row.expires_at,
            )
        session_id, refresh_token = uuid4(), _new_refresh_token()
        await self._repository.add_session(session_id, row.id, _hashed(refresh_token), REFRESH_TTL)
        access = await self._keys.issue(row.id, row.role, session_id=session_id)
        log.info("account.signed_in", user_id=str(row.id), role=row.role)
        mark = self._devices.mark(row.email_index) if row.email_index else None
        return SignedIn(row.id, session_id, access, refresh_token, mark)

    async def end(self, tx: Transaction, session_ids: list[UUID], reason: EndReason) -> None:
        """End these sessions, and their access tokens with them."""
        ended = await self._repository.end_sessions(session_ids, reason)
        if ended:
            await self._revocations.revoke(tx, ended)
            log.info("account.sessions.ended", count=len(ended), reason=reason)

    async def user(self, user_id: UUID) -> UserRow:
        row = await self._repository.user_by_id(user_id)
        if row is None:
            raise NotFound("This account does not exist any more.")
        return row

    async def opened(self, row: UserRow) -> User:
        return User(
            row.id,
            None if row.email is None else await self._vault.open(row.id, SealedText(row.email)),
            await self._vault.open(row.id, SealedText(row.name)),
            row.role,
            row.language,
            row.timezone,
            row.created_at,
            row.state,
            row.expires_at,
        )


def _new_refresh_token() -> str:
    return secrets.token_urlsafe(32)


def _hashed(refresh_token: str) -> bytes:
    return hashlib.sha256(refresh_token.encode()).digest()
