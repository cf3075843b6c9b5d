"""Is it their password? Failures are limited by account, by known device and by network address, over all instances."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from learnflow.contracts.errors import TooMany, Unauthenticated
from learnflow.kit.database import Database
from learnflow.kit.limits import forget, give_back, take
from learnflow.kit.passwords import Passwords
from learnflow.kit.sealed import Vault
from learnflow.services.api_gateway.accounts.known_devices import KnownDevices
from learnflow.services.api_gateway.accounts.repository import AccountsRepository, UserRow

log = structlog.get_logger()

ACCOUNT_LIMIT = "sign-in-account"
ADDRESS_LIMIT = "sign-in-address"
DEVICE_LIMIT = "sign-in-device"


@dataclass(frozen=True, slots=True)
class SignInLimits:
    """How many failed attempts an account and an address may have within the window (seconds)."""

    per_account: int = 10
    per_address: int = 100
    window_s: int = 900


@dataclass(frozen=True, slots=True)
class From:
    """Where a password comes from: a network address, and what shows that it is a device of the account's own.

    `mark` is the known device's cookie, `session` the id of the session that asks; either may be missing.
    """

    address: str
    mark: str | None = None
    session: str | None = None


@dataclass(frozen=True, slots=True)
class _Counter:
    name: str
    subject: str
    limit: int


class PasswordCheck:
    """An attempt counts from its beginning and is taken back when it succeeds, so none slips in beside it."""

    def __init__(
        self,
        database: Database,
        repository: AccountsRepository,
        vault: Vault,
        passwords: Passwords,
        limits: SignInLimits,
        devices: KnownDevices,
    ) -> None:
        self._database = database
        self._repository = repository
        self._vault = vault
        self._passwords = passwords
        self._limits = limits
        self._devices = devices

    async def pass_or_raise(self, email_index: bytes, row: UserRow | None, password: str, source: From) -> UserRow:
        """The account (`row`; None where there is none) if the password is its own.

        Unauthenticated otherwise, after the same time whether there is such an account; TooMany after too many.
        """
        counters = self._counters(email_index, source)
        async with self._passwords.turn() as turn:
            await self._count(counters)
            if not await turn.verify(row.password_hash if row else None, password) or row is None:
                log.info("account.sign_in.failed")
                raise Unauthenticated("The e-mail address or the password is wrong.")
            await self._take_back(counters)
            if self._passwords.is_outdated(row.password_hash or ""):
                await self._repository.set_password(row.id, await turn.hash(password))
        return row

    async def forgive(self, email_index: bytes) -> None:
        """Forget the account's failures: somebody has shown that it is theirs by another way."""
        await forget(self._database, name=ACCOUNT_LIMIT, subject=email_index.hex())

    def _counters(self, email_index: bytes, source: From) -> list[_Counter]:
        """A known device has a counter of its own: nobody else can use it up, and it cannot be used for others."""
        limits = self._limits
        device = source.session or self._devices.subject(email_index, source.mark)
        if device is not None:
            return [_Counter(DEVICE_LIMIT, f"{email_index.hex()} {device}", limits.per_account)]
        place = self._vault.index(f"address {source.address}").hex()
        return [
            _Counter(ACCOUNT_LIMIT, email_index.hex(), limits.per_account),
            _Counter(ADDRESS_LIMIT, place, limits.per_address),
        ]

    async def _count(self, counters: Sequence[_Counter]) -> None:
        taken: list[_Counter] = []
        for counter in counters:
            try:
                await take(
                    self._database,
                    name=counter.name,
                    subject=counter.subject,
                    limit=counter.limit,
                    window_s=self._limits.window_s,
                )
            except TooMany:
                await self._take_back(taken)
                raise
            taken.append(counter)

    async def _take_back(self, counters: Sequence[_Counter]) -> None:
        for counter in counters:
            await give_back(self._database, name=counter.name, subject=counter.subject)
