"""HTTP shapes of progress."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field


class Runs(BaseModel):
    """Programs run; a failure of the sandbox itself counts on neither side."""

    ok: int
    failed: int


class StreakOfDays(BaseModel):
    """Consecutive active days."""

    current: int
    longest: int


class ProgressAnswer(BaseModel):
    """How far a student is, from what there is; days are those of the student's time zone."""

    user_id: UUID
    questions_asked: int
    concepts_explained: list[str] = Field(description="Each concept once, the latest first")
    runs: Runs
    hints: dict[int, int] = Field(description="Hints taken by rung (1-4)")
    active_days: int
    active_days_last_30: int
    streak: StreakOfDays


class HopAnswer(BaseModel):
    """One fact on a question's way; `offset_ms` counts from the first."""

    time: datetime
    offset_ms: float
    service: str
    type: str
    topic: str
    event_id: UUID


class TraceAnswer(BaseModel):
    """A question's whole way, in order."""

    correlation_id: UUID
    hops: list[HopAnswer]
