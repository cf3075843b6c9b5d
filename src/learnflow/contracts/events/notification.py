"""Notices to people."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from learnflow.contracts import topics
from learnflow.contracts.events.base import Fact
from learnflow.contracts.sealed import SealedField

NoticeKind = Literal["alert", "alert_resolved", "assignment", "mastery", "message", "account"]
"""What a notice is about; a subscription names the kinds that it wants."""


class NoticeSent(Fact):
    """A person was told something; its subject is that person, whose key seals the texts."""

    event_type = "learnflow.notification.notice_sent.v1"
    topic = topics.PROGRESS_EVENTS

    notice_id: UUID
    kind: NoticeKind
    title: SealedField
    message: SealedField
    channels: tuple[Literal["page", "email"], ...] = ("page",)
    about: dict[str, str] = Field(default_factory=dict)
