"""HTTP shapes of the debug service."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from learnflow.contracts.questions import Code, PlaceId
from learnflow.contracts.text import Text


class DebugRequest(BaseModel):
    """A failing program, its error message or its traceback (one at least), and the rung that is asked for."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"code": "marks = [7, 4]\nprint(marks[2])", "hint_level": 1}]}
    )

    code: Code | None = None
    error_message: Code | None = None
    traceback: Annotated[Text, Field(max_length=20_000)] | None = None
    exercise_id: PlaceId | None = None
    hint_level: int = Field(default=1, ge=1, le=4)

    @model_validator(mode="after")
    def something_to_look_at(self) -> "DebugRequest":
        if not any(text and text.strip() for text in (self.code, self.error_message, self.traceback)):
            raise ValueError("send code, error_message or traceback: one of them at least")
        return self


class SuspectView(BaseModel):
    """A line worth a look, how sure the engine is (0-1), and the misconception that would explain it."""

    line: int
    confidence: float
    misconception: str


class DebugAnswer(BaseModel):
    """One rung.

    `line` and `cause` hold no more than the rung: where the program stopped and what happened there, and from rung 3
    on the line that it comes from and why. `verified` is true when a run showed what is said. `suspects` are for
    services and teachers.
    """

    error_type: str | None
    line: int | None
    cause: str
    hint: str
    hint_level: int
    hint_levels: int
    next_opens_at: datetime | None
    verified: bool
    suspects: list[SuspectView] | None = None
