"""All exercises: the course's own from the curriculum, imported and generated ones from the table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from learnflow.contracts.errors import NotFound
from learnflow.contracts.events.exercise import Difficulty, Origin
from learnflow.curriculum import Exercise, Task
from learnflow.curriculum.languages import InLanguages
from learnflow.kit.principal import Principal
from learnflow.services.exercise.exercises_repository import Exercises


@dataclass(frozen=True, slots=True)
class Item:
    """An exercise with its place; `core` is true for the course's own core exercises alone."""

    exercise_id: str
    topic_id: str
    origin: Origin
    task: Task
    variant: str | None = None

    @property
    def core(self) -> bool:
        return self.origin == "course" and self.task.level.core

    def as_variant(self, name: str | None) -> "Item":
        """The same exercise in the variant of this name."""
        if name is None or not isinstance(self.task, Exercise):
            return self
        return replace(self, task=self.task.as_variant(name), variant=name)

    def of_student(self, student_id: UUID) -> "Item":
        """In the variant that is this student's own."""
        return self.as_variant(self.task.variant_of(student_id) if isinstance(self.task, Exercise) else None)


def own(principal: Principal, item: Item) -> Item:
    """Students have variants of their own; everybody else sees the exercise as it is written."""
    return item.of_student(principal.user_id) if principal.role == "student" else item


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

    def __init__(self, course: InLanguages[dict[str, Exercise]], exercises: Exercises) -> None:
        self._course = {name: Item(name, task.topic_id, "course", task) for name, task in course.source.items()}
        self._in_languages = course
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

    def told(self, items: Sequence[Item], language: str) -> list[Item]:
        """The same for a reader of this language; what is generated or imported has one language only."""
        course = self._in_languages.at(language)
        return [
            replace(item, task=course[item.exercise_id].as_variant(item.variant))
            if item.exercise_id in course
            else item
            for item in items
        ]

    async def listed(self, wanted: Filter, for_whom: UUID) -> list[Item]:
        """The course's exercises in its order, then imported ones, then those generated for this person."""
        stored = await self._exercises.visible(for_whom, wanted.topic_id)
        items = [*self._course.values(), *(Item(s.exercise_id, s.topic_id, s.origin, s.task) for s in stored)]
        return [item for item in items if wanted.takes(item)]
