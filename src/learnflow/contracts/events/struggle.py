"""Students who need help now."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from learnflow.contracts import topics
from learnflow.contracts.events.base import Fact

Trigger = Literal["same_error", "no_progress", "low_quiz", "says_stuck", "failed_runs"]
"""The five rules of product.md 5, in their order."""
Severity = Literal["low", "medium", "high"]


class StruggleDetected(Fact):
    """A rule saw a student struggle, or saw more of it: then `alert_id` is known and `is_new` false.

    Its id names the one open alert per student, trigger and topic. `evidence` holds counts, error types and ids.
    """

    event_type = "learnflow.struggle.struggle_detected.v1"
    topic = topics.STRUGGLE_DETECTED

    alert_id: UUID
    trigger: Trigger
    severity: Severity
    topic_id: str | None = None
    exercise_id: str | None = None
    is_new: bool = True
    since: datetime
    evidence: dict[str, str | int | float] = Field(default_factory=dict)


class StruggleResolved(Fact):
    """An alert is closed: the student passed the exercise, or a teacher closed it."""

    event_type = "learnflow.struggle.struggle_resolved.v1"
    topic = topics.STRUGGLE_DETECTED

    alert_id: UUID
    trigger: Trigger
    topic_id: str | None = None
    exercise_id: str | None = None
    reason: Literal["passed", "resolved_by_teacher"]
    resolved_by: UUID | None = None
