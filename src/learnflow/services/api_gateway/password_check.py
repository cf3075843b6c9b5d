"""Is it their password? Failures are limited by account and by network address, in sum over all instances."""

from dataclasses import dataclass

import structlog

from learnflow.contracts.errors import TooMany, Unauthenticated
from learnflow.kit.database import Database
from learnflow.kit.limits import give_back, take
from learnflow.kit.passwords import Passwords
from learnflow.kit.sealed import Vault
from learnflow.services.api_gateway.accounts_repository import AccountsRepository, UserRow

log = structlog.get_logger()

ACCOUNT_LIMIT = "sign-in-account"
ADDRESS_LIMIT = "sign-in-address"


@dataclass(frozen=True, slots=True)
class SignInLimits:
    """How many failed attempts an account and an address may have within the window (seconds)."""

    per_account: int = 10
    per_address: int = 100
    window_s: int = 900


class PasswordCheck:
    """An attempt counts from its beginning and is taken back when it succeeds, so none slips in beside it."""

    def __init__(
        self,
        database: Database,
        repository: AccountsRepository,
        vault: Vault,
        passwords: Passwords,
        limits: SignInLimits,
    ) -> None:
        self._database = database
        self._repository = repository
        self._vault = vault
        self._passwords = passwords
        self._limits = limits

    async def pass_or_raise(self, email_index: bytes, row: UserRow | None, password: str, address: str) -> UserRow:
        """The account (`row`; None where there is none) if the password is its own.

        Unauthenticated otherwise, after the same time whether there is such an account; TooMany after too many.
        """
        account, place = email_index.hex(), self._vault.index(f"address {address}").hex()
        async with self._passwords.turn() as turn:
            await self._count(account, place)
            if not await turn.verify(row.password_hash if row else None, password) or row is None:
                log.info("account.sign_in.failed")
                raise Unauthenticated("The e-mail address or the password is wrong.")
            await give_back(self._database, name=ACCOUNT_LIMIT, subject=account)
            await give_back(self._database, name=ADDRESS_LIMIT, subject=place)
            if self._passwords.is_outdated(row.password_hash):
                await self._repository.set_password(row.id, await turn.hash(password))
        return row

    async def _count(self, account: str, place: str) -> None:
        limits = self._limits
        await take(
            self._database, name=ACCOUNT_LIMIT, subject=account, limit=limits.per_account, window_s=limits.window_s
        )
        try:
            await take(
                self._database, name=ADDRESS_LIMIT, subject=place, limit=limits.per_address, window_s=limits.window_s
            )
        except TooMany:
            await give_back(self._database, name=ACCOUNT_LIMIT, subject=account)
            raise
