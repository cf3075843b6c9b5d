"""Programs that students run and hand in for review."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from learnflow.contracts import topics
from learnflow.contracts.error_types import ErrorType
from learnflow.contracts.events.base import AgentRequest, Fact, Score
from learnflow.contracts.sealed import SealedField

RunStatus = Literal["ok", "error", "timeout", "memory", "output_limit", "killed", "sandbox_error"]
"""How a run in the sandbox ended."""


class ReviewRequested(AgentRequest):
    """A question for the code-review agent."""

    event_type = "learnflow.code.review_requested.v1"
    topic = topics.CODE_SUBMISSIONS


class CodeSubmitted(Fact):
    """A program that was handed in and graded, for whoever looks at how it is written."""

    event_type = "learnflow.code.code_submitted.v1"
    topic = topics.CODE_SUBMISSIONS

    submission_id: UUID
    exercise_id: str
    topic_id: str
    code: SealedField
    score: Score = Field(description="The share of the tests that passed")


class CodeReviewed(Fact):
    """How a program is written; the newest review of each exercise counts into mastery."""

    event_type = "learnflow.code.code_reviewed.v1"
    topic = topics.PROGRESS_EVENTS

    review_id: UUID
    query_id: UUID | None = None
    submission_id: UUID | None = None
    exercise_id: str | None = None
    topic_id: str | None = None
    quality_score: Score
    correctness: Score
    style: Score
    efficiency: Score
    readability: Score


class CodeExecuted(Fact):
    """A student ran a program; `rung` and `aided` record the help they had had on it."""

    event_type = "learnflow.code.code_executed.v1"
    topic = topics.PROGRESS_EVENTS

    execution_id: UUID
    status: RunStatus
    error_type: ErrorType | None = None
    topic_id: str | None = None
    exercise_id: str | None = None
    duration_ms: float = Field(ge=0)
    rung: int = Field(default=0, ge=0, le=4)
    aided: bool = False
