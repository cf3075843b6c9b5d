"""HTTP shapes of drafts."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from learnflow.contracts.questions import Code


class SaveDraft(BaseModel):
    """What the student is at, as a whole."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "beats = int(input())\n"}]})

    code: Code


class DraftView(BaseModel):
    """A version of a draft; version 0 is the exercise's starter, which nobody saved."""

    exercise_id: str
    version: int
    code: str
    saved_at: datetime | None


class DraftPage(BaseModel):
    """A page of versions, newest first; `next` is the offset of the following page."""

    items: list[DraftView]
    total: int
    next: int | None
