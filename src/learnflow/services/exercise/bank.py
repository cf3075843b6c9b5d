"""All exercises: the course's own from the curriculum, imported and generated ones from the table."""

from dataclasses import dataclass
from uuid import UUID

from learnflow.contracts.errors import NotFound
from learnflow.contracts.events.exercise import Difficulty, Origin
from learnflow.curriculum import Exercise, Task
from learnflow.services.exercise.exercises_repository import Exercises


@dataclass(frozen=True, slots=True)
class Item:
    """An exercise with its place; `core` is true for the course's own core exercises alone."""

    exercise_id: str
    topic_id: str
    origin: Origin
    task: Task

    @property
    def core(self) -> bool:
        return self.origin == "course" and self.task.level.core


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed down to."""

    topic_id: str | None = None
    difficulty: Difficulty | None = None
    skill: str | None = None

    def takes(self, item: Item) -> bool:
        level = item.task.level
        return (
            self.topic_id in {None, item.topic_id}
            and self.difficulty in {None, level.difficulty}
            and (self.skill is None or self.skill in level.skills)
        )


class Bank:
    """Finds and lists exercises."""

    def __init__(self, course: dict[str, Exercise], exercises: Exercises) -> None:
        self._course = {name: Item(name, task.topic_id, "course", task) for name, task in course.items()}
        self._exercises = exercises

    async def find(self, exercise_id: str) -> Item:
        """The exercise; NotFound when there is none of this id."""
        item = self._course.get(exercise_id)
        if item is not None:
            return item
        stored = await self._exercises.find(exercise_id)
        if stored is None:
            raise NotFound("There is no such exercise. GET /exercises lists those that there are.")
        return Item(stored.exercise_id, stored.topic_id, stored.origin, stored.task)

    async def listed(self, wanted: Filter, for_whom: UUID) -> list[Item]:
        """The course's exercises in its order, then imported ones, then those generated for this person."""
        stored = await self._exercises.visible(for_whom, wanted.topic_id)
        items = [*self._course.values(), *(Item(s.exercise_id, s.topic_id, s.origin, s.task) for s in stored)]
        return [item for item in items if wanted.takes(item)]
