"""Use cases of becoming a user: students, invited teachers, guests, and children whose guardian is asked first."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog

from learnflow.contracts.errors import Conflict, Invalid
from learnflow.kit.clock import system_clock
from learnflow.kit.database import Database
from learnflow.kit.limits import take
from learnflow.kit.passwords import Passwords
from learnflow.kit.principal import Principal
from learnflow.kit.sealed import Vault
from learnflow.services.api_gateway.accounts.repository import AccountsRepository, UserRow
from learnflow.services.api_gateway.accounts.rules import GUEST_NAME, NewAccount, UserRole
from learnflow.services.api_gateway.accounts.service import ADDRESS_TAKEN, Accounts, SignedIn, User
from learnflow.services.api_gateway.classes.service import Classes
from learnflow.services.api_gateway.privacy.consents import Consents

log = structlog.get_logger()

GUEST_TTL = timedelta(hours=24)
CONSENT_WITHIN = timedelta(days=14)
INVITATION_TTL = timedelta(days=14)
GUESTS_LIMIT = "guests-address"
REGISTRATIONS_LIMIT = "registrations-address"
_CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_CODE_GROUPS, _GROUP_CHARS = 4, 5


@dataclass(frozen=True, slots=True)
class RegistrationLimits:
    """How many guests and registrations one network address may have within the window (seconds)."""

    guests: int = 100
    registrations: int = 100
    window_s: int = 3600


@dataclass(frozen=True, slots=True)
class Registered:
    """A new account; `signed_in` is None while a guardian has to agree first."""

    user: User
    signed_in: SignedIn | None


class Registration:
    """Makes accounts; every way counts by network address."""

    def __init__(
        self,
        database: Database,
        repository: AccountsRepository,
        vault: Vault,
        passwords: Passwords,
        accounts: Accounts,
        consents: Consents,
        classes: Classes,
        limits: RegistrationLimits,
    ) -> None:
        self._database = database
        self._repository = repository
        self._vault = vault
        self._passwords = passwords
        self._accounts = accounts
        self._consents = consents
        self._limits = limits
        self._classes = classes

    async def register(self, new: NewAccount, address: str, sender: Principal | None = None) -> Registered:
        """A student, a teacher by invitation, or what a guest becomes, who keeps their id and their work.

        `sender` is whoever is signed in just now; nobody but a guest matters.
        """
        await self._count(REGISTRATIONS_LIMIT, self._limits.registrations, address)
        guest = await self._guest_or_none(sender)
        await self._check(new, guest)
        # after the cheap checks, so that nobody is made to wait for the hashes of refused ones
        password_hash = await self._passwords.hash(new.password)
        role: UserRole = "teacher" if new.invitation_code else "student"
        user_id = guest or uuid4()
        async with self._database.transaction() as tx:
            await self._vault.create_key(user_id)
            row = await self._row(user_id, new, role, password_hash)
            await self._store(row, is_guest=guest is not None)
            await self._follow_codes(user_id, new)
            if new.guardian_email:
                await self._consents.ask(user_id, new.guardian_email)
            if guest is not None:
                open_ones = await self._repository.open_sessions(user_id)
                await self._accounts.end(tx, [each.id for each in open_ones], "registered")
        log.info("account.registered", user_id=str(user_id), role=role, was_guest=guest is not None)
        signed_in = None if new.under_13 else await self._accounts.open_session(row)
        return Registered(await self._accounts.opened(row), signed_in)

    async def _guest_or_none(self, sender: Principal | None) -> UUID | None:
        row = await self._repository.user_by_id(sender.user_id) if sender else None
        return row.id if row is not None and row.state == "guest" else None

    async def _check(self, new: NewAccount, guest: UUID | None) -> None:
        """What can be refused before a password is hashed."""
        if new.invitation_code:
            if new.class_code:
                raise Invalid("A class code is for students. Leave it out, and make a class later.", field="class_code")
            if guest is not None:
                raise Invalid("Sign out as a guest first: a teacher's account is a new one.", field="invitation_code")
            if not await self._repository.is_invitation_open(code_hash(new.invitation_code)):
                raise _wrong_invitation()
        if await self._repository.is_address_known(self._vault.email_index(new.email)):
            raise Conflict(ADDRESS_TAKEN)

    async def _row(self, user_id: UUID, new: NewAccount, role: UserRole, password_hash: str) -> UserRow:
        row = await self._accounts.sealed(user_id, new, role, password_hash)
        if not new.under_13:
            return row
        return replace(row, is_child=True, state="awaiting_consent", expires_at=system_clock() + CONSENT_WITHIN)

    async def _store(self, row: UserRow, *, is_guest: bool) -> None:
        if is_guest:
            if not await self._repository.register_guest(row):
                raise Conflict(ADDRESS_TAKEN)
        elif not await self._repository.add_user(row):
            raise Conflict(ADDRESS_TAKEN)

    async def _follow_codes(self, user_id: UUID, new: NewAccount) -> None:
        if new.invitation_code and not await self._repository.use_invitation(code_hash(new.invitation_code), user_id):
            raise _wrong_invitation()
        if new.class_code:
            await self._classes.enter(user_id, new.class_code)
        if not (new.invitation_code or new.under_13):
            await self._classes.welcome(user_id, self._vault.email_index(new.email))

    async def guest(self, address: str, language: str, timezone: str) -> tuple[User, SignedIn]:
        """A student without address and password, erased after 24 hours with all that they did."""
        await self._count(GUESTS_LIMIT, self._limits.guests, address)
        user_id, now = uuid4(), system_clock()
        async with self._database.transaction():
            await self._vault.create_key(user_id)
            row = await self._guest_row(user_id, language, timezone, now)
            await self._repository.add_user(row)
        log.info("account.guest.created", user_id=str(user_id))
        return await self._accounts.opened(row), await self._accounts.open_session(row)

    async def _guest_row(self, user_id: UUID, language: str, timezone: str, now: datetime) -> UserRow:
        name = await self._vault.seal(user_id, GUEST_NAME)
        return UserRow(
            user_id,
            "student",
            None,
            None,
            name,
            None,
            language,
            timezone,
            now,
            state="guest",
            expires_at=now + GUEST_TTL,
        )

    async def invite_teacher(self, ttl: timedelta = INVITATION_TTL) -> str:
        """A code with which one teacher may register; it is shown once and stored as a hash."""
        groups = ["".join(secrets.choice(_CODE_ALPHABET) for _ in range(_GROUP_CHARS)) for _ in range(_CODE_GROUPS)]
        code = "-".join(groups)
        await self._repository.add_invitation(code_hash(code), ttl)
        log.info("account.invitation.created", role="teacher")
        return code

    async def _count(self, name: str, limit: int, address: str) -> None:
        place = self._vault.index(f"address {address}").hex()
        await take(self._database, name=name, subject=place, limit=limit, window_s=self._limits.window_s)


def code_hash(code: str) -> bytes:
    """What is stored of a code: however it is typed, in any case, with or without hyphens."""
    return hashlib.sha256("".join(filter(str.isalnum, code.upper())).encode()).digest()


def _wrong_invitation() -> Invalid:
    return Invalid(
        "This invitation code is unknown, was used or has expired. Ask whoever runs this platform for a new one.",
        field="invitation_code",
    )
