"""All SQL of the tables of quizzes and attempts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from learnflow.kit.database import Database, Record, Transaction

_KEEP = """
insert into quizzes (quiz_id, user_id, topic_id, seed, question_ids, content) values ($1, $2, $3, $4, $5, $6)
on conflict (user_id, topic_id) where answered_at is null do nothing
"""
_LATEST_QUESTIONS = """
select question_ids from quizzes where user_id = $1 and topic_id = $2 and answered_at is not null
order by answered_at desc limit 1
"""
_CLOSE = "update quizzes set answered_at = now() where quiz_id = $1 and answered_at is null returning quiz_id"
_ADD = """
insert into attempts (attempt_id, quiz_id, user_id, topic_id, answers, score, right_count, question_count,
    answered_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_PAGE = """
select * from attempts where user_id = $1 and ($2::text is null or topic_id = $2)
order by answered_at desc, attempt_id desc limit $3 offset $4
"""


@dataclass(frozen=True, slots=True)
class DrawnQuiz:
    """A row: the questions that one person was given."""

    quiz_id: UUID
    user_id: UUID
    topic_id: str
    seed: int
    question_ids: tuple[str, ...]
    content: str
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A row: the answers to one quiz and what they are worth."""

    attempt_id: UUID
    quiz_id: UUID
    user_id: UUID
    topic_id: str
    answers: Mapping[str, Sequence[str]]
    score: float
    right_count: int
    question_count: int
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands with a topic's quiz."""

    attempts: int
    best_score: float | None


class Quizzes:
    """The quizzes that were drawn, and the attempts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, quiz_id: UUID) -> DrawnQuiz | None:
        row = await self._database.fetchrow("select * from quizzes where quiz_id = $1", quiz_id)
        return _drawn(row) if row is not None else None

    async def find_open(self, user_id: UUID, topic_id: str) -> DrawnQuiz | None:
        """The one that waits for answers; there is one at most."""
        row = await self._database.fetchrow(
            "select * from quizzes where user_id = $1 and topic_id = $2 and answered_at is null", user_id, topic_id
        )
        return _drawn(row) if row is not None else None

    async def latest_questions(self, user_id: UUID, topic_id: str) -> list[str]:
        """The questions that this person answered last."""
        return list(await self._database.fetchval(_LATEST_QUESTIONS, user_id, topic_id) or ())

    async def keep(self, quiz: DrawnQuiz) -> None:
        """Keep it, unless another one is open already."""
        await self._database.execute(
            _KEEP, quiz.quiz_id, quiz.user_id, quiz.topic_id, quiz.seed, list(quiz.question_ids), quiz.content
        )

    async def drop_open(self, quiz_id: UUID) -> None:
        """Forget one that nobody answered."""
        await self._database.execute("delete from quizzes where quiz_id = $1 and answered_at is null", quiz_id)

    async def close(self, tx: Transaction, quiz_id: UUID) -> bool:
        """False when it has been answered already."""
        return await tx.fetchval(_CLOSE, quiz_id) is not None

    async def add(self, tx: Transaction, attempt: Attempt) -> None:
        await tx.execute(
            _ADD,
            attempt.attempt_id,
            attempt.quiz_id,
            attempt.user_id,
            attempt.topic_id,
            attempt.answers,
            attempt.score,
            attempt.right_count,
            attempt.question_count,
            attempt.answered_at,
        )

    async def standing(self, user_id: UUID, topic_id: str) -> Standing:
        rows = await self._database.fetch(
            "select count(*) as attempts, max(score) as best from attempts where user_id = $1 and topic_id = $2",
            user_id,
            topic_id,
        )
        return Standing(rows[0]["attempts"], rows[0]["best"])

    async def page(self, user_id: UUID, topic_id: str | None, limit: int, offset: int) -> list[Attempt]:
        """Attempts, newest first."""
        rows = await self._database.fetch(_PAGE, user_id, topic_id, limit, offset)
        return [Attempt(**{name: row[name] for name in Attempt.__slots__}) for row in rows]

    async def count(self, user_id: UUID, topic_id: str | None) -> int:
        count: int = await self._database.fetchval(
            "select count(*) from attempts where user_id = $1 and ($2::text is null or topic_id = $2)",
            user_id,
            topic_id,
        )
        return count


def _drawn(row: Record) -> DrawnQuiz:
    return DrawnQuiz(
        row["quiz_id"],
        row["user_id"],
        row["topic_id"],
        row["seed"],
        tuple(row["question_ids"]),
        row["content"],
        row["answered_at"],
    )
