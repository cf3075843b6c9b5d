"""HTTP shapes of the public API, questions part."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from learnflow.contracts.events.base import Intent
from learnflow.contracts.questions import Code, Context, ReviewPart
from learnflow.contracts.text import Text


class Links(BaseModel):
    """Where to go on."""

    self: str
    stream: str


class Accepted(BaseModel):
    """The question is kept; its answer comes."""

    query_id: UUID
    links: Links


class Answer(BaseModel):
    """A finished answer; `answer` is Markdown, `details` what a page may draw (examples, trace, line)."""

    agent: str
    answer: str
    clarification: str | None
    details: dict[str, Any] | None
    hint_level: int | None
    hint_levels: int | None
    verified: bool
    tutor: str
    finished_at: datetime
    duration_ms: float


class Question(BaseModel):
    """A question as its student sees it."""

    query_id: UUID
    status: Literal["open", "answered", "stopped"]
    query: str
    code: str | None
    error: str | None
    context: Context
    asked_at: datetime
    agent: str | None
    intent: Intent | None
    confidence: float | None
    reasons: list[str]
    answer: Answer | None
    helpful: bool | None
    links: Links


class QuestionPage(BaseModel):
    """A page of a student's questions, newest first; `next` is the address of the following page."""

    items: list[Question]
    total: int
    next: str | None


class Rate(BaseModel):
    """Whether an answer helped, and what you would like to say about it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"helpful": True}]})

    helpful: bool
    comment: Annotated[Text, Field(min_length=1, max_length=1000)] | None = None


class Run(BaseModel):
    """A program to run in the sandbox; `preamble` is what its exercise has ready before it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "print('hello')"}]})

    code: Code
    preamble: Annotated[Text, Field(max_length=6_000)] = ""
    stdin: Annotated[Text, Field(max_length=100_000)] = ""
    timeout_s: float = Field(default=5, gt=0, le=5)
    execution_id: UUID | None = None
    context: Context = Context()


class Explain(BaseModel):
    """A concept to explain at a level."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"concept": "for loops"}]})

    concept: Annotated[Text, Field(min_length=1, max_length=200)]
    mastery_level: int = Field(default=0, ge=0, le=100)
    code: Code | None = None


class AskForHint(BaseModel):
    """A failing program or its traceback, and the rung that is asked for."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"code": "print(nmae)", "hint_level": 1}]}
    )

    code: Code | None = None
    error_message: Code | None = None
    traceback: Code | None = None
    hint_level: int = Field(default=1, ge=1, le=4)
    context: Context = Context()


class AskForReview(BaseModel):
    """A program to judge, and what to look at first; the context's exercise decides about correctness."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"code": "def area(a, b):\n    return a * b\n", "focus_areas": ["style"]}]},
    )

    code: Code
    focus_areas: Annotated[list[ReviewPart], Field(max_length=4)] = Field(default_factory=list)
    context: Context = Context()
