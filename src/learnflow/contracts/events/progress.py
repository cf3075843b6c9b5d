"""How far a student is."""

from typing import Literal
from uuid import UUID

from learnflow.contracts import topics
from learnflow.contracts.events.base import AgentRequest, Fact, Score


class ProgressRequested(AgentRequest):
    """A question for the progress agent."""

    event_type = "learnflow.progress.progress_requested.v1"
    topic = topics.PROGRESS_EVENTS


class StudentActive(Fact):
    """A sign of work between attempts: an edit (heartbeat) or a step of a lesson that is done."""

    event_type = "learnflow.progress.student_active.v1"
    topic = topics.PROGRESS_EVENTS

    kind: Literal["heartbeat", "step_done"]
    topic_id: str | None = None
    exercise_id: str | None = None
    lesson_id: UUID | None = None
    step: int | None = None


class MasteryChanged(Fact):
    """A topic's mastery moved; the four components are those that it was made of."""

    event_type = "learnflow.progress.mastery_changed.v1"
    topic = topics.PROGRESS_EVENTS

    topic_id: str
    module_id: str
    mastery: Score
    level: str
    exercises: Score
    quiz: Score
    quality: Score
    consistency: Score
    module_mastery: Score
