"""Looking for a fault."""

from uuid import UUID

from pydantic import Field

from learnflow.contracts import topics
from learnflow.contracts.error_types import ErrorType
from learnflow.contracts.events.base import AgentRequest, Fact


class DebugRequested(AgentRequest):
    """A question for the debug agent."""

    event_type = "learnflow.debug.debug_requested.v1"
    topic = topics.DEBUG_REQUESTS


class HintGiven(Fact):
    """A hint reached a student; `rung` is the step of the ladder (1-4)."""

    event_type = "learnflow.debug.hint_given.v1"
    topic = topics.PROGRESS_EVENTS

    query_id: UUID | None = None
    exercise_id: str | None = None
    topic_id: str | None = None
    error_type: ErrorType | None = None
    rung: int = Field(ge=1, le=4)
    agent: str = "debug"
