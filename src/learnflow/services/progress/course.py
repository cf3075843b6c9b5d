"""What progress has to know of the course: its modules and topics, and which exercises count."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from learnflow.curriculum import Catalogue


@dataclass(frozen=True, slots=True)
class CourseTopic:
    """A topic; `core` are the ids of the exercises that its completion counts."""

    id: str
    title: str
    core: frozenset[str]


@dataclass(frozen=True, slots=True)
class CourseModule:
    """A module with its topics in order."""

    id: str
    title: str
    topics: tuple[CourseTopic, ...]


@dataclass(frozen=True)
class Course:
    """The whole course; `exercises` are the ids of all that it has, core or not."""

    modules: tuple[CourseModule, ...]
    exercises: frozenset[str] = frozenset()

    @cached_property
    def topics(self) -> Mapping[str, CourseTopic]:
        """Topic by id, in the order of the course."""
        return {topic.id: topic for module in self.modules for topic in module.topics}

    @cached_property
    def modules_of_topics(self) -> Mapping[str, CourseModule]:
        """Topic id -> its module."""
        return {topic.id: module for module in self.modules for topic in module.topics}

    def topic_of(self, exercise_id: str | None, topic_id: str | None) -> str | None:
        """The topic of a fact: that of its exercise (`module/topic/name`), else the one that it names, if there is one.

        The exercise comes first, so that all facts about one exercise count in the same topic.
        """
        own = "/".join((exercise_id or "").split("/")[:2])
        return next((name for name in (own, topic_id) if name in self.topics), None)


def course_of(catalogue: Catalogue, exercises: Iterable[tuple[str, str, bool]]) -> Course:
    """The course from its catalogue and its exercises: id, topic, does it count."""
    listed = list(exercises)
    core: dict[str, set[str]] = {}
    for exercise_id, topic_id, counts in listed:
        if counts:
            core.setdefault(topic_id, set()).add(exercise_id)
    modules = tuple(
        CourseModule(
            module.id,
            module.title,
            tuple(CourseTopic(t.id, t.title, frozenset(core.get(t.id, ()))) for t in module.topics),
        )
        for module in catalogue.modules
    )
    return Course(modules, frozenset(exercise_id for exercise_id, _, _ in listed))
