"""All SQL of notices, subscriptions and e-mails to be sent. Queries join the open transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from learnflow.kit.database import Database

CLAIMED_FOR = timedelta(seconds=60)
_ADD = """
insert into notifications (id, user_id, student_id, kind, title, message, about, on_page)
select $1, u.id, $3, $4, $5, $6, $7, $8 from users u where u.id = $2 and ($3::uuid is null or exists (
    select from users s where s.id = $3))
returning true
"""
_PAGE = """
select id, kind, title, message, about, student_id, created_at, updated_at, read_at, closed_at
from notifications where user_id = $1 and on_page order by created_at desc, id desc limit $2 offset $3
"""
_COUNTS = """
select count(*) as total, count(*) filter (where read_at is null) as unread
from notifications where user_id = $1 and on_page
"""
_UPDATE_RECENT = """
update notifications set title = $4, message = $5, about = about || $6, updated_at = now()
where id = (select id from notifications where kind = 'alert' and about ->> 'alert_id' = $1 and user_id = $2
              and created_at > now() - $3::interval and closed_at is null order by created_at desc limit 1)
returning id
"""
_CLOSE = """
update notifications set closed_at = now(), updated_at = now(), read_at = coalesce(read_at, now())
where kind = 'alert' and about ->> 'alert_id' = $1 and closed_at is null returning user_id
"""
_CLAIM = """
update email_deliveries set attempts = attempts + 1, next_at = now() + $1
where id = (select id from email_deliveries where next_at <= now() order by next_at limit 1 for update skip locked)
returning id, user_id, address, title, message, attempts, expires_at <= now() as is_over
"""
_RAISE_LEVEL = """
insert into notice_levels as l (user_id, topic_id, level) select u.id, $2, $3 from users u where u.id = $1
on conflict (user_id, topic_id) do update set level = excluded.level where l.level < excluded.level returning true
"""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice as it rests; texts are sealed."""

    id: UUID
    kind: str
    title: str
    message: str
    about: dict[str, Any]
    student_id: UUID | None
    created_at: datetime
    updated_at: datetime
    read_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """An e-mail to be sent, sealed; without `address` it goes to the account's own."""

    id: UUID
    user_id: UUID
    address: str | None
    title: str
    message: str
    attempts: int
    is_over: bool


class NoticesRepository:
    """Notices and what people want to hear of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        notice_id: UUID,
        user_id: UUID,
        student_id: UUID | None,
        kind: str,
        title: str,
        message: str,
        about: dict[str, str],
        *,
        on_page: bool,
    ) -> bool:
        """False when the person, or whom it is about, is not there any more."""
        added = await self._database.fetchval(
            _ADD, notice_id, user_id, student_id, kind, title, message, about, on_page
        )
        return bool(added)

    async def page(self, user_id: UUID, limit: int, offset: int) -> list[NoticeRow]:
        """The newest first."""
        return [NoticeRow(**row) for row in await self._database.fetch(_PAGE, user_id, limit, offset)]

    async def counts(self, user_id: UUID) -> tuple[int, int]:
        """(all, unread)."""
        row = await self._database.fetchrow(_COUNTS, user_id)
        return (row["total"], row["unread"]) if row else (0, 0)

    async def read(self, user_id: UUID, notice_id: UUID) -> bool:
        """Mark as read; False when this person has no such notice."""
        done = await self._database.execute(
            "update notifications set read_at = coalesce(read_at, now()) where id = $2 and user_id = $1",
            user_id,
            notice_id,
        )
        return done != "UPDATE 0"

    async def update_recent(
        self, alert_id: UUID, user_id: UUID, within: timedelta, title: str, message: str, about: dict[str, str]
    ) -> bool:
        """Bring this person's latest notice of an alert up to date; False when there is none that recent."""
        return bool(
            await self._database.fetchval(_UPDATE_RECENT, str(alert_id), user_id, within, title, message, about)
        )

    async def close_alert(self, alert_id: UUID) -> list[UUID]:
        """Close all notices of an alert; who had one."""
        rows = await self._database.fetch(_CLOSE, str(alert_id))
        return list(dict.fromkeys(row["user_id"] for row in rows))

    async def subscribe(self, user_id: UUID, channel: str, kinds: Sequence[str]) -> bool:
        """Replace what is wanted by this channel; False for a person who is not there."""
        return bool(
            await self._database.fetchval(
                """insert into subscriptions (user_id, channel, kinds) select id, $2, $3 from users where id = $1
                   on conflict (user_id, channel) do update set kinds = excluded.kinds, updated_at = now()
                   returning true""",
                user_id,
                channel,
                list(kinds),
            )
        )

    async def subscriptions(self, user_id: UUID) -> dict[str, list[str]]:
        """Channel -> kinds, where the person chose."""
        rows = await self._database.fetch("select channel, kinds from subscriptions where user_id = $1", user_id)
        return {row["channel"]: row["kinds"] for row in rows}

    async def raise_level(self, user_id: UUID, topic_id: str, level: int) -> bool:
        """True when this is the highest level of the topic so far, and the first time that it is said."""
        return bool(await self._database.fetchval(_RAISE_LEVEL, user_id, topic_id, level))


class Deliveries:
    """E-mails that are still to be sent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, user_id: UUID, address: str | None, title: str, message: str, tried_for: timedelta) -> bool:
        """False for a person who is not there."""
        return bool(
            await self._database.fetchval(
                """insert into email_deliveries (user_id, address, title, message, expires_at)
                   select id, $2, $3, $4, now() + $5 from users where id = $1 returning true""",
                user_id,
                address,
                title,
                message,
                tried_for,
            )
        )

    async def claim(self) -> Delivery | None:
        """The next one that is due; nobody else takes it for a minute."""
        row = await self._database.fetchrow(_CLAIM, CLAIMED_FOR)
        return None if row is None else Delivery(**row)

    async def done(self, delivery_id: UUID) -> None:
        await self._database.execute("delete from email_deliveries where id = $1", delivery_id)

    async def postpone(self, delivery_id: UUID, wait: timedelta) -> None:
        await self._database.execute(
            "update email_deliveries set next_at = now() + $2 where id = $1", delivery_id, wait
        )

    async def address_of(self, user_id: UUID) -> str | None:
        """The account's sealed address; None for a guest."""
        address: str | None = await self._database.fetchval("select email from users where id = $1", user_id)
        return address
