"""Concepts and lessons."""

from uuid import UUID

from pydantic import Field

from learnflow.contracts import topics
from learnflow.contracts.events.base import AgentRequest, Fact


class ConceptRequested(AgentRequest):
    """A question for the concepts agent."""

    event_type = "learnflow.concepts.concept_requested.v1"
    topic = topics.CONCEPTS_REQUESTS


class LessonRequested(AgentRequest):
    """A question for the course agent."""

    event_type = "learnflow.concepts.lesson_requested.v1"
    topic = topics.CONCEPTS_REQUESTS


class ConceptExplained(Fact):
    """A concept was explained to a student."""

    event_type = "learnflow.concepts.concept_explained.v1"
    topic = topics.PROGRESS_EVENTS

    query_id: UUID | None = None
    concept: str
    topic_id: str
    level: str


class LessonGenerated(Fact):
    """A lesson was put together for a student; their progress in it begins at 0 %."""

    event_type = "learnflow.concepts.lesson_generated.v1"
    topic = topics.PROGRESS_EVENTS

    query_id: UUID | None = None
    lesson_id: UUID
    module_id: str
    topic_id: str
    lesson_type: str
    difficulty: str
    steps: int | None = Field(default=None, ge=1, description="How many steps it has; each done one moves the progress")
