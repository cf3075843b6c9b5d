"""SQL of erasure; the work itself is the database's function `erase_student`. Queries join the open transaction."""

from uuid import UUID

import asyncpg

from learnflow.contracts.errors import Unavailable
from learnflow.kit.database import Database

BATCH = 100


class ErasureRepository:
    """Who is to be erased, and who was."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def erase(self, user_id: UUID) -> int:
        """Every row of every service about this person; how many went, cascades not counted.

        Unavailable when a service was writing about them in just this moment: nothing is erased then.
        """
        try:
            # rosters name people by their address, whether they have an account or not
            await self._database.execute(
                "delete from roster_invitations where email_index = (select email_index from users where id = $1)",
                user_id,
            )
            rows: int = await self._database.fetchval("select erase_student($1)", user_id)
        except asyncpg.DeadlockDetectedError as error:
            raise Unavailable("Something about this account is just being written. Try again in a moment.") from error
        return rows

    async def is_expired(self, user_id: UUID) -> bool:
        """Locks the account, so that it cannot become active meanwhile."""
        found = await self._database.fetchval(
            "select true from users where id = $1 and expires_at <= now() for update", user_id
        )
        return found is not None

    async def expired(self) -> list[UUID]:
        rows = await self._database.fetch("select id from users where expires_at <= now() limit $1", BATCH)
        return [row["id"] for row in rows]

    async def to_sweep(self) -> list[UUID]:
        """Ten minutes after an erasure, and once a day for as long as events are kept."""
        rows = await self._database.fetch(
            """select erased_id from erasures
               where swept_at is null and erased_at < now() - interval '10 minutes'
                  or swept_at < now() - interval '1 day' limit $1""",
            BATCH,
        )
        return [row["erased_id"] for row in rows]

    async def sweep(self, user_id: UUID) -> None:
        await self.erase(user_id)
        await self._database.execute("update erasures set swept_at = now() where erased_id = $1", user_id)

    async def forget_old(self) -> None:
        await self._database.execute("delete from erasures where erased_at < now() - interval '31 days'")
