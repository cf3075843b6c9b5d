"""Notification's use cases: tell somebody something, list it, and know what they want to hear of."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal
from uuid import UUID, uuid4

import structlog

from learnflow.contracts.errors import NotFound, Unavailable
from learnflow.contracts.events import NoticeSent, StruggleDetected, StruggleResolved
from learnflow.contracts.sealed import SealedText
from learnflow.contracts.services import NOTIFICATION
from learnflow.kit.bus.base import Bus, new_event
from learnflow.kit.database import Database, Transaction
from learnflow.kit.sealed import KeyMissing, Vault
from learnflow.kit.students import teachers_of
from learnflow.services.notification.repository import Deliveries, NoticeRow, NoticesRepository
from learnflow.services.notification.texts import ABOUT_ACCOUNT, Text, Texts

log = structlog.get_logger()

SOURCE = f"/learnflow/{NOTIFICATION.name}"
QUIET = timedelta(minutes=10)
"""More evidence of an alert within this time changes the notice that is there and sends no second one."""
NOTICE_TRIED_FOR = timedelta(days=2)
LETTER_TRIED_FOR = timedelta(hours=1)
"""The link of a letter about an account is good for an hour."""
NO_MAIL = "No e-mail goes out here: LEARNFLOW_NOTIFICATION_SMTP_URL is not set. Ask the operator."

Channel = Literal["page", "email"]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell `user_id`; `student_id` is whom it is about, if that is somebody else."""

    user_id: UUID
    text: Text
    about: dict[str, str] = field(default_factory=dict)
    student_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A notice that went out, and how."""

    notice_id: UUID
    channels: tuple[Channel, ...]


class Notices:
    """Stores notices sealed, tells the sockets, and asks for e-mails."""

    def __init__(
        self,
        database: Database,
        repository: NoticesRepository,
        deliveries: Deliveries,
        vault: Vault,
        bus: Bus,
        texts: Texts,
        *,
        has_mail: bool,
    ) -> None:
        self._database = database
        self._repository = repository
        self._deliveries = deliveries
        self._vault = vault
        self._bus = bus
        self._texts = texts
        self._has_mail = has_mail

    async def publish(self, notice: Notice) -> Sent:
        """Tell one person something; NotFound when there is no such person."""
        async with self._database.transaction() as tx:
            sent = await self.send(tx, notice, uuid4())
        if sent is None:
            raise _nobody()
        return sent

    async def post_letter(self, user_id: UUID, title: str, message: str, address: str | None) -> Sent:
        """An e-mail about an account. The page says only that there is one: the letter holds a link."""
        if not self._has_mail:
            raise Unavailable(NO_MAIL, retry_after_s=60)
        async with self._database.transaction() as tx:
            to = None if address is None else await self._vault.seal(user_id, address)
            texts = await self._sealed(user_id, title, message)
            if not await self._deliveries.add(user_id, to, *texts, LETTER_TRIED_FOR):
                raise _nobody()
            if address is not None:
                # a guardian's letter is not the child's: their page says nothing of it
                return Sent(uuid4(), ("email",))
            sent = await self.send(tx, Notice(user_id, ABOUT_ACCOUNT), uuid4())
        if sent is None:
            raise _nobody()
        return Sent(sent.notice_id, ("page", "email"))

    async def send(self, tx: Transaction, notice: Notice, correlation_id: UUID) -> Sent | None:
        """Store, tell and mail in the caller's transaction; None when nobody is there, or nobody wants to know."""
        channels = await self._channels(notice)
        if not channels:
            return None
        try:
            texts = await self._sealed(notice.user_id, notice.text.title, notice.text.message)
        except KeyMissing:
            log.info("notice.dropped", kind=notice.text.kind, reason="receiver erased")
            return None
        sent = Sent(uuid4(), channels)
        if not await self._stored(notice, sent, texts):
            return None
        await self._tell(tx, notice, sent, texts, correlation_id)
        return sent

    async def alert_teachers(self, tx: Transaction, student_id: UUID, fact: StruggleDetected, cause: UUID) -> None:
        """A notice to each of the student's own teachers, or their latest one brought up to date."""
        text = self._texts.alert(fact)
        about = _about_alert(student_id, fact) | {"severity": fact.severity}
        about |= {f"evidence.{name}": str(value) for name, value in fact.evidence.items()}
        for teacher_id in sorted(await teachers_of(self._database, student_id)):
            notice = Notice(teacher_id, text, about, student_id)
            if not await self._updated(fact.alert_id, notice):
                await self.send(tx, notice, cause)

    async def close_alert(self, tx: Transaction, student_id: UUID, fact: StruggleResolved, cause: UUID) -> None:
        """Close the notices of an alert, and tell those who had one and did not close it themselves."""
        told = await self._repository.close_alert(fact.alert_id)
        teachers = set(await teachers_of(self._database, student_id))
        about = _about_alert(student_id, fact) | {"reason": fact.reason}
        for teacher_id in sorted(teachers.intersection(told) - {fact.resolved_by}):
            await self.send(tx, Notice(teacher_id, self._texts.resolved(fact), about, student_id), cause)

    async def page(self, user_id: UUID, limit: int, offset: int) -> tuple[list[NoticeRow], int, int]:
        """(opened notices, the newest first; how many there are; how many are unread)."""
        total, unread = await self._repository.counts(user_id)
        rows = await self._repository.page(user_id, limit, offset)
        return [await self._opened(user_id, row) for row in rows], total, unread

    async def read(self, user_id: UUID, notice_id: UUID) -> None:
        """Mark one's own notice as read; a second time changes nothing."""
        if not await self._repository.read(user_id, notice_id):
            raise NotFound("There is no such notice.")

    async def subscribe(self, user_id: UUID, channel: Channel, kinds: Sequence[str]) -> None:
        """Replace the kinds that this person wants by this channel."""
        if not await self._repository.subscribe(user_id, channel, sorted(set(kinds))):
            raise _nobody()

    async def subscriptions(self, user_id: UUID) -> dict[str, list[str]]:
        return await self._repository.subscriptions(user_id)

    async def _channels(self, notice: Notice) -> tuple[Channel, ...]:
        if notice.text.kind == "account":
            return ("page",)
        chosen = await self._repository.subscriptions(notice.user_id)
        found: list[Channel] = []
        if notice.text.kind in chosen.get("page", [notice.text.kind]):
            found.append("page")
        if self._has_mail and notice.text.kind in chosen.get("email", []):
            found.append("email")
        return tuple(found)

    async def _stored(self, notice: Notice, sent: Sent, texts: tuple[SealedText, SealedText]) -> bool:
        is_there = await self._repository.add(
            sent.notice_id,
            notice.user_id,
            notice.student_id,
            notice.text.kind,
            *texts,
            notice.about,
            on_page="page" in sent.channels,
        )
        if is_there and "email" in sent.channels:
            await self._deliveries.add(notice.user_id, None, *texts, NOTICE_TRIED_FOR)
        return is_there

    async def _tell(
        self, tx: Transaction, notice: Notice, sent: Sent, texts: tuple[SealedText, SealedText], correlation_id: UUID
    ) -> None:
        fact = NoticeSent(
            notice_id=sent.notice_id,
            kind=notice.text.kind,
            title=texts[0],
            message=texts[1],
            channels=sent.channels,
            about=notice.about,
        )
        event = new_event(fact, source=SOURCE, student_id=notice.user_id, correlation_id=correlation_id)
        await self._bus.publish(tx, [event])
        log.info("notice.sent", notice_id=str(sent.notice_id), kind=notice.text.kind, channels=sent.channels)

    async def _updated(self, alert_id: UUID, notice: Notice) -> bool:
        try:
            texts = await self._sealed(notice.user_id, notice.text.title, notice.text.message)
        except KeyMissing:
            return False
        return await self._repository.update_recent(alert_id, notice.user_id, QUIET, *texts, notice.about)

    async def _sealed(self, user_id: UUID, title: str, message: str) -> tuple[SealedText, SealedText]:
        return await self._vault.seal(user_id, title), await self._vault.seal(user_id, message)

    async def _opened(self, user_id: UUID, row: NoticeRow) -> NoticeRow:
        title = await self._vault.open(user_id, SealedText(row.title))
        return replace(row, title=title, message=await self._vault.open(user_id, SealedText(row.message)))


def _about_alert(student_id: UUID, fact: StruggleDetected | StruggleResolved) -> dict[str, str]:
    about = {"alert_id": str(fact.alert_id), "student_id": str(student_id), "trigger": fact.trigger}
    places = {"topic_id": fact.topic_id, "exercise_id": fact.exercise_id}
    return about | {name: place for name, place in places.items() if place is not None}


def _nobody() -> NotFound:
    return NotFound("There is nobody of this id who could be told.")
