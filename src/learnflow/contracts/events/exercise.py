"""Exercises and practice."""

from learnflow.contracts import topics
from learnflow.contracts.events.base import AgentRequest


class ExerciseRequested(AgentRequest):
    """A question for the exercise agent."""

    event_type = "learnflow.exercise.exercise_requested.v1"
    topic = topics.EXERCISE_REQUESTS
