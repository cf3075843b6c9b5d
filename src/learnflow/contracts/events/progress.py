"""How far a student is."""

from learnflow.contracts import topics
from learnflow.contracts.events.base import AgentRequest


class ProgressRequested(AgentRequest):
    """A question for the progress agent."""

    event_type = "learnflow.progress.progress_requested.v1"
    topic = topics.PROGRESS_EVENTS
