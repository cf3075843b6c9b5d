"""Limits shared in PostgreSQL: exact sliding windows, in sum over all instances, by the database's clock."""

import math

from learnflow.contracts.errors import TooMany
from learnflow.kit.database import Database
from learnflow.kit.transaction import NOT_WAITED_FOR, current_transaction

_TAKE = """
insert into limits as l (name, subject, hits, expires_at)
values ($1, $2, array[clock_timestamp()], clock_timestamp() + make_interval(secs => $4))
on conflict (name, subject) do update set
    hits = array(select h from unnest(l.hits) h where h > clock_timestamp() - make_interval(secs => $4) order by h)
           || clock_timestamp(),
    expires_at = excluded.expires_at
where (select count(*) from unnest(l.hits) h where h > clock_timestamp() - make_interval(secs => $4)) < $3
returning true
"""
_TAKE_ALONE = f"with taken as ({_TAKE}) select true, {NOT_WAITED_FOR} from taken"  # noqa: S608 - constants alone
"""The same as a transaction by itself: a crash of the server may forgive the uses of its last second."""
_WAIT = """
select extract(epoch from h + make_interval(secs => $4) - clock_timestamp())::float8
from limits, unnest(hits) h where name = $1 and subject = $2 order by h desc offset $3 - 1 limit 1
"""
_GIVE_BACK = "update limits set hits = trim_array(hits, 1) where name = $1 and subject = $2 and cardinality(hits) > 0"


async def take(database: Database, *, name: str, subject: str, limit: int, window_s: int) -> None:
    """Count one use of `name` by `subject`; TooMany when `limit` (at least 1) uses lie within the last `window_s`.

    A refused use does not count. Inside a transaction the use is counted when that commits.
    `subject` must not be readable personal text: an id, or `Vault.index` of it.
    """
    query = _TAKE_ALONE if current_transaction() is None else _TAKE
    if await database.fetchval(query, name, subject, limit, float(window_s)) is None:
        wait_s = await database.fetchval(_WAIT, name, subject, limit, float(window_s))
        retry_after_s = math.ceil(max(1.0, wait_s or 0.0))
        raise TooMany(
            f"Too many: at most {limit} in {_spoken(window_s)}. Wait {retry_after_s} s and try again.",
            retry_after_s=retry_after_s,
        )


async def give_back(database: Database, *, name: str, subject: str) -> None:
    """Take back the latest use: it was not one of those that count."""
    await database.execute(_GIVE_BACK, name, subject)


async def forget(database: Database, *, name: str, subject: str) -> None:
    """Take back all uses of this subject."""
    await database.execute("delete from limits where name = $1 and subject = $2", name, subject)


def _spoken(window_s: int) -> str:
    if window_s >= 7200 and window_s % 3600 == 0:
        return f"{window_s // 3600} h"
    return f"{window_s // 60} min" if window_s >= 60 and window_s % 60 == 0 else f"{window_s} s"
