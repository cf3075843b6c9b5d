"""HTTP shapes of the teacher's routes."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from learnflow.contracts.events.exercise import Difficulty
from learnflow.contracts.questions import PlaceId
from learnflow.contracts.text import Text


class ClassStudent(BaseModel):
    """A student of the class; `started` is false for who has done nothing yet, null while that is not known."""

    model_config = ConfigDict(from_attributes=True)

    student_id: UUID
    name: str
    joined_at: datetime
    started: bool | None
    progress: dict[str, Any] | None = Field(description="modules, topics, last_active and streak; null: not known now")


class InvitedStudent(BaseModel):
    """One of the roster who has not joined; the invitation is taken back by its id."""

    model_config = ConfigDict(from_attributes=True)

    invitation_id: UUID
    name: str
    email: str
    invited_at: datetime


class ClassStudents(BaseModel):
    """A page of a class's students in the order in which they joined."""

    items: list[ClassStudent]
    total: int
    next: str | None
    invited: list[InvitedStudent]
    missing: list[str] = Field(description="What could not be had just now: progress, or nothing")


class StudentPage(BaseModel):
    """One student; a part that could not be had just now is null and stands in `missing`."""

    student_id: UUID
    name: str
    progress: dict[str, Any] | None
    attempts: dict[str, Any] | None = Field(description="The latest submissions with their programs")
    assignments: dict[str, Any] | None
    alerts: dict[str, Any] | None
    missing: list[str]


class GradedExercise(BaseModel):
    """An exercise that somebody of the class has handed in."""

    model_config = ConfigDict(from_attributes=True)

    exercise_id: str
    topic_id: str
    title: str


class Grade(BaseModel):
    """A student's best on one exercise."""

    model_config = ConfigDict(from_attributes=True)

    best_score: float
    passed: bool
    passed_unaided: bool
    attempts: int


class StudentGrades(BaseModel):
    """A student's best scores by exercise; what they have not tried is not there."""

    student_id: UUID
    name: str
    passed: int
    passed_unaided: int
    grades: dict[str, Grade]


class ClassGrades(BaseModel):
    """A class's best scores; there is never a next page."""

    exercises: list[GradedExercise]
    items: list[StudentGrades]
    total: int
    next: None = None


class AssignExercise(BaseModel):
    """An exercise for students of your own."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "exercise_id": "control-flow/for-loops/drums",
                    "student_ids": ["3f0c2a52-63a4-4f9a-9c58-0c9f6f3a2b11"],
                }
            ]
        },
    )

    exercise_id: PlaceId
    student_ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]
    due_at: AwareDatetime | None = None


class WishForExercises(BaseModel):
    """New exercises, in words, or by topic, difficulty and count."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"request": "create easy exercises on list comprehensions"},
                {"topic": "control-flow/for-loops", "difficulty": "easy", "count": 2},
            ]
        },
    )

    request: Annotated[Text, Field(min_length=1, max_length=500)] | None = None
    topic: Annotated[Text, Field(min_length=2, max_length=200)] | None = None
    difficulty: Difficulty | None = None
    count: int | None = Field(default=None, ge=1, le=5)
    mastery_level: int | None = Field(default=None, ge=0, le=100)

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "WishForExercises":
        if (self.request is None) == (self.topic is None):
            raise ValueError("send either request, in words, or topic")
        if self.request is not None and (self.difficulty is not None or self.count is not None):
            raise ValueError("say the difficulty and how many in the request itself")
        return self
