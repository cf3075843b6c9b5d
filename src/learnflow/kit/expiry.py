"""Removes what is past its time from tables that the answers do not depend on: they check the time themselves."""

from learnflow.kit.background import Periodic
from learnflow.kit.database import Database

BATCH = 1000
_COLUMNS = {
    "limits": "expires_at",
    "idempotency": "expires_at",
    "state": "expires_at",
    "revoked_sessions": "until",
    "sessions": "expires_at",
    "invitations": "expires_at",
    "reset_tokens": "expires_at",
    "account_messages": "expires_at",
    "roster_invitations": "expires_at",
}


class Expiry(Periodic):
    """A part that deletes expired rows of the named tables once a minute, a thousand at a time."""

    name = "expiry"
    every_s = 60.0

    def __init__(self, database: Database, *tables: str) -> None:
        super().__init__()
        self._database = database
        self._statements = [_statement(table) for table in tables]

    async def tick(self) -> None:
        """Delete what has expired by now, from each table in turn."""
        for statement in self._statements:
            while await self._database.execute(statement) == f"DELETE {BATCH}":
                continue


def _statement(table: str) -> str:
    column = _COLUMNS[table]
    # the names are keys and values of the table above, never input
    return (
        f"delete from {table} where ctid = any(array("  # noqa: S608 - see above
        f"select ctid from {table} where {column} < now() limit {BATCH} for update skip locked))"
    )
