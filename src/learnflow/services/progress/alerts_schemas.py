"""HTTP shapes of alerts."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from learnflow.contracts.events.struggle import Severity, Trigger
from learnflow.services.progress.casebook import Alert, AlertState
from learnflow.services.progress.struggle import why


class AlertView(BaseModel):
    """A student who needs help, with the reason in a sentence and the evidence in counts."""

    alert_id: UUID
    student_id: UUID
    trigger: Trigger
    severity: Severity
    status: AlertState
    reason: str
    topic_id: str | None
    exercise_id: str | None
    since: datetime
    last_seen_at: datetime
    times: int
    evidence: dict[str, str | int | float]
    acknowledged_by: UUID | None
    acknowledged_at: datetime | None
    snoozed_until: datetime | None
    resolved_at: datetime | None
    resolved_by: UUID | None
    resolution: Literal["passed", "resolved_by_teacher"] | None


class AlertDetails(AlertView):
    """The same with what it was seen in: runs, submissions, attempts at quizzes, questions."""

    seen_ids: list[str]
    exercises: list[str] = Field(description="Passing one of them closes the alert")


class AlertPage(BaseModel):
    """The gravest and latest first; `next` is the offset of the next page, or null."""

    items: list[AlertView]
    total: int
    next: int | None


class Snooze(BaseModel):
    """How long the alert is to be silent."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"minutes": 30}]})

    minutes: int = Field(ge=1, le=10_080)


def alert_view(alert: Alert) -> AlertView:
    """An alert as a teacher's list shows it."""
    return AlertView(**_fields(alert))


def alert_details(alert: Alert) -> AlertDetails:
    """An alert with its evidence."""
    return AlertDetails(**_fields(alert), seen_ids=alert.seen_ids, exercises=alert.exercises)


def _fields(alert: Alert) -> dict[str, object]:
    names = [name for name in AlertView.model_fields if name not in {"alert_id", "status", "reason"}]
    return {
        "alert_id": alert.id,
        "status": alert.state,
        "reason": why(alert.trigger, alert.times, alert.evidence),
        **{name: getattr(alert, name) for name in names},
    }
