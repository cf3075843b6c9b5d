"""HTTP shapes of the course agent."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from learnflow.contracts.questions import PlaceId
from learnflow.services.course_agent.lesson import Lesson, LessonHead, LessonType, Step
from learnflow.services.course_agent.next_step import Action, NextStep
from learnflow.services.course_agent.standing import Difficulty


class LessonRequest(BaseModel):
    """For whom, of which module, and if they like of which topic; without a level it is the student's own."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "course_id": "control-flow",
                    "user_id": "7b0a6c1e-3f3e-4b71-9d6c-0d1b2a3c4d5e",
                    "topic_id": "control-flow/for-loops",
                    "lesson_type": "topic",
                }
            ]
        },
    )

    course_id: PlaceId = Field(description="The module")
    user_id: UUID
    topic_id: PlaceId | None = Field(default=None, description="Default: the next topic of the module")
    lesson_type: LessonType = "topic"
    difficulty_level: Difficulty | None = Field(default=None, description="Default: by the student's mastery")


class LessonAnswer(LessonHead):
    """A lesson with its steps; `content` is the same as one Markdown text."""

    content: str
    steps: list[Step]


class LessonPage(BaseModel):
    """A page of lessons, the newest first; `next` is the offset of the next page, or null."""

    items: list[LessonHead]
    total: int
    next: int | None


class NextStepAnswer(BaseModel):
    """The topic to go on with and why; `action` says what to do in it."""

    user_id: UUID
    module_id: str
    topic_id: str
    title: str
    mastery: int
    action: Action
    reason: str


def lesson_view(lesson: Lesson) -> LessonAnswer:
    """A lesson as it is sent."""
    return LessonAnswer(**lesson.head.model_dump(), content=lesson.content, steps=list(lesson.steps))


def page_of(heads: list[LessonHead], limit: int, offset: int) -> LessonPage:
    """One page of a list."""
    following = offset + limit
    return LessonPage(
        items=heads[offset:following], total=len(heads), next=following if following < len(heads) else None
    )


def next_step_view(user_id: UUID, step: NextStep) -> NextStepAnswer:
    """A recommendation as it is sent."""
    return NextStepAnswer(
        user_id=user_id,
        module_id=step.topic.module_id,
        topic_id=step.topic.id,
        title=step.topic.title,
        mastery=step.mastery,
        action=step.action,
        reason=step.reason,
    )
