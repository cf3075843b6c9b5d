"""Exercises, practice and quizzes."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from learnflow.contracts import topics
from learnflow.contracts.error_types import ErrorType
from learnflow.contracts.events.base import AgentRequest, Fact, Score

Difficulty = Literal["easy", "medium", "hard"]
Belief = Annotated[str, Field(pattern=r"^[a-z0-9-]+$", max_length=60)]
"""The id of a misconception of the course."""
Origin = Literal["course", "imported", "generated"]
"""Where an exercise comes from; only the course's own core exercises count into mastery."""


class ExerciseRequested(AgentRequest):
    """A question for the exercise agent."""

    event_type = "learnflow.exercise.exercise_requested.v1"
    topic = topics.EXERCISE_REQUESTS


class ExerciseGenerated(Fact):
    """A new exercise, checked in the sandbox, is there; its subject is who asked for it."""

    event_type = "learnflow.exercise.exercise_generated.v1"
    topic = topics.EXERCISE_GENERATED

    exercise_id: str
    topic_id: str
    difficulty: Difficulty


class ExerciseOpened(Fact):
    """A student opened an exercise: work on it begins, or goes on."""

    event_type = "learnflow.exercise.exercise_opened.v1"
    topic = topics.PROGRESS_EVENTS

    exercise_id: str
    topic_id: str | None = None


class _Attempt(Fact):
    """What every fact about one attempt carries; help is what the student had had before it."""

    submission_id: UUID
    exercise_id: str
    topic_id: str
    attempt_no: int = Field(ge=1)
    rung: int = Field(default=0, ge=0, le=4)
    aided: bool = False
    helped_by: str | None = Field(default=None, description="The agent that gave the highest hint")


class ExerciseSubmitted(_Attempt):
    """A program was handed in; its grade follows."""

    event_type = "learnflow.exercise.exercise_submitted.v1"
    topic = topics.PROGRESS_EVENTS


class ExerciseGraded(_Attempt):
    """A program that was handed in has its grade."""

    event_type = "learnflow.exercise.exercise_graded.v1"
    topic = topics.PROGRESS_EVENTS

    origin: Origin = "course"
    core: bool = False
    difficulty: Difficulty
    passed: bool
    score: Score
    tests_passed: int = Field(ge=0)
    tests_total: int = Field(ge=1)
    error_type: ErrorType | None = None
    misconceptions: list[Belief] = Field(default=[], description="What a wrong answer looks like, where that is known")


class ExerciseAssigned(Fact):
    """A teacher gave a student an exercise to do."""

    event_type = "learnflow.exercise.exercise_assigned.v1"
    topic = topics.PROGRESS_EVENTS

    assignment_id: UUID
    exercise_id: str
    topic_id: str
    assigned_by: UUID
    due_at: datetime | None = None


class QuizGraded(Fact):
    """A student answered a quiz; the best attempt counts into mastery."""

    event_type = "learnflow.exercise.quiz_graded.v1"
    topic = topics.PROGRESS_EVENTS

    attempt_id: UUID
    quiz_id: str
    topic_id: str
    score: Score
    right: int = Field(ge=0)
    questions: int = Field(ge=1)
    misconceptions: list[Belief] = Field(default=[], description="Of the wrong options that were chosen, each once")
