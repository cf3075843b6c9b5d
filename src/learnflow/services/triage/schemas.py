"""HTTP shapes of triage."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from learnflow.contracts.events.base import Intent
from learnflow.contracts.questions import Code
from learnflow.contracts.text import Text


class TriageRequest(BaseModel):
    """A question to decide about; nothing of it is kept."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"query": "Why does this fail?", "user_id": "7b0a6c1e-3f3e-4b71-9d6c-0d1b2a3c4d5e"}]
        },
    )

    query: Annotated[Text, Field(min_length=1, max_length=5_000)]
    user_id: UUID
    code: Code | None = None
    error: Code | None = None


class TriageAnswer(BaseModel):
    """Who should answer; `reasons` are triage's own sentences, strongest first."""

    intent: Intent
    confidence: float = Field(ge=0, le=1)
    target_service: str
    reasons: list[str]
