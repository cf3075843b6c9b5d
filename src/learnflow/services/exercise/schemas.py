"""HTTP shapes of exercises, submissions and their grades."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from learnflow.contracts.events.exercise import Difficulty, Origin
from learnflow.contracts.questions import Code, PlaceId
from learnflow.curriculum.exercises import Kind

HelpedBy = Annotated[str, Field(pattern=r"^[a-z-]{1,40}$")]
"""The name of an agent."""


class ExerciseSummary(BaseModel):
    """An exercise in a list; `passed` and `attempts` are the caller's own."""

    exercise_id: str
    topic_id: str
    title: str
    language: str = Field(description="the language that its texts are in")
    kind: Kind
    difficulty: Difficulty
    core: bool
    origin: Origin
    skills: list[str]
    passed: bool
    attempts: int


class ExercisePage(BaseModel):
    """A page of exercises in the order of the course; `next` is the offset of the following page."""

    items: list[ExerciseSummary]
    total: int
    next: int | None


class PublicTest(BaseModel):
    """A test that students see; `text` is all of it in words. `part` is the part of a project that it judges."""

    number: int
    part: str | None = None
    call: str | None = None
    stdin: str | None = None
    expected: str
    text: str


class ExerciseView(ExerciseSummary):
    """An exercise as a student sees it.

    `program` is what a predict exercise wants to be read, `lines` are those that a parsons exercise wants in order.
    The reference is there once the exercise is passed.
    """

    statement: str
    starter: str
    preamble: str
    program: str
    lines: list[str]
    tests: list[PublicTest]
    hidden_tests: int
    require: list[str]
    forbid: list[str]
    reference: str | None = None
    variant: str | None = Field(default=None, description="the variant that this is; null where there is one form only")


class SubmitRequest(BaseModel):
    """What is handed in: a program, the predicted output, or the lines in order. The gateway says what help was had."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"exercise_id": "control-flow/for-loops/drums", "code": "beats = int(input())\n"}]
        },
    )

    exercise_id: PlaceId
    code: Code
    rung: int = Field(default=0, ge=0, le=4)
    aided: bool = False
    helped_by: HelpedBy | None = None


class CheckRequest(BaseModel):
    """A program to be graded without a record."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"exercise_id": "control-flow/for-loops/drums", "code": "beats = int(input())\n"}]
        },
    )

    exercise_id: PlaceId
    code: Code
    user_id: UUID | None = Field(default=None, description="whose program it is: their variant judges it")


class TestView(BaseModel):
    """One test of a grade; of a hidden one only whether it passed."""

    __test__ = False  # for pytest: this is no class of tests

    number: int
    part: str | None = None
    hidden: bool
    passed: bool
    message: str
    call: str | None = None
    stdin: str | None = None
    expected: str | None = None
    got: str | None = None


class ErrorView(BaseModel):
    """Why the program stopped or could not be read; the line is one of its own."""

    type: str
    message: str
    line: int | None = None


class GradeView(BaseModel):
    """A grade: `score` is the share of the tests that passed, 0-100."""

    exercise_id: str
    score: float
    passed: bool
    tests_passed: int
    tests_total: int
    hidden_passed: int
    hidden_total: int
    tests: list[TestView]
    error: ErrorView | None = None
    first_failing: TestView | None = None


class GradedView(GradeView):
    """The grade of a submission."""

    submission_id: UUID
    attempt_no: int
    submitted_at: datetime


class SmallestFailing(BaseModel):
    """The smallest input found that goes wrong, made of a test that students see; `text` is all of it in words."""

    call: str | None = None
    stdin: str | None = None
    expected: str
    got: str | None = None
    message: str
    text: str


class SubmissionView(BaseModel):
    """A submission with its program; `received` has no grade yet: the same program sent again gets it."""

    submission_id: UUID
    exercise_id: str
    topic_id: str
    attempt_no: int
    status: Literal["received", "graded"]
    code: str
    submitted_at: datetime
    graded_at: datetime | None
    rung: int
    aided: bool
    helped_by: str | None
    variant: str | None = None
    grade: GradeView | None
    smallest_failing: SmallestFailing | None = None


class SubmissionRow(BaseModel):
    """A submission in a list; its program only when it was asked for."""

    submission_id: UUID
    exercise_id: str
    topic_id: str
    attempt_no: int
    status: Literal["received", "graded"]
    submitted_at: datetime
    score: float | None
    passed: bool | None
    error_type: str | None
    rung: int
    aided: bool
    variant: str | None = None
    code: str | None = None


class SubmissionPage(BaseModel):
    """A page of a student's submissions, newest first; `next` is the offset of the following page."""

    items: list[SubmissionRow]
    total: int
    next: int | None
