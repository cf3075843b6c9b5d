"""HTTP shapes of notification."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, EmailStr, Field, model_validator

from learnflow.contracts.events.notification import NoticeKind
from learnflow.contracts.text import Text
from learnflow.services.notification.repository import NoticeRow
from learnflow.services.notification.service import Channel

SubscribedKind = Literal["alert", "alert_resolved", "assignment", "mastery", "message"]
"""What can be chosen; e-mails about the account itself always go out."""
KINDS: tuple[SubscribedKind, ...] = ("alert", "alert_resolved", "assignment", "mastery", "message")


class Subscribe(BaseModel):
    """The kinds of notices that you want by a channel; they replace those that you chose before."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"channel": "email", "topics": ["alert", "assignment"]}]}
    )

    channel: Channel
    topics: list[SubscribedKind] = Field(max_length=len(KINDS))


class Subscriptions(BaseModel):
    """What you get by each channel."""

    page: list[str]
    email: list[str]


class Publish(BaseModel):
    """Something to tell a person; people send messages alone. `email`: another address for a letter of an account."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "user_id": "0c8e8a4e-6a53-4b43-9d0e-0f6f2f0c7a11",
                    "kind": "message",
                    "title": "Tomorrow's lesson",
                    "message": "Please bring your program on for loops.",
                }
            ]
        },
    )

    user_id: UUID
    kind: NoticeKind
    title: Annotated[Text, Field(min_length=1, max_length=200)]
    message: Annotated[Text, Field(min_length=1, max_length=5_000)]
    email: Annotated[EmailStr, Field(max_length=254)] | None = None

    @model_validator(mode="after")
    def has_an_address_only_with_a_letter(self) -> Self:
        if self.email is not None and self.kind != "account":
            raise ValueError("email belongs to the kind account")
        return self


class Published(BaseModel):
    """The notice that went out."""

    notice_id: UUID
    channels: list[Channel]


class NoticeView(BaseModel):
    """A notice; `about` names what the page links to, `closed_at` is when an alert was resolved."""

    id: UUID
    kind: str
    title: str
    message: str
    about: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    is_read: bool
    read_at: datetime | None
    closed_at: datetime | None


class NoticePage(BaseModel):
    """A page of notices, the newest first; `next` is the offset of the next page, or null."""

    items: list[NoticeView]
    total: int
    unread: int
    next: int | None


def notice_view(row: NoticeRow) -> NoticeView:
    """A notice as it is sent."""
    return NoticeView(
        id=row.id,
        kind=row.kind,
        title=row.title,
        message=row.message,
        about=row.about,
        created_at=row.created_at,
        updated_at=row.updated_at,
        is_read=row.read_at is not None,
        read_at=row.read_at,
        closed_at=row.closed_at,
    )


def subscriptions_view(chosen: dict[str, list[str]]) -> Subscriptions:
    """Without a choice: all on the page, none by e-mail."""
    return Subscriptions(page=chosen.get("page", list(KINDS)), email=chosen.get("email", []))
