"""Makes the demo class: accounts made by the gateway's own use case, so that they are like any other."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid5

from learnflow.contracts.errors import Conflict
from learnflow.contracts.services import API_GATEWAY
from learnflow.kit.database import Database
from learnflow.kit.wakeups import Wakeups
from learnflow.runtime.demo import CLASS_NAME, DEMO_ACCOUNTS, DemoAccount
from learnflow.runtime.wiring import Wiring
from learnflow.services.api_gateway.accounts.assembly import AccountParts, build_accounts
from learnflow.services.api_gateway.accounts.repository import AccountsRepository
from learnflow.services.api_gateway.settings import Settings


async def seed_demo(wiring: Wiring) -> str:
    """The accounts that `up` shows; says how many were made."""
    seeded = await seed(wiring, DEMO_ACCOUNTS)
    accounts = f"{len(DEMO_ACCOUNTS)} accounts" + ("" if seeded.made else ", there already")
    return f"{accounts}; {CLASS_NAME}: {seeded.class_code}"


@dataclass(frozen=True, slots=True)
class Seeded:
    """How many accounts did not exist yet, and the code by which others join the teacher's class."""

    made: int
    class_code: str


async def seed(wiring: Wiring, accounts: Sequence[DemoAccount]) -> Seeded:
    """Make the accounts that do not exist yet, and a class of the one teacher in which all the students are."""
    async with open_accounts(wiring) as (parts, repository):
        made = 0
        teachers: list[UUID] = []
        students: list[UUID] = []
        for account in accounts:
            index = parts.vault.email_index(account.email)
            if (row := await repository.user_by_email(index)) is None:
                made += await _create(parts, account)
                row = await repository.user_by_email(index)
            if row is not None:
                (teachers if row.role == "teacher" else students).append(row.id)
        (teacher_id,) = teachers
        kept = await parts.classes.keep(teacher_id, uuid5(teacher_id, CLASS_NAME), CLASS_NAME, students)
        return Seeded(made, kept.class_code or "")


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
