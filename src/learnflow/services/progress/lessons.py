"""How far students are in their lessons; kept in the state store, one value per student and lesson."""

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from learnflow.contracts.errors import Conflict, NotFound
from learnflow.contracts.events import LessonGenerated, StudentActive
from learnflow.kit.clock import Clock
from learnflow.kit.database import Transaction
from learnflow.kit.state import State, Stored
from learnflow.kit.work import Finish, WorkItem

LessonStatus = Literal["not_started", "in_progress", "completed"]
TRIES = 5


@dataclass(frozen=True, slots=True)
class Lesson:
    """A student's progress in a lesson; `steps` is how many it has, if that was said, `done` which are done."""

    progress_percentage: float = 0.0
    status: LessonStatus = "not_started"
    updated_at: datetime | None = None
    steps: int | None = None
    done: tuple[int, ...] = ()


def after_step(lesson: Lesson, step: int | None) -> Lesson:
    """The lesson with one more step done: each counts once, in any order, and progress never falls by it."""
    done: Collection[int] = {*lesson.done, *([] if step is None else [step])}
    reached = min(100.0, 100 * len(done) / lesson.steps) if lesson.steps else 0.0
    percentage = max(lesson.progress_percentage, reached)
    return replace(
        lesson,
        progress_percentage=percentage,
        status="completed" if percentage >= 100 else "in_progress",
        done=tuple(sorted(done)),
    )


class Lessons:
    """Lesson progress; the last writer is right, and a lesson that was just made begins at 0 %."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    async def status(self, user_id: UUID, lesson_id: UUID) -> Lesson:
        """How far a student is; NotFound for a lesson of which nothing is known."""
        stored = await self._state.get(_key(user_id, lesson_id))
        if stored is None:
            raise NotFound("There is no progress in this lesson yet. Open the lesson first.")
        return _lesson(stored)

    async def update(self, user_id: UUID, lesson_id: UUID, percentage: float, status: LessonStatus) -> Lesson:
        """Set percentage and status."""
        return await self._change(
            user_id, lesson_id, lambda lesson: replace(lesson, progress_percentage=percentage, status=status)
        )

    async def follow(self, item: WorkItem) -> Finish:
        """What became known of a lesson: it was made, or a step of it is done. Twice is the same as once."""
        student_id, fact = UUID(item.event.subject), item.event.data
        if isinstance(fact, LessonGenerated):
            await self.begin(student_id, fact.lesson_id, fact.steps)
        elif isinstance(fact, StudentActive) and fact.lesson_id is not None:
            await self.step_done(student_id, fact.lesson_id, fact.step)
        return _nothing_more

    async def begin(self, user_id: UUID, lesson_id: UUID, steps: int | None) -> None:
        """A lesson was made: it begins at 0 %, unless the student was quicker than the news."""
        await self._change(
            user_id,
            lesson_id,
            lambda lesson: (
                after_step(replace(lesson, steps=steps), None) if lesson.done else replace(lesson, steps=steps)
            ),
        )

    async def step_done(self, user_id: UUID, lesson_id: UUID, step: int | None) -> None:
        """A step is done."""
        await self._change(user_id, lesson_id, lambda lesson: after_step(lesson, step))

    async def _change(self, user_id: UUID, lesson_id: UUID, change: "Change") -> Lesson:
        key = _key(user_id, lesson_id)
        for _ in range(TRIES):
            stored = await self._state.get(key)
            lesson = replace(change(_lesson(stored)), updated_at=self._clock())
            value = asdict(lesson)
            try:
                await self._state.put(key, value, etag=stored.etag if stored else None, first_write=stored is None)
            except Conflict:
                continue
            return lesson
        raise Conflict("Many changes of this lesson come at once. Send yours again in a moment.")


Change = Callable[[Lesson], Lesson]


async def _nothing_more(_tx: Transaction) -> None:
    """The state store has it already."""


def _key(user_id: UUID, lesson_id: UUID) -> str:
    return f"lesson:{user_id}:{lesson_id}"


def _lesson(stored: Stored | None) -> Lesson:
    if stored is None:
        return Lesson()
    value = dict(stored.value)
    return Lesson(**{**value, "updated_at": datetime.fromisoformat(value["updated_at"]), "done": tuple(value["done"])})
