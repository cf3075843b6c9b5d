"""HTTP shapes of the signs of work that a student may send."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from learnflow.contracts.questions import PlaceId


class Opened(BaseModel):
    """An exercise was opened."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"type": "opened", "exercise_id": "control-flow/for-loops/drums"}]},
    )

    type: Literal["opened"]
    exercise_id: PlaceId
    topic_id: PlaceId | None = None


class StepDone(BaseModel):
    """A step of a lesson is done."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"type": "step_done", "lesson_id": "5b1f0a52-7c55-4df0-8f0e-6a3a1f5a9d20", "step": 2}]
        },
    )

    type: Literal["step_done"]
    lesson_id: UUID | None = None
    step: int | None = Field(default=None, ge=0, le=1000)
    topic_id: PlaceId | None = None
    exercise_id: PlaceId | None = None


class Heartbeat(BaseModel):
    """The student edits: the page says so now and then while they type."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"type": "heartbeat", "exercise_id": "control-flow/for-loops/drums"}]},
    )

    type: Literal["heartbeat"]
    exercise_id: PlaceId | None = None
    topic_id: PlaceId | None = None
    lesson_id: UUID | None = None


Sign = Annotated[Opened | StepDone | Heartbeat, Field(discriminator="type")]


class Taken(BaseModel):
    """The sign is kept."""

    accepted: bool = True


class SnoozeAlert(BaseModel):
    """How long an alert is to be silent: a week at most."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"minutes": 30}]})

    minutes: int = Field(ge=1, le=10_080)
