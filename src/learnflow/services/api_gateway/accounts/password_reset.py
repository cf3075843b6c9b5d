"""Use cases of a forgotten password: a link by e-mail or from the operator, good once and for an hour."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

import structlog

from learnflow.contracts.errors import Invalid, TooMany
from learnflow.kit.database import Database
from learnflow.kit.limits import take
from learnflow.kit.passwords import Passwords
from learnflow.kit.sealed import Vault
from learnflow.services.api_gateway.accounts.known_devices import KnownDevices
from learnflow.services.api_gateway.accounts.messages_repository import MessagesRepository
from learnflow.services.api_gateway.accounts.password_check import PasswordCheck
from learnflow.services.api_gateway.accounts.repository import AccountsRepository, UserRow
from learnflow.services.api_gateway.accounts.service import Accounts

log = structlog.get_logger()

LINK_TTL = timedelta(hours=1)
ACCOUNT_LIMIT = "reset-account"
ADDRESS_LIMIT = "reset-address"
PER_ACCOUNT = 3
PER_ADDRESS = 60
WINDOW_S = 3600


class PasswordReset:
    """Asking says the same and does the same for every address; only who reads its e-mail learns more."""

    def __init__(
        self,
        database: Database,
        repository: AccountsRepository,
        messages: MessagesRepository,
        vault: Vault,
        passwords: Passwords,
        accounts: Accounts,
        check: PasswordCheck,
        devices: KnownDevices,
    ) -> None:
        self._database = database
        self._repository = repository
        self._messages = messages
        self._vault = vault
        self._passwords = passwords
        self._accounts = accounts
        self._check = check
        self._devices = devices

    async def ask(self, email: str, address: str) -> None:
        """Have a link sent if there is such an account; TooMany by network address alone."""
        await self._count(address)
        index = self._vault.email_index(email)
        try:
            await take(self._database, name=ACCOUNT_LIMIT, subject=index.hex(), limit=PER_ACCOUNT, window_s=WINDOW_S)
        except TooMany:
            # their mailbox has links enough; whoever asks is told nothing else
            log.info("account.reset.not_repeated")
            return
        await self._messages.add_reset(index)

    async def new_link(self, user_id: UUID) -> str:
        """The token of a fresh link."""
        token = secrets.token_urlsafe(32)
        await self._messages.add_reset_token(_hashed(token), user_id, LINK_TTL)
        return token

    async def link_for(self, email: str) -> str:
        """The same for the operator's command line; NotFound for an unknown address."""
        return await self.new_link((await self._accounts.find(email)).id)

    async def finish(self, token: str, new_password: str, address: str) -> str | None:
        """Set the password and end all sessions; gives the mark that makes this device known.

        Invalid for a link that was used, has expired or was never ours: one sentence for all of them.
        """
        await self._count(address)
        user_id = await self._messages.reset_token_user(_hashed(token))
        if user_id is None:
            raise _no_link()
        password_hash = await self._passwords.hash(new_password)
        row = await self._accounts.user(user_id)
        async with self._database.transaction() as tx:
            if not await self._messages.use_reset_token(_hashed(token)):
                raise _no_link()
            await self._repository.set_password(user_id, password_hash)
            open_ones = await self._repository.open_sessions(user_id)
            await self._accounts.end(tx, [each.id for each in open_ones], "password_changed")
        log.info("account.password.reset", user_id=str(user_id))
        return await self._know(row)

    async def _know(self, row: UserRow) -> str | None:
        if row.email_index is None:
            return None
        await self._check.forgive(row.email_index)
        return self._devices.mark(row.email_index)

    async def _count(self, address: str) -> None:
        place = self._vault.index(f"address {address}").hex()
        await take(self._database, name=ADDRESS_LIMIT, subject=place, limit=PER_ADDRESS, window_s=WINDOW_S)


def _no_link() -> Invalid:
    return Invalid("This link was used already or has expired. Ask for a new one.", field="token")


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
