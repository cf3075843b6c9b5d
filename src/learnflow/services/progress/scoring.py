"""Mastery from facts: merged into small rows, worked out anew for the topics they touch, told when it moved."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID, uuid4

from learnflow.contracts.errors import Invalid, NotFound
from learnflow.contracts.events import CodeReviewed, ExerciseGraded, MasteryChanged, QuizGraded
from learnflow.contracts.services import PROGRESS
from learnflow.contracts.topics import PROGRESS_EVENTS
from learnflow.kit.bus.base import Bus, Event, new_event
from learnflow.kit.clock import Clock
from learnflow.kit.database import Database, Transaction
from learnflow.kit.tracing import continued
from learnflow.services.progress.course import Course
from learnflow.services.progress.facts import StudentFact
from learnflow.services.progress.mastery import consistency, level_of, module_mastery, topic_mastery
from learnflow.services.progress.repository import ActivityDays
from learnflow.services.progress.scores import ActivityType, ExerciseScore, merged_by_key, of_grade, of_review
from learnflow.services.progress.scoring_repository import Mastered, Place, Scores
from learnflow.services.progress.streaks import CONSISTENCY_WINDOW, days_in_window

SOURCE = f"/learnflow/{PROGRESS.name}"
SCORED = frozenset({ExerciseGraded.event_type, QuizGraded.event_type, CodeReviewed.event_type})
"""Facts that mastery is made of, beside active days."""

Exercises = dict[tuple[UUID, str, str], ExerciseScore]
Quizzes = dict[tuple[UUID, str, str], float]
Known = Mapping[UUID, dict[str, float]]
"""Student -> topic -> mastery."""


class Scorer:
    """Keeps mastery; a student's topics are worked out under that student's lock, so none goes back in time."""

    def __init__(
        self, database: Database, scores: Scores, days: ActivityDays, bus: Bus, clock: Clock, course: Course
    ) -> None:
        self._database = database
        self._scores = scores
        self._days = days
        self._bus = bus
        self._clock = clock
        self._course = course

    async def lock(self, tx: Transaction, user_ids: Collection[UUID]) -> None:
        """Until the commit nobody else works on these students."""
        if user_ids:
            await self._scores.lock(tx, user_ids)

    def students(self, facts: Iterable[StudentFact]) -> set[UUID]:
        """Whose mastery these facts are about."""
        return {one.student_id for one in facts if one.fact.event_type in SCORED}

    async def score(self, tx: Transaction, facts: Sequence[StudentFact], newly_active: Collection[UUID]) -> None:
        """Take facts in; `newly_active` students had no activity on that day before: their consistency moved.

        The caller holds the locks of all whom it concerns.
        """
        exercises, quizzes = self._exercise_scores(facts), self._quiz_scores(facts)
        places = {(user_id, topic_id) for user_id, topic_id, _ in [*exercises, *quizzes]}
        users = {user_id for user_id, _ in places}.union(newly_active)
        if not users:
            return
        await self._merge(tx, exercises, quizzes)
        before = await self._scores.started(tx, users)
        places |= {(user_id, topic_id) for user_id in newly_active for topic_id in before[user_id]}
        moved = await self._work_out(tx, places, before)
        causes = {fact.student_id: fact for fact in facts}
        if moved:
            await self._bus.publish(tx, [self._changed(place, moved[place], before, causes) for place in moved])

    async def _merge(self, tx: Transaction, exercises: Exercises, quizzes: Quizzes) -> None:
        await self._scores.merge_exercises(tx, exercises)
        await self._scores.merge_quizzes(tx, quizzes)

    def _exercise_scores(self, facts: Iterable[StudentFact]) -> Exercises:
        """What grades and reviews say, by student, topic and exercise."""
        found: list[tuple[tuple[UUID, str, str], ExerciseScore]] = []
        for one in facts:
            fact = one.fact
            if not isinstance(fact, ExerciseGraded | CodeReviewed) or fact.exercise_id is None:
                continue
            topic_id = self._course.topic_of(fact.exercise_id, fact.topic_id)
            if topic_id is not None:
                score = of_grade(fact) if isinstance(fact, ExerciseGraded) else of_review(fact, one.time)
                found.append(((one.student_id, topic_id, fact.exercise_id), score))
        return merged_by_key(found)

    def _quiz_scores(self, facts: Iterable[StudentFact]) -> Quizzes:
        best: Quizzes = {}
        for one in facts:
            if isinstance(one.fact, QuizGraded) and one.fact.topic_id in self._course.topics:
                key = (one.student_id, one.fact.topic_id, one.fact.quiz_id)
                best[key] = max(best.get(key, 0.0), one.fact.score)
        return best

    async def _work_out(self, tx: Transaction, places: Iterable[Place], known: Known) -> dict[Place, Mastered]:
        """Store the mastery of these topics; those where it moved from what is `known`, which is brought up to date."""
        wanted = sorted(place for place in places if place[1] in self._course.topics)
        if not wanted:
            return {}
        consistencies = await self._consistencies(tx, sorted({user_id for user_id, _ in wanted}))
        mastered: dict[Place, Mastered] = {}
        for place, scores in (await self._scores.of_topics(tx, wanted)).items():
            if scores.is_started(self._course.exercises):
                topic = self._course.topics[place[1]]
                parts = scores.components(topic, self._course.exercises, consistencies[place[0]])
                mastered[place] = Mastered(topic_mastery(parts), parts)
        await self._scores.store(tx, mastered)
        moved = {place: now for place, now in mastered.items() if known[place[0]].get(place[1], 0.0) != now.mastery}
        for (user_id, topic_id), now in mastered.items():
            known[user_id][topic_id] = now.mastery
        return moved

    async def _consistencies(self, tx: Transaction, user_ids: Sequence[UUID]) -> dict[UUID, float]:
        people = await self._days.people(user_ids)
        now = self._clock()
        days = await self._days.since(tx, user_ids, now.date() - CONSISTENCY_WINDOW)
        return {
            user_id: consistency(days_in_window(days[user_id], person.day_of(now)))
            for user_id, person in people.items()
        }

    def _changed(self, place: Place, now: Mastered, known: Known, causes: Mapping[UUID, StudentFact]) -> Event:
        user_id, topic_id = place
        module, parts, cause = self._course.modules_of_topics[topic_id], now.components, causes.get(user_id)
        fact = MasteryChanged(
            topic_id=topic_id,
            module_id=module.id,
            mastery=now.mastery,
            level=level_of(now.mastery).name,
            exercises=parts.exercises,
            quiz=parts.quiz,
            quality=parts.quality,
            consistency=parts.consistency,
            module_mastery=module_mastery([known[user_id].get(topic.id, 0.0) for topic in module.topics]),
        )
        with continued(cause.traceparent if cause else None, PROGRESS_EVENTS.name):
            correlation_id = cause.correlation_id if cause else uuid4()
            return new_event(fact, source=SOURCE, student_id=user_id, correlation_id=correlation_id)

    async def report(self, user_id: UUID, topic_id: str, activity: ActivityType, score: float) -> Mastered:
        """A service's own score for a topic: it raises its component, and the day is an active one.

        A concept has no component of its own: it counts by the active day alone.
        """
        if topic_id not in self._course.topics:
            raise Invalid("There is no such topic. GET /api/v1/modules lists them.", field="topic_id")
        person = (await self._days.people([user_id])).get(user_id)
        if person is None:
            raise NotFound("There is no student with this id.")
        async with self._database.transaction() as tx:
            now = self._clock()
            newly = await self._days.add(tx, {(user_id, person.day_of(now)): [now]})
            await self._scores.lock(tx, [user_id])
            await self._scores.report(tx, user_id, topic_id, activity, score)
            known = await self._scores.started(tx, [user_id])
            places = {(user_id, topic_id), *((user_id, topic) for topic in (known[user_id] if newly else ()))}
            moved = await self._work_out(tx, places, known)
            if moved:
                await self._bus.publish(tx, [self._changed(place, moved[place], known, {}) for place in moved])
        return Mastered(known[user_id][topic_id], (await self._scores.components_of([user_id]))[user_id][topic_id])

    async def rebuild(self, user_id: UUID, facts: Sequence[StudentFact]) -> None:
        """Make a student's scores and mastery anew from all facts about them; nothing happened, so nothing is told."""
        async with self._database.transaction() as tx:
            await self._scores.lock(tx, [user_id])
            await self._scores.forget(tx, user_id)
            await self._merge(tx, self._exercise_scores(facts), self._quiz_scores(facts))
            await self._work_out(tx, [(user_id, topic_id) for topic_id in self._course.topics], {user_id: {}})
