"""What all events have: a type, a topic, and what every request to an agent carries."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from learnflow.contracts.envelope import EventData
from learnflow.contracts.sealed import SealedField
from learnflow.contracts.topics import Topic

Intent = Literal["concepts", "debug", "exercise", "code_review", "progress", "lesson", "clarify"]
"""What a question wants; the seven intents of triage."""

Score = Annotated[float, Field(ge=0, le=100)]
"""A percentage."""


class Fact(EventData):
    """Base of every event's data; `event_type` and `topic` say how and where it travels."""

    event_type: ClassVar[str]
    topic: ClassVar[Topic]


class QuestionContext(BaseModel):
    """Where the student was when they asked; ids only, no personal text."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic_id: str | None = Field(default=None, max_length=100)
    exercise_id: str | None = Field(default=None, max_length=100)
    session_id: str | None = Field(default=None, max_length=100)


class AgentRequest(Fact):
    """A question on its way to one agent; texts are sealed under the student's key."""

    query_id: UUID
    query: SealedField
    code: SealedField | None = None
    error: SealedField | None = None
    context: QuestionContext = QuestionContext()
    language: str = "en"
    intent: Intent
    confidence: float = Field(ge=0, le=1)
    clarification: SealedField | None = Field(
        default=None, description="The question to ask back, beside the best guess's answer"
    )
