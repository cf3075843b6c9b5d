"""All SQL of mastery: scores by exercise and quiz, components, and the mastery that they make."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from learnflow.kit.database import Database, Record, Transaction
from learnflow.services.progress.mastery import Components
from learnflow.services.progress.scores import ExerciseScore, Review, TopicScores

Place = tuple[UUID, str]
"""A student and a topic."""

_MERGE_EXERCISES = """
    insert into exercise_scores as s
        (user_id, topic_id, exercise_id, attempts, best, passed, unaided, counted, quality, reviewed_at, review_id)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::float8[], $6::boolean[], $7::boolean[],
                         $8::boolean[], $9::float8[], $10::timestamptz[], $11::uuid[])
    on conflict (user_id, topic_id, exercise_id) do update set
        attempts = greatest(s.attempts, excluded.attempts),
        best = greatest(s.best, excluded.best),
        passed = s.passed or excluded.passed,
        unaided = s.unaided or excluded.unaided,
        counted = s.counted or excluded.counted,
        (quality, reviewed_at, review_id) = (
            select * from (values (s.quality, s.reviewed_at, s.review_id),
                                  (excluded.quality, excluded.reviewed_at, excluded.review_id)) r (q, at, id)
            order by at desc nulls last, id desc nulls last limit 1)
"""
_MERGE_QUIZZES = """
    insert into quiz_scores as s (user_id, topic_id, quiz_id, best)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::float8[])
    on conflict (user_id, topic_id, quiz_id) do update set best = greatest(s.best, excluded.best)
"""
_REPORT = """
    insert into reported_scores as s (user_id, topic_id, activity_type, score) values ($1, $2, $3, $4)
    on conflict (user_id, topic_id, activity_type) do update set score = greatest(s.score, excluded.score)
"""
_EXERCISES = """
    select s.* from unnest($1::uuid[], $2::text[]) p (user_id, topic_id)
    join exercise_scores s using (user_id, topic_id)
"""
_QUIZZES = """
    select user_id, topic_id, max(s.best) as best
    from unnest($1::uuid[], $2::text[]) p (user_id, topic_id) join quiz_scores s using (user_id, topic_id)
    group by user_id, topic_id
"""
_REPORTED = """
    select user_id, topic_id, s.activity_type, s.score
    from unnest($1::uuid[], $2::text[]) p (user_id, topic_id) join reported_scores s using (user_id, topic_id)
"""
_STORE = """
    insert into progress as p (user_id, topic_id, mastery)
    select * from unnest($1::uuid[], $2::text[], $3::float8[])
    on conflict (user_id, topic_id) do update set mastery = excluded.mastery, updated_at = now()
    where p.mastery <> excluded.mastery
"""
_STORE_COMPONENTS = """
    insert into progress_components as p (user_id, topic_id, component, score)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::float8[])
    on conflict (user_id, topic_id, component) do update set score = excluded.score, updated_at = now()
    where p.score <> excluded.score
"""
# one key per student; waits in the order of the keys, so that two batches never wait for each other in a circle
_LOCK = """
    select pg_advisory_xact_lock(key) from (
        select distinct hashtextextended('progress ' || id, 0) as key from unnest($1::uuid[]) id order by key) keys
"""
_PARTS = ("exercises", "quiz", "quality", "consistency")


@dataclass(frozen=True, slots=True)
class Mastered:
    """A topic's mastery with the components that it is made of."""

    mastery: float
    components: Components


class Scores:
    """What students have achieved, and the mastery that follows from it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lock(self, tx: Transaction, user_ids: Iterable[UUID]) -> None:
        """Until the commit nobody else works out these students' mastery: topics are read by readers of their own."""
        await tx.execute(_LOCK, list(user_ids))

    async def merge_exercises(self, tx: Transaction, scores: Mapping[tuple[UUID, str, str], ExerciseScore]) -> None:
        """Merge scores by student, topic and exercise into what is stored."""
        rows = [
            (*key, one.attempts, one.best, one.passed, one.unaided, one.counted, *_review_columns(one.review))
            for key, one in sorted(scores.items())
        ]
        if rows:
            await tx.execute(_MERGE_EXERCISES, *map(list, zip(*rows, strict=True)))

    async def merge_quizzes(self, tx: Transaction, best: Mapping[tuple[UUID, str, str], float]) -> None:
        """Keep the better of each quiz, by student, topic and quiz."""
        if best:
            rows = [(*key, score) for key, score in sorted(best.items())]
            await tx.execute(_MERGE_QUIZZES, *map(list, zip(*rows, strict=True)))

    async def report(self, tx: Transaction, user_id: UUID, topic_id: str, activity_type: str, score: float) -> None:
        """Keep the best that a service reported."""
        await tx.execute(_REPORT, user_id, topic_id, activity_type, score)

    async def of_topics(self, tx: Transaction, places: Sequence[Place]) -> dict[Place, TopicScores]:
        """All that mastery of these topics is made of."""
        columns = ([user_id for user_id, _ in places], [topic_id for _, topic_id in places])
        exercises: dict[Place, dict[str, ExerciseScore]] = {place: {} for place in places}
        reported: dict[Place, dict[str, float]] = {place: {} for place in places}
        for row in await tx.fetch(_EXERCISES, *columns):
            exercises[row["user_id"], row["topic_id"]][row["exercise_id"]] = _score(row)
        for row in await tx.fetch(_REPORTED, *columns):
            reported[row["user_id"], row["topic_id"]][row["activity_type"]] = row["score"]
        quizzes = {(row["user_id"], row["topic_id"]): row["best"] for row in await tx.fetch(_QUIZZES, *columns)}
        return {place: TopicScores(exercises[place], quizzes.get(place), reported[place]) for place in places}

    async def exercises_of(self, user_id: UUID) -> dict[str, dict[str, ExerciseScore]]:
        """A student's exercises by topic."""
        result: dict[str, dict[str, ExerciseScore]] = {}
        for row in await self._database.fetch("select * from exercise_scores where user_id = $1", user_id):
            result.setdefault(row["topic_id"], {})[row["exercise_id"]] = _score(row)
        return result

    async def started(self, tx: Transaction, user_ids: Iterable[UUID]) -> dict[UUID, dict[str, float]]:
        """Student -> topic -> stored mastery, of the topics that they have begun."""
        ids = list(user_ids)
        result: dict[UUID, dict[str, float]] = {user_id: {} for user_id in ids}
        query = "select user_id, topic_id, mastery from progress where user_id = any($1::uuid[])"
        for row in await tx.fetch(query, ids):
            result[row["user_id"]][row["topic_id"]] = row["mastery"]
        return result

    async def store(self, tx: Transaction, mastered: Mapping[Place, Mastered]) -> None:
        """Replace mastery and components."""
        if not mastered:
            return
        places = sorted(mastered)
        users, topics = [user_id for user_id, _ in places], [topic_id for _, topic_id in places]
        await tx.execute(_STORE, users, topics, [mastered[place].mastery for place in places])
        parts = [(*place, part, getattr(mastered[place].components, part)) for place in places for part in _PARTS]
        await tx.execute(_STORE_COMPONENTS, *map(list, zip(*parts, strict=True)))

    async def components_of(self, user_ids: Sequence[UUID]) -> dict[UUID, dict[str, Components]]:
        """Student -> topic -> stored components; the consistency among them is that of the last active day."""
        parts: dict[Place, dict[str, float]] = {}
        query = "select user_id, topic_id, component, score from progress_components where user_id = any($1::uuid[])"
        for row in await self._database.fetch(query, list(user_ids)):
            parts.setdefault((row["user_id"], row["topic_id"]), {})[row["component"]] = row["score"]
        result: dict[UUID, dict[str, Components]] = {user_id: {} for user_id in user_ids}
        for (user_id, topic_id), scores in parts.items():
            result[user_id][topic_id] = Components(**scores)
        return result

    async def forget(self, tx: Transaction, user_id: UUID) -> None:
        """Drop what facts have made of a student's scores, to make it anew; reports and active days stay."""
        for table in ("exercise_scores", "quiz_scores", "progress_components", "progress"):
            await tx.execute(f"delete from {table} where user_id = $1", user_id)  # noqa: S608 - names of our own


def _review_columns(review: Review | None) -> tuple[object, object, object]:
    return (review.quality, review.at, review.review_id) if review else (None, None, None)


def _score(row: Record) -> ExerciseScore:
    review = Review(row["reviewed_at"], row["review_id"], row["quality"]) if row["review_id"] else None
    return ExerciseScore(row["attempts"], row["best"], row["passed"], row["unaided"], row["counted"], review)
