"""HTTP shapes of lessons as people send them."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from learnflow.contracts.questions import PlaceId


class AskForLesson(BaseModel):
    """A lesson of a module, or of one topic of it; for another person with their `user_id`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"course_id": "control-flow", "topic_id": "control-flow/for-loops"}]},
    )

    course_id: PlaceId = Field(description="The module")
    topic_id: PlaceId | None = Field(default=None, description="Default: the next topic of the module")
    lesson_type: Literal["topic", "overview", "review"] = "topic"
    difficulty_level: Literal["easy", "medium", "hard"] | None = Field(
        default=None, description="Default: by your mastery"
    )
    user_id: UUID | None = Field(default=None, description="Default: you")
