"""Use cases of erasure: a person's own wish, a guardian's refusal, an account whose time is over."""

from uuid import UUID

import structlog

from learnflow.kit.background import Periodic
from learnflow.kit.database import Database
from learnflow.kit.revocations import Revocations
from learnflow.kit.sealed import Vault
from learnflow.services.api_gateway.accounts.repository import AccountsRepository
from learnflow.services.api_gateway.privacy.erasure_repository import ErasureRepository

log = structlog.get_logger()


class Erasure:
    """Erasing ends the sessions, deletes the rows of all services and the key that opens what is left."""

    def __init__(
        self,
        database: Database,
        repository: ErasureRepository,
        accounts: AccountsRepository,
        vault: Vault,
        revocations: Revocations,
    ) -> None:
        self._database = database
        self._repository = repository
        self._accounts = accounts
        self._vault = vault
        self._revocations = revocations

    async def erase(self, user_id: UUID, *, only_expired: bool = False) -> bool:
        """True when it was done; with `only_expired` nothing happens to an account that may stay."""
        async with self._database.transaction() as tx:
            if only_expired and not await self._repository.is_expired(user_id):
                return False
            sessions = [session.id for session in await self._accounts.open_sessions(user_id)]
            await self._revocations.revoke(tx, await self._accounts.end_sessions(sessions, "erased"))
            await self._vault.destroy_key(user_id)
            rows = await self._repository.erase(user_id)
        log.info("account.erased", user_id=str(user_id), rows=rows, was_expired=only_expired)
        return True

    async def erase_expired(self) -> None:
        """Guests after their day, children whose guardian did not answer."""
        while expired := await self._repository.expired():
            for user_id in expired:
                await self.erase(user_id, only_expired=True)

    async def sweep(self) -> None:
        """Erase once more what events brought that were on their way, or came back with a backup."""
        for user_id in await self._repository.to_sweep():
            await self._repository.sweep(user_id)
        await self._repository.forget_old()


class Expiring(Periodic):
    """A part that erases accounts whose time is over; harmless in several instances."""

    name = "account-expiry"
    every_s = 60.0

    def __init__(self, erasure: Erasure) -> None:
        super().__init__()
        self._erasure = erasure

    async def tick(self) -> None:
        await self._erasure.erase_expired()
        await self._erasure.sweep()
