"""HTTP shapes of the concepts service."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from learnflow.contracts.questions import Code
from learnflow.contracts.text import Text
from learnflow.curriculum import Card, ChoiceCheck, EvalCheck
from learnflow.services.concepts.composing import options


class ExplainRequest(BaseModel):
    """A concept (a card's id or words), the shown mastery of its topic, and code that it is about."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"concept": "for loops", "mastery_level": 20}]}
    )

    concept: Annotated[Text, Field(min_length=1, max_length=200)]
    mastery_level: int = Field(default=0, ge=0, le=100)
    code: Code | None = None


class ExampleView(BaseModel):
    """A program, what it reads and what it prints."""

    code: str
    output: str
    stdin: str = ""


class StepView(BaseModel):
    """A line that was about to run, and the values at that moment."""

    line: int
    values: dict[str, str]


class OptionView(BaseModel):
    """One answer; a wrong one names the belief behind it."""

    answer: str
    right: bool
    misconception: str | None = None


class CheckView(BaseModel):
    """A question that grades itself: by its options, or by `eval` with the answer in place of `{answer}`."""

    ask: str
    code: str | None = None
    options: list[OptionView] = []
    eval: str | None = None


class RelatedView(BaseModel):
    """A card to go on with."""

    id: str
    title: str


class Explanation(BaseModel):
    """A concept at a level; `explanation` is Markdown, `trace` the steps of the code that was sent."""

    concept: str
    title: str
    language: str = Field(description="the language that the explanation is in")
    topic_id: str
    level: Literal["low", "mid", "high"]
    explanation: str
    examples: list[ExampleView]
    trace: list[StepView] | None = None
    check_questions: list[CheckView]
    related: list[RelatedView]


class ConceptView(BaseModel):
    """One card in the list."""

    id: str
    title: str
    topic_id: str
    idea: str
    language: str


class ConceptPage(BaseModel):
    """A page of the list; `next` is the offset of the next page, or null."""

    items: list[ConceptView]
    total: int
    next: int | None


def check_view(check: ChoiceCheck | EvalCheck) -> CheckView:
    """A check with its options in an order that does not tell which is right."""
    if isinstance(check, EvalCheck):
        return CheckView(ask=check.ask, eval=check.eval)
    shown = [
        OptionView(answer=answer, right=answer == check.right, misconception=check.wrong.get(answer))
        for answer in options(check)
    ]
    return CheckView(ask=check.ask, code=check.code, options=shown)


def concept_view(card: Card) -> ConceptView:
    return ConceptView(id=card.card, title=card.title, topic_id=card.topic_id, idea=card.idea, language=card.language)
