"""The inbox: which events a group has handled, kept in the transaction of the effect."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from learnflow.kit.database import Transaction

CLAIM = """
insert into inbox (grp, event_id) select $1, id from unnest($2::uuid[]) as e (id) order by id
on conflict do nothing returning event_id
"""
FORGET = "delete from inbox where grp = $1 and event_id = $2"


async def claim(tx: Transaction, group: str, event_ids: Sequence[UUID]) -> set[UUID]:
    """Mark the events as handled and return those that were not; the rest must not be handled again."""
    return {row["event_id"] for row in await tx.fetch(CLAIM, group, event_ids)}


async def forget(tx: Transaction, group: str, event_id: UUID) -> None:
    """Let the group handle an event again: for the replay of a dead letter."""
    await tx.execute(FORGET, group, event_id)
