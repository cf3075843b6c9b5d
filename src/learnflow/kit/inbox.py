"""The inbox: which events a group has handled, kept in the transaction of the effect."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from learnflow.kit.database import Transaction

SEEN = "select event_id from inbox where grp = $1 and event_id = any($2::uuid[])"
PUT_ONE = "insert into inbox (grp, event_id) values ($1, $2)"
PUT_MANY = """
insert into inbox (grp, event_id) select grp, id from unnest($1::text[], $2::uuid[]) as e (grp, id) order by id
"""
FORGET = "delete from inbox where grp = $1 and event_id = $2"


async def claim(tx: Transaction, group: str, event_ids: Sequence[UUID]) -> set[UUID]:
    """Return the events that were not handled, and mark them with the effects; the rest must not be handled again.

    It looks without beginning the transaction, which then begins with the first effect. Of two who handle the same
    event at the same time the second fails on the inbox's key, effects and all, and sees at its next try why.
    """
    if not event_ids:
        return set()
    seen = {row["event_id"] for row in await tx.look(SEEN, group, event_ids)}
    new = set(event_ids) - seen
    await put(tx, group, new)
    return new


async def put(tx: Transaction, group: str, event_ids: Collection[UUID]) -> None:
    """Mark events that were not handled; when one was nevertheless, the transaction fails."""
    await tx.write_at_end(PUT_MANY, [(group, event_id) for event_id in event_ids], one=PUT_ONE)


async def forget(tx: Transaction, group: str, event_id: UUID) -> None:
    """Let the group handle an event again: for the replay of a dead letter."""
    await tx.execute(FORGET, group, event_id)
