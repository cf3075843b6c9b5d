"""Questions and answers."""

from uuid import UUID

from pydantic import Field

from learnflow.contracts import topics
from learnflow.contracts.events.base import Fact, Intent, QuestionContext
from learnflow.contracts.sealed import SealedField


class QuestionAsked(Fact):
    """A student asked something."""

    event_type = "learnflow.learning.question_asked.v1"
    topic = topics.LEARNING_REQUESTS

    query_id: UUID
    query: SealedField
    code: SealedField | None = None
    error: SealedField | None = None
    context: QuestionContext = QuestionContext()
    language: str = "en"


class AnswerPart(Fact):
    """A piece of an answer while it is being made; part 0 has no text and says which agent was chosen."""

    event_type = "learnflow.learning.answer_part.v1"
    topic = topics.LEARNING_RESPONSES

    query_id: UUID
    agent: str
    part_no: int = Field(ge=0)
    text: SealedField | None = None
    intent: Intent | None = None
    confidence: float | None = Field(default=None, ge=0, le=1)
    reasons: tuple[str, ...] = ()


class AnswerFinished(Fact):
    """The one final answer to a question; `answer` is the whole text in Markdown."""

    event_type = "learnflow.learning.answer_finished.v1"
    topic = topics.LEARNING_RESPONSES

    query_id: UUID
    agent: str
    answer: SealedField
    clarification: SealedField | None = None
    intent: Intent | None = None
    details: SealedField | None = Field(default=None, description="JSON for the page: examples, trace, error line")
    hint_level: int | None = Field(default=None, ge=1, le=4)
    hint_levels: int | None = Field(default=None, ge=1, le=4)
    verified: bool = Field(default=False, description="True when the claim was checked by running code")
    tutor: str = Field(default="built-in", description="built-in, or the model's name that worded it")
