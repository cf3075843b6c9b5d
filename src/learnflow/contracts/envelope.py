"""The envelope of every event: CloudEvents 1.0 in JSON (structured mode)."""

from datetime import UTC, datetime
from typing import Generic, Literal, TypeVar
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field


class EventData(BaseModel):
    """Base of the data of all events: frozen, and tolerant of fields that a later release adds."""

    model_config = ConfigDict(frozen=True, extra="ignore")


Data = TypeVar("Data", bound=EventData)


class CloudEvent(BaseModel, Generic[Data]):
    """One event.

    `subject` and `partitionkey` are the student's id; `correlationid` is the question (or request) that began it;
    `traceid` repeats `traceparent`, because a Dapr sidecar overwrites the latter unless both are there.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: UUID = Field(default_factory=uuid4)
    source: str = Field(description="The service that wrote it, as /learnflow/<name>")
    type: str = Field(pattern=r"^learnflow\.[a-z_]+\.[a-z_]+\.v\d+$")
    subject: str
    time: datetime = Field(default_factory=lambda: datetime.now(UTC))
    datacontenttype: Literal["application/json"] = "application/json"
    partitionkey: str
    correlationid: str
    traceparent: str | None = None
    traceid: str | None = None
    data: Data
