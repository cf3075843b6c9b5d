"""How answers to a quiz and the wish for new exercises look from outside, whichever door they come in by."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from learnflow.contracts.text import Text

Letter = Annotated[str, StringConstraints(pattern=r"^[a-h]$")]
QuestionId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]


class QuizAnswers(BaseModel):
    """The letters that were chosen, by question: one, several where several fit, all of them where order counts."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"answers": {"sum-of-three": "a", "true-of-range": ["a", "c"], "coins": ["b", "a", "d", "c"]}}]
        },
    )

    answers: Annotated[
        dict[QuestionId, Letter | Annotated[list[Letter], Field(max_length=8)]], Field(min_length=1, max_length=20)
    ]


class GenerateExercises(BaseModel):
    """New exercises on a topic: its id, or words for it as "list comprehensions"."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"topic": "list comprehensions", "difficulty": "easy", "count": 2}]},
    )

    topic: Annotated[Text, Field(min_length=2, max_length=200)]
    difficulty: Literal["easy", "medium", "hard"]
    mastery_level: int | None = Field(default=None, ge=0, le=100, description="the shown mastery of the topic")
    count: int = Field(default=1, ge=1, le=5)
