"""How a question looks from outside, whichever door it comes in by."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from learnflow.contracts.text import Text

Identifier = Annotated[Text, Field(max_length=100)]
"""A client's own name for something; it is not kept as it is."""
PlaceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$", max_length=100)]
"""The id of a topic, an exercise or a conversation: it rests in the clear, so it must not hold a sentence."""
ReviewPart = Literal["correctness", "style", "efficiency", "readability"]
"""The four parts of a review's score."""
Code = Annotated[Text, Field(max_length=10_000)]
"""A program, an error message or a traceback, as people send them."""


class Context(BaseModel):
    """Where the student is."""

    model_config = ConfigDict(extra="forbid")

    topic_id: PlaceId | None = None
    exercise_id: PlaceId | None = None
    session_id: PlaceId | None = None


class Ask(BaseModel):
    """A question, with the code and the error that it is about."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"query": "How do for loops work?", "code": None}]}
    )

    query: Annotated[Text, Field(min_length=1, max_length=5_000)]
    code: Code | None = None
    error: Code | None = None
    context: Context = Context()
