"""HTTP shapes of the code-review service."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from learnflow.contracts.questions import Code, PlaceId, ReviewPart
from learnflow.services.code_review.evidence import CheckedBy
from learnflow.services.code_review.rulebook import Severity


class ReviewRequest(BaseModel):
    """A program to judge; with an exercise its tests decide about correctness."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"code": "def area(a, b):\n    return a * b\n", "focus_areas": ["style"]}]},
    )

    code: Code
    exercise_id: PlaceId | None = None
    focus_areas: Annotated[list[ReviewPart], Field(max_length=4)] = Field(
        default_factory=list, description="what to look at first: remarks of these parts come before others"
    )

    @field_validator("code")
    @classmethod
    def something_to_read(cls, code: str) -> str:
        if not code.strip():
            raise ValueError("is empty; send the program that you want reviewed")
        return code


class FindingView(BaseModel):
    """One thing to look at: where, what, why it matters, and a question that leads to it; never the repaired line."""

    line: int
    column: int
    rule: str
    severity: Severity
    message: str
    why: str
    question: str


class ReviewAnswer(BaseModel):
    """The score and its parts (0-100), at most three findings, and one thing that is well done.

    `checked_by` tells what correctness rests on, and `note` says it in words: tests of the exercise, a run in the
    sandbox, the parser (nothing could run), or reading alone, when neither could be had.
    """

    quality_score: int
    correctness: int
    style: int
    efficiency: int
    readability: int
    pep8_compliant: bool
    findings: list[FindingView]
    praise: str
    checked_by: CheckedBy
    note: str
