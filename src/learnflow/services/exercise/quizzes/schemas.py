"""HTTP shapes of quizzes."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from learnflow.curriculum.quizzes import QuestionKind


class OptionView(BaseModel):
    """An answer to choose, without a word about whether it is right."""

    option: str
    text: str


class QuestionView(BaseModel):
    """A question: `single` and `predict` want one option, `multiple` one or more, `order` all of them in order."""

    question_id: str
    kind: QuestionKind
    ask: str
    code: str | None = None
    options: list[OptionView]


class QuizView(BaseModel):
    """The quiz that waits for your answers; asking again gives the same one."""

    quiz_id: UUID
    topic_id: str
    title: str
    language: str = Field(description="the language that its texts are in")
    questions: list[QuestionView]
    attempts: int = Field(description="how often you answered a quiz of this topic")
    best_score: float | None = Field(description="your best attempt, which counts into mastery")


class ExplainedOption(BaseModel):
    """An option, now with what it is worth."""

    option: str
    text: str
    right: bool
    why: str


class QuestionResult(BaseModel):
    """One question marked: what was chosen, what is right, and why."""

    question_id: str
    right: bool
    chosen: list[str]
    correct: list[str]
    explanation: str
    options: list[ExplainedOption]


class QuizResult(BaseModel):
    """The attempt with its score; the best one counts."""

    attempt_id: UUID
    quiz_id: UUID
    topic_id: str
    score: float
    right: int
    questions: int
    best_score: float
    results: list[QuestionResult]


class AttemptView(BaseModel):
    """An earlier attempt."""

    attempt_id: UUID
    quiz_id: UUID
    topic_id: str
    score: float
    right: int
    questions: int
    answered_at: datetime


class AttemptPage(BaseModel):
    """Attempts, newest first; `next` is the offset of the next page."""

    items: list[AttemptView]
    total: int
    next: int | None = None
