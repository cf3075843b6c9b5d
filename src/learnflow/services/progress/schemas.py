"""HTTP shapes of progress."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from learnflow.contracts.questions import PlaceId
from learnflow.services.progress.lessons import LessonStatus
from learnflow.services.progress.mastery import Color, LevelName
from learnflow.services.progress.scores import ActivityType


class Runs(BaseModel):
    """Programs run; a failure of the sandbox itself counts on neither side."""

    ok: int
    failed: int


class StreakOfDays(BaseModel):
    """Consecutive active days."""

    current: int
    longest: int


class Parts(BaseModel):
    """The four components of a topic's mastery, 0-100."""

    exercises: float
    quiz: float
    quality: float
    consistency: float


class ExerciseTally(BaseModel):
    """Exercises of a topic: the core ones count into mastery; `unaided` were passed without any help."""

    core: int
    core_passed: int
    passed: int
    unaided: int
    attempts: int


class TopicAnswer(BaseModel):
    """A topic; `mastery` is the whole percentage that is shown, half up, and the level follows from it."""

    id: str
    title: str
    mastery: int
    level: LevelName
    color: Color
    components: Parts
    started: bool
    exercises: ExerciseTally
    misconceptions: list[str] = Field(default=[], description="What wrong answers look like; gone once put right")
    not_passed: list[str] = Field(default=[], description="Exercises that were tried and are not passed")


class ModuleAnswer(BaseModel):
    """A module: the mean of its topics."""

    id: str
    title: str
    mastery: int
    level: LevelName
    color: Color
    topics: list[TopicAnswer]


class Passed(BaseModel):
    """Exercises passed, and how many of them without any help."""

    passed: int
    unaided: int


class ProgressAnswer(BaseModel):
    """How far a student is, from what there is; days are those of the student's time zone."""

    user_id: UUID
    questions_asked: int
    concepts_explained: list[str] = Field(description="Each concept once, the latest first")
    runs: Runs
    hints: dict[int, int] = Field(description="Hints taken by rung (1-4)")
    exercises: Passed
    active_days: int
    active_days_last_30: int
    streak: StreakOfDays
    modules: list[ModuleAnswer]


class Ids(BaseModel):
    """Whose summaries."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"user_ids": ["0c8e8a4e-6a53-4b43-9d0e-0f6f2f0c7a11"]}]}
    )

    user_ids: list[UUID] = Field(min_length=1, max_length=200)


class ModuleSummary(BaseModel):
    """A module in short."""

    id: str
    mastery: int
    level: LevelName


class TopicSummary(ModuleSummary):
    """A topic in short."""

    started: bool


class SummaryAnswer(BaseModel):
    """A student in short; `streak` counts the days that run now."""

    user_id: UUID
    modules: list[ModuleSummary]
    topics: list[TopicSummary]
    last_active: datetime | None
    streak: int


class SummariesAnswer(BaseModel):
    """Students in the order in which they were asked for."""

    items: list[SummaryAnswer]


class Report(BaseModel):
    """A score that a service reports.

    It raises the component of its activity: exercise -> exercises, quiz -> quiz, code_review -> quality. A concept has
    no component: it makes the day an active one, and so counts into consistency.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "user_id": "0c8e8a4e-6a53-4b43-9d0e-0f6f2f0c7a11",
                    "topic_id": "control-flow/for-loops",
                    "activity_type": "quiz",
                    "score": 80,
                }
            ]
        },
    )

    user_id: UUID
    topic_id: PlaceId
    activity_type: ActivityType
    score: float = Field(ge=0, le=100, allow_inf_nan=False)


class ReportAnswer(BaseModel):
    """The topic's mastery after it."""

    user_id: UUID
    topic_id: str
    mastery: int
    level: LevelName
    color: Color
    components: Parts


class LessonProgress(BaseModel):
    """How far a student is in a lesson."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "user_id": "0c8e8a4e-6a53-4b43-9d0e-0f6f2f0c7a11",
                    "lesson_id": "5b1f0a52-7c55-4df0-8f0e-6a3a1f5a9d20",
                    "progress_percentage": 50,
                    "status": "in_progress",
                }
            ]
        },
    )

    user_id: UUID
    lesson_id: UUID
    progress_percentage: float = Field(ge=0, le=100, allow_inf_nan=False)
    status: LessonStatus


class LessonStatusAnswer(LessonProgress):
    """The same, with the time of the last change."""

    updated_at: datetime


class HopAnswer(BaseModel):
    """One fact on a question's way; `offset_ms` counts from the first."""

    time: datetime
    offset_ms: float
    service: str
    type: str
    topic: str
    event_id: UUID


class TraceAnswer(BaseModel):
    """A question's whole way, in order."""

    correlation_id: UUID
    hops: list[HopAnswer]
