"""A student's lessons in the state store: one value for each lesson, and one list of them.

Every key holds the student's id. A lesson is written before the list names it, so a list never names one that is not
there for long; a change of the list is repeated when somebody else was quicker, so none is lost.
"""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from pydantic import TypeAdapter

from learnflow.contracts.errors import Conflict, NotFound
from learnflow.kit.state import State
from learnflow.services.course_agent.lesson import Lesson, LessonHead

TRIES = 10
PAUSE_S = 0.01
_HEADS = TypeAdapter(list[LessonHead])


@dataclass(frozen=True, slots=True)
class Listed:
    """A student's lessons, the newest first, with the version of the list."""

    heads: list[LessonHead]
    etag: str | None


class Shelf:
    """Keeps up to `most` lessons of each student; the oldest makes room."""

    def __init__(self, state: State, most: int) -> None:
        self._state = state
        self._most = most

    async def add(self, user_id: UUID, lesson: Lesson) -> None:
        """Keep a lesson; under the same id it replaces the one that is there."""
        await self._state.put(_lesson_key(user_id, lesson.head.lesson_id), lesson.model_dump(mode="json"))
        for head in await self._enter(user_id, lesson.head):
            await self._state.delete(_lesson_key(user_id, head.lesson_id))

    async def get(self, user_id: UUID, lesson_id: UUID) -> Lesson:
        """One lesson; NotFound when this student has none of that id."""
        stored = await self._state.get(_lesson_key(user_id, lesson_id))
        if stored is None:
            raise NotFound("There is no such lesson. GET /lessons lists those that there are.")
        return Lesson.model_validate(stored.value)

    async def heads(self, user_id: UUID) -> list[LessonHead]:
        """All lessons of a student, the newest first."""
        return (await self._listed(user_id)).heads

    async def _enter(self, user_id: UUID, head: LessonHead) -> list[LessonHead]:
        """Put it at the top of the list; those that fell out of it."""
        for attempt in range(TRIES):
            listed = await self._listed(user_id)
            others = [each for each in listed.heads if each.lesson_id != head.lesson_id]
            heads = [head, *others]
            value = _HEADS.dump_python(heads[: self._most], mode="json")
            try:
                await self._state.put(_list_key(user_id), value, etag=listed.etag, first_write=listed.etag is None)
            except Conflict:
                await asyncio.sleep(PAUSE_S * attempt)
                continue
            return heads[self._most :]
        raise Conflict("Many lessons are made at once. Send yours again in a moment.")

    async def _listed(self, user_id: UUID) -> Listed:
        stored = await self._state.get(_list_key(user_id))
        if stored is None:
            return Listed([], None)
        return Listed(_HEADS.validate_python(stored.value), stored.etag)


def _lesson_key(user_id: UUID, lesson_id: UUID) -> str:
    return f"lesson:{user_id}:{lesson_id}"


def _list_key(user_id: UUID) -> str:
    return f"lessons:{user_id}"
