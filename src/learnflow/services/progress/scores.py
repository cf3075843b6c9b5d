"""What a student has achieved in a topic, merged from facts: neither their order nor a repeated one changes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeVar
from uuid import UUID

from learnflow.contracts.events import CodeReviewed, ExerciseGraded
from learnflow.services.progress.course import CourseTopic
from learnflow.services.progress.mastery import Components, completion

ActivityType = Literal["exercise", "quiz", "code_review", "concept"]


@dataclass(frozen=True, slots=True, order=True)
class Review:
    """The review of an exercise's program; of two the later one counts, of the same moment the larger id."""

    at: datetime
    review_id: UUID
    quality: float


@dataclass(frozen=True, slots=True)
class ExerciseScore:
    """How a student stands in one exercise.

    `unaided`: passed at least once without help; `counted`: passed as an exercise of the course.
    """

    attempts: int = 0
    best: float = 0.0
    passed: bool = False
    unaided: bool = False
    counted: bool = False
    review: Review | None = None

    def merged(self, other: "ExerciseScore") -> "ExerciseScore":
        """What both say together; commutative, associative, and the same when it is done twice."""
        reviews = [review for review in (self.review, other.review) if review]
        return ExerciseScore(
            max(self.attempts, other.attempts),
            max(self.best, other.best),
            self.passed or other.passed,
            self.unaided or other.unaided,
            self.counted or other.counted,
            max(reviews, default=None),
        )


def of_grade(graded: ExerciseGraded) -> ExerciseScore:
    """What one grade says."""
    return ExerciseScore(
        attempts=graded.attempt_no,
        best=graded.score,
        passed=graded.passed,
        unaided=graded.passed and not graded.aided and graded.rung == 0,
        counted=graded.passed and graded.origin == "course",
    )


def of_review(reviewed: CodeReviewed, at: datetime) -> ExerciseScore:
    """What one review says."""
    return ExerciseScore(review=Review(at, reviewed.review_id, reviewed.quality_score))


@dataclass(frozen=True, slots=True)
class TopicScores:
    """All that mastery of a topic is made of; `quiz` is the best attempt, `reported` what services reported."""

    exercises: Mapping[str, ExerciseScore] = field(default_factory=dict)
    quiz: float | None = None
    reported: Mapping[str, float] = field(default_factory=dict)

    def is_started(self, course_exercises: frozenset[str]) -> bool:
        """Is there an attempt, a quiz, a review that counts, or a report? Else the topic is at nothing yet."""
        attempted = any(score.attempts for score in self.exercises.values())
        return attempted or self.quiz is not None or bool(self.reported) or bool(self._qualities(course_exercises))

    def components(self, topic: CourseTopic, course_exercises: frozenset[str], consistency: float) -> Components:
        """The four components; one that a service reported higher counts as reported."""
        passed = sum(self.exercises[name].counted for name in topic.core if name in self.exercises)
        qualities = self._qualities(course_exercises)
        return Components(
            exercises=self._raised("exercise", completion(passed, len(topic.core))),
            quiz=self._raised("quiz", self.quiz or 0.0),
            quality=self._raised("code_review", sum(qualities) / len(qualities) if qualities else 0.0),
            consistency=consistency,
        )

    def _raised(self, activity: ActivityType, score: float) -> float:
        return max(score, self.reported.get(activity, 0.0))

    def _qualities(self, course_exercises: frozenset[str]) -> list[float]:
        """Reviews of exercises that exist: one that nobody ever attempted may be a name that a student made up."""
        return [
            score.review.quality
            for name, score in self.exercises.items()
            if score.review and (score.attempts or name in course_exercises)
        ]


Key = TypeVar("Key")


def merged_by_key(scores: Iterable[tuple[Key, ExerciseScore]]) -> dict[Key, ExerciseScore]:
    """One score for each key."""
    result: dict[Key, ExerciseScore] = {}
    for key, score in scores:
        result[key] = result[key].merged(score) if key in result else score
    return result
