"""A lesson: its steps, and how it looks as one Markdown text."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from learnflow.curriculum.translations import SOURCE_LANGUAGE
from learnflow.services.course_agent.standing import Difficulty

LessonType = Literal["topic", "overview", "review"]
"""topic: one topic from its beginning; overview: what a module is about; review: questions alone."""
StepKind = Literal[
    "before", "recall", "idea", "example", "predict", "try", "mistake", "check", "exercise", "quiz", "recap"
]
"""before: something that has to be known first and is not; recall: something that is known, in short;
predict: guess what a program prints; try: change a program until it prints what it should."""


class _Kept(BaseModel):
    # read by a release that may be older than the one that wrote
    model_config = ConfigDict(frozen=True, extra="ignore")


class AnswerOption(_Kept):
    """One answer to a check; a wrong one names the belief behind it, `why` says what is so about it."""

    answer: str
    right: bool
    misconception: str | None = None
    why: str | None = None


class Step(_Kept):
    """One step; `text` is Markdown. A check grades itself by `options`, or by `eval` with the answer in `{answer}`.

    A mistake that this student made names its `misconception`; it comes before the lesson's own.
    What is to be tried begins with `code`, reads `stdin` and is done when it prints `output`.
    """

    kind: StepKind
    title: str
    text: str
    topic_id: str
    card_id: str | None = None
    exercise_id: str | None = None
    quiz_id: str | None = None
    options: tuple[AnswerOption, ...] = ()
    eval: str | None = None
    code: str | None = None
    stdin: str = ""
    output: str | None = None
    misconception: str | None = None


class LessonHead(_Kept):
    """What a list shows of a lesson."""

    lesson_id: UUID
    title: str
    course_id: str
    topic_id: str
    lesson_type: LessonType
    difficulty_level: Difficulty
    step_count: int
    language: str = SOURCE_LANGUAGE
    created_at: datetime


class Lesson(_Kept):
    """A lesson as it is kept."""

    head: LessonHead
    steps: tuple[Step, ...]

    @property
    def content(self) -> str:
        """The whole lesson as Markdown."""
        parts = [f"# {self.head.title}"]
        parts += [f"## {number}. {step.title}\n\n{step.text}" for number, step in enumerate(self.steps, start=1)]
        return "\n\n".join(parts)
