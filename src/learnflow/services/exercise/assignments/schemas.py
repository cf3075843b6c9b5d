"""HTTP shapes of assignments and of the best scores that teachers collect."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from learnflow.contracts.events.exercise import Difficulty
from learnflow.contracts.questions import PlaceId

StudentIds = Annotated[list[UUID], Field(min_length=1, max_length=500)]


class Assign(BaseModel):
    """An exercise for students; who has it to do already keeps it, with the new date if there is one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "exercise_id": "control-flow/for-loops/drums",
                    "student_ids": ["3f0c2a52-63a4-4f9a-9c58-0c9f6f3a2b11"],
                    "due_at": "2027-01-31T18:00:00+01:00",
                }
            ]
        },
    )

    exercise_id: PlaceId
    student_ids: StudentIds
    due_at: AwareDatetime | None = None


class AssignmentView(BaseModel):
    """What a student has to do; `done` once it was passed after it was assigned."""

    assignment_id: UUID
    student_id: UUID
    exercise_id: str
    topic_id: str
    title: str
    difficulty: Difficulty
    assigned_by: UUID | None
    assigned_at: datetime
    due_at: datetime | None
    done: bool
    done_at: datetime | None


class Assigned(BaseModel):
    """The assignments as they are now, one for each student; `assigned` says how many of them are new."""

    items: list[AssignmentView]
    total: int
    next: None = None
    assigned: int


class AssignmentPage(BaseModel):
    """A page of a student's assignments: what is to do first, then the newest; `next` is the following offset."""

    items: list[AssignmentView]
    total: int
    next: int | None


class GradesOf(BaseModel):
    """The students whose best scores are wanted."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"student_ids": ["3f0c2a52-63a4-4f9a-9c58-0c9f6f3a2b11"]}]}
    )

    student_ids: StudentIds


class BestGrade(BaseModel):
    """A student's best score on an exercise; success without help stands apart."""

    student_id: UUID
    exercise_id: str
    topic_id: str
    title: str
    best_score: float
    passed: bool
    passed_unaided: bool
    attempts: int


class GradePage(BaseModel):
    """All best scores of these students; there is never a next page."""

    items: list[BestGrade]
    total: int
    next: None = None
