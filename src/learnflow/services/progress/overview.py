"""All modules and topics with a student's mastery, as it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from learnflow.services.progress.course import Course, CourseModule, CourseTopic
from learnflow.services.progress.mastery import (
    Components,
    Level,
    level_of,
    module_mastery,
    shown_percentage,
    topic_mastery,
)
from learnflow.services.progress.scores import ExerciseScore

_NOTHING = Components()


@dataclass(frozen=True, slots=True)
class Tally:
    """Exercises of a topic: how many count, how many of those are passed; all that are passed, and those unaided."""

    core: int = 0
    core_passed: int = 0
    passed: int = 0
    unaided: int = 0
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class TopicStanding:
    """A topic; `mastery` is exact, `shown` the whole percentage, half up."""

    id: str
    title: str
    mastery: float
    components: Components
    started: bool
    tally: Tally = Tally()

    @property
    def shown(self) -> int:
        return shown_percentage(self.mastery)

    @property
    def level(self) -> Level:
        return level_of(self.mastery)


@dataclass(frozen=True, slots=True)
class ModuleStanding:
    """A module: the mean of all its topics."""

    id: str
    title: str
    topics: tuple[TopicStanding, ...]

    @property
    def mastery(self) -> float:
        return module_mastery([topic.mastery for topic in self.topics])

    @property
    def shown(self) -> int:
        return shown_percentage(self.mastery)

    @property
    def level(self) -> Level:
        return level_of(self.mastery)


def overview(
    course: Course,
    stored: Mapping[str, Components],
    consistency: float,
    scores: Mapping[str, Mapping[str, ExerciseScore]] | None = None,
) -> tuple[ModuleStanding, ...]:
    """Every module; `stored` holds the components of the topics that are begun, the others are at nothing yet.

    `consistency` is today's: it moves with time alone, so the stored one is that of the last active day.
    """

    def standing(topic: CourseTopic) -> TopicStanding:
        parts = replace(stored[topic.id], consistency=consistency) if topic.id in stored else _NOTHING
        tally = tally_of(topic, (scores or {}).get(topic.id, {}))
        return TopicStanding(topic.id, topic.title, topic_mastery(parts), parts, topic.id in stored, tally)

    def module_standing(module: CourseModule) -> ModuleStanding:
        return ModuleStanding(module.id, module.title, tuple(map(standing, module.topics)))

    return tuple(map(module_standing, course.modules))


def tally_of(topic: CourseTopic, scores: Mapping[str, ExerciseScore]) -> Tally:
    """The exercises of one topic, counted."""
    return Tally(
        core=len(topic.core),
        core_passed=sum(score.counted for name, score in scores.items() if name in topic.core),
        passed=sum(score.passed for score in scores.values()),
        unaided=sum(score.unaided for score in scores.values()),
        attempts=sum(score.attempts for score in scores.values()),
    )
