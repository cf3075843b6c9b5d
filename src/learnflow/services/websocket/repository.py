"""All SQL of the socket tables: numbered frames, and questions that clients named."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from learnflow.kit.database import Database, Transaction
from learnflow.services.websocket.frames import NewFrame, StoredFrame

# sorted by student, so that two transactions never wait for each other in a circle
_ADD = """
    with new as materialized (
        select user_id, type, data, row_number() over (partition by user_id order by place) as nth
        from unnest($1::uuid[], $2::text[], $3::jsonb[]) with ordinality as n (user_id, type, data, place)
    ), streams as (
        insert into socket_streams as s (user_id, last_seq)
        select user_id, count(*) from new group by user_id order by user_id
        on conflict (user_id) do update set last_seq = s.last_seq + excluded.last_seq
        returning user_id, last_seq
    )
    insert into socket_frames (user_id, seq, type, data)
    select n.user_id, s.last_seq - count(*) over (partition by n.user_id) + n.nth, n.type, n.data
    from new n join streams s using (user_id)
"""
_AFTER = """
    select f.user_id, f.seq, f.type, f.data
    from unnest($1::uuid[], $2::bigint[]) as w (user_id, seq)
    cross join lateral (
        select user_id, seq, type, data from socket_frames
        where user_id = w.user_id and seq > w.seq order by seq limit $3
    ) as f
    order by f.user_id, f.seq
"""
_BEHIND = """
    select s.user_id from unnest($1::uuid[], $2::bigint[]) as w (user_id, seq)
    join socket_streams s on s.user_id = w.user_id and s.last_seq > w.seq
"""


class Frames:
    """The students' streams of frames; texts in them are sealed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, tx: Transaction, frames: Sequence[NewFrame]) -> None:
        """Append frames to their students' streams, in this order. Others of these students wait for the commit."""
        await tx.execute(
            _ADD,
            [frame.user_id for frame in frames],
            [frame.type for frame in frames],
            [frame.data for frame in frames],
        )

    async def after(self, sent: Mapping[UUID, int], limit: int) -> list[StoredFrame]:
        """For many students at once: up to `limit` frames each that follow the number given, in order."""
        rows = await self._database.fetch(_AFTER, list(sent), list(sent.values()), limit)
        return [StoredFrame(**row) for row in rows]

    async def behind(self, sent: Mapping[UUID, int]) -> set[UUID]:
        """Those of the students who have frames after the number given."""
        return {row["user_id"] for row in await self._database.fetch(_BEHIND, list(sent), list(sent.values()))}

    async def last_seq(self, user_id: UUID) -> int:
        """The latest number of a student; 0 before the first frame."""
        return await self._database.fetchval("select last_seq from socket_streams where user_id = $1", user_id) or 0

    async def purge(self, hours: int) -> int:
        """Delete frames and named questions that are older; how many rows went."""
        done = [
            await self._database.execute(statement, hours)
            for statement in (
                "delete from socket_frames where created_at < now() - make_interval(hours => $1)",
                "delete from socket_asks where created_at < now() - make_interval(hours => $1)",
            )
        ]
        return sum(int(tag.split()[-1]) for tag in done)


class NamedAsks:
    """Questions under names of the clients' own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def knows(self, query_id: UUID) -> bool:
        return bool(
            await self._database.fetchval("select exists (select from socket_asks where query_id = $1)", query_id)
        )

    async def add(self, tx: Transaction, user_id: UUID, query_id: UUID) -> bool:
        """Keep the name; False when it was there."""
        done = await tx.execute(
            "insert into socket_asks (query_id, user_id) values ($1, $2) on conflict do nothing", query_id, user_id
        )
        return done.endswith(" 1")
