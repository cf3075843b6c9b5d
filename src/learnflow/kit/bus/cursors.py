"""The SQL of cursors: what a reader of the log locks, reads, claims and moves.

$1 group, $2 topic, $3 records of a partition at most, $4 in all, $5 partitions at most, $6 the form of an id.
"""

ENSURE = """
insert into bus_cursor (grp, topic, part) select $1, $2, part from generate_series(0, $3::int - 1) as p (part)
on conflict do nothing
"""

# Scalar sub-selects, because EXISTS would be flattened into a join, planned while the log was empty and kept so.
# `more`: something visible is held back by an older transaction that still runs, and nobody will notify when it ends.
_MINE = """
with mine as materialized (
    select c.part, c.xid, c.seq from bus_cursor c
    where c.grp = $1 and c.topic = $2 and (c.retry_at is null or c.retry_at <= clock_timestamp())
      and (select l.seq from bus_log l
           where l.topic = $2 and l.part = c.part and (l.xid, l.seq) > (c.xid, c.seq)
             and l.xid < (select pg_snapshot_xmin(pg_current_snapshot()))
           order by l.xid, l.seq limit 1) is not null
    order by c.xid, c.seq limit $5
    for update of c skip locked
), read as materialized (
    select l.part, l.xid, l.seq, l.ce, l.ts, case when l.ce ->> 'id' ~ $6 then (l.ce ->> 'id')::uuid end as id
    from mine cross join lateral (
        select l.part, l.xid, l.seq, l.ce, l.ts from bus_log l
        where l.topic = $2 and l.part = mine.part and (l.xid, l.seq) > (mine.xid, mine.seq)
          and l.xid < (select pg_snapshot_xmin(pg_current_snapshot()))
        order by l.xid, l.seq limit $3
    ) l
    order by l.part, l.xid, l.seq limit $4
)"""
_MORE = """(
    select bool_or((
        select true from bus_log l
        where l.topic = $2 and l.part = c.part and (l.xid, l.seq) > (c.xid, c.seq)
          and l.xid >= (select pg_snapshot_xmin(pg_current_snapshot()))
        order by l.xid, l.seq limit 1))
    from bus_cursor c where c.grp = $1 and c.topic = $2) as more"""
FETCH = f"""{_MINE}
select r.part, r.xid, r.seq, r.ce::text as ce, r.ts, r.id, false as is_new, {_MORE}
from read r order by r.part, r.xid, r.seq
"""  # noqa: S608 - put together from constants alone
"""Read and lock."""

FETCH_AND_CLAIM = f"""{_MINE}, moved as (
    update bus_cursor c set xid = m.xid, seq = m.seq, retry_at = null
    from (select distinct on (part) part, xid, seq from read order by part, xid desc, seq desc) m
    where c.grp = $1 and c.topic = $2 and c.part = m.part
), claimed as (
    insert into inbox (grp, event_id) select $1, id from read where id is not null order by id
    on conflict do nothing returning event_id
)
select r.part, r.xid, r.seq, r.ce::text as ce, r.ts, r.id,
       r.id in (select event_id from claimed) as is_new, {_MORE}
from read r order by r.part, r.xid, r.seq
"""  # noqa: S608 - put together from constants alone
"""The same, with the cursors moved and the inbox written: one round trip less while others wait for us."""

FETCH_ALONE = f"""{_MINE.replace("for update of c skip locked", "")}
select r.part, r.xid, r.seq, r.ce::text as ce, r.ts, r.id, m.xid as from_xid, m.seq as from_seq,
       r.id is not null and (select i.event_id from inbox i where i.grp = $1 and i.event_id = r.id) is null as is_new,
       {_MORE}
from read r join mine m using (part) order by r.part, r.xid, r.seq
"""  # noqa: S608 - put together from constants alone
"""The same for the only reader of a group: nothing is locked or written yet, and nobody waits for what follows."""

MOVE_ALONE = """
update bus_cursor c set xid = m.xid, retry_at = null,
    seq = case when (c.xid, c.seq) = (m.from_xid, m.from_seq) then m.seq end
from unnest((select $1::text[]), (select $2::text[]), (select $3::int2[]), (select $4::xid8[]), (select $5::int8[]),
            (select $6::xid8[]), (select $7::int8[])) as m (grp, topic, part, from_xid, from_seq, xid, seq)
where c.grp = m.grp and c.topic = m.topic and c.part = m.part
"""
"""A cursor that somebody else has moved meanwhile becomes null, which its column refuses: then nothing happened.

The arrays stand in sub-selects so that PostgreSQL does not see how long they are: it would plan anew each time.
"""

IS_UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"

WAITING = """
select bool_or((
    select true from bus_log l where l.topic = $2 and l.part = c.part and (l.xid, l.seq) > (c.xid, c.seq)
    order by l.xid, l.seq limit 1))
from bus_cursor c where c.grp = $1 and c.topic = $2
"""

MOVE_AND_CLAIM = """
with moved as (
    update bus_cursor c set xid = m.xid, seq = m.seq, retry_at = null
    from unnest($3::int2[], $4::xid8[], $5::int8[]) as m (part, xid, seq)
    where c.grp = $1 and c.topic = $2 and c.part = m.part
)
insert into inbox (grp, event_id) select $1, id from unnest($6::uuid[]) as e (id)
on conflict do nothing returning event_id
"""

RETRY_AT = """
update bus_cursor set retry_at = clock_timestamp() + make_interval(secs => $4)
where grp = $1 and topic = $2 and part = $3
"""
