"""Makes the demo class: accounts made by the gateway's own use case, so that they are like any other."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from learnflow.contracts.errors import Conflict
from learnflow.contracts.services import API_GATEWAY
from learnflow.kit.database import Database
from learnflow.kit.wakeups import Wakeups
from learnflow.runtime.demo import DEMO_ACCOUNTS, DemoAccount
from learnflow.runtime.wiring import Wiring
from learnflow.services.api_gateway.accounts_app import AccountParts, build_accounts
from learnflow.services.api_gateway.accounts_repository import AccountsRepository
from learnflow.services.api_gateway.settings import Settings


async def seed_demo(wiring: Wiring) -> str:
    """The accounts that `up` shows; says how many were made."""
    made = await seed(wiring, DEMO_ACCOUNTS)
    return f"{len(DEMO_ACCOUNTS)} accounts" + ("" if made else ", there already")


async def seed(wiring: Wiring, accounts: Sequence[DemoAccount]) -> int:
    """Make the accounts that do not exist yet; returns how many that were."""
    async with open_accounts(wiring) as (parts, repository):
        made = 0
        for account in accounts:
            if await repository.user_by_email(parts.vault.email_index(account.email)) is None:
                made += await _create(parts, account)
        return made


async def _create(parts: AccountParts, account: DemoAccount) -> int:
    try:
        await parts.accounts.create_user(account.email, account.password, account.name, account.role)
    except Conflict:
        # another starter was first
        return 0
    return 1


@asynccontextmanager
async def open_accounts(wiring: Wiring) -> AsyncIterator[tuple[AccountParts, AccountsRepository]]:
    """The gateway's accounts, with the gateway's role, outside its process."""
    settings = Settings(**wiring.overrides(API_GATEWAY))
    database = Database(wiring.database_url(API_GATEWAY), pool_size=2)
    await database.start()
    try:
        yield build_accounts(settings, database, Wakeups(database)), AccountsRepository(database)
    finally:
        await database.stop()
