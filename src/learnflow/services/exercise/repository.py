"""All SQL of submissions."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from learnflow.contracts.sealed import SealedText
from learnflow.kit.database import Database, Record, Transaction

_ATTEMPTS = 0x4C46_0011
"""The class of our advisory locks (LearnFlow, migration 11); the second key is student and exercise."""

_ADD = """
insert into submissions (submission_id, student_id, exercise_id, topic_id, attempt_no, code, code_hash, rung, aided,
                         helped_by, variant)
values ($1, $2, $3, $4, (select coalesce(max(attempt_no), 0) + 1 from submissions
                         where student_id = $2 and exercise_id = $3), $5, $6, $7, $8, $9, $10)
returning *
"""
_WAITING = """
select * from submissions where student_id = $1 and exercise_id = $2 and code_hash = $3 and graded_at is null
order by attempt_no desc limit 1
"""
_KEEP_GRADE = """
with kept as (
    update submissions set graded_at = now(), score = $2, passed = $3, tests_passed = $4, tests_total = $5,
        error_type = $6, report = $7
    where submission_id = $1 and graded_at is null
    returning submission_id, student_id, exercise_id, submitted_at, passed),
done as (
    update assignments a set done_at = now() from kept k
    where k.passed and a.student_id = k.student_id and a.exercise_id = k.exercise_id
      and a.done_at is null and a.assigned_at <= k.submitted_at)
select submission_id from kept
"""
_STANDING = """
select exercise_id, count(*) as attempts, coalesce(bool_or(passed), false) as passed from submissions
where student_id = $1 and ($2::text[] is null or exercise_id = any($2)) group by exercise_id
"""
_PAGE = """
select * from submissions where student_id = $1 and ($2::text is null or exercise_id = $2)
order by submitted_at desc, submission_id desc limit $3 offset $4
"""


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """What was handed in, sealed; help is what the student had had before."""

    submission_id: UUID
    student_id: UUID
    exercise_id: str
    topic_id: str
    code: SealedText
    code_hash: bytes
    rung: int
    aided: bool
    helped_by: str | None
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """A row; the grade's fields are None while there is no grade."""

    submission_id: UUID
    student_id: UUID
    exercise_id: str
    topic_id: str
    attempt_no: int
    code: SealedText
    rung: int
    aided: bool
    helped_by: str | None
    submitted_at: datetime
    graded_at: datetime | None
    score: float | None
    passed: bool | None
    tests_passed: int | None
    tests_total: int | None
    error_type: str | None
    report: SealedText | None
    smallest: SealedText | None
    variant: str | None


@dataclass(frozen=True, slots=True)
class StoredGrade:
    """A grade on its way into its row."""

    score: float
    passed: bool
    tests_passed: int
    tests_total: int
    error_type: str | None
    report: SealedText


@dataclass(frozen=True, slots=True)
class Standing:
    """How a student stands with an exercise."""

    attempts: int = 0
    passed: bool = False


class Submissions:
    """What students handed in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def receive(self, tx: Transaction, new: NewSubmission) -> tuple[Submission, bool]:
        """Keep it, and True; or the same program that still waits for its grade, and False.

        One at a time for a student and exercise, so that attempts are counted without gap or repeat.
        """
        key = f"{new.student_id} {new.exercise_id}"
        await tx.execute("select pg_advisory_xact_lock($1, hashtext($2))", _ATTEMPTS, key)
        row = await tx.fetchrow(_WAITING, new.student_id, new.exercise_id, new.code_hash)
        if row is not None:
            return _submission(row), False
        (added,) = await tx.fetch(
            _ADD,
            new.submission_id,
            new.student_id,
            new.exercise_id,
            new.topic_id,
            new.code,
            new.code_hash,
            new.rung,
            new.aided,
            new.helped_by,
            new.variant,
        )
        return _submission(added), True

    async def keep_grade(self, tx: Transaction, submission_id: UUID, grade: StoredGrade) -> bool:
        """False when it has one already: somebody else graded the same submission meanwhile.

        What was assigned before the submission is done with a grade that passes.
        """
        kept = await tx.fetchval(
            _KEEP_GRADE,
            submission_id,
            grade.score,
            grade.passed,
            grade.tests_passed,
            grade.tests_total,
            grade.error_type,
            grade.report,
        )
        return kept is not None

    async def keep_smallest(self, tx: Transaction, submission_id: UUID, smallest: SealedText) -> None:
        """What was found for a graded submission; the first finding stays."""
        await tx.execute(
            "update submissions set smallest = $2 where submission_id = $1 and smallest is null",
            submission_id,
            smallest,
        )

    async def find(self, submission_id: UUID) -> Submission | None:
        row = await self._database.fetchrow("select * from submissions where submission_id = $1", submission_id)
        return _submission(row) if row is not None else None

    async def page(self, student_id: UUID, exercise_id: str | None, limit: int, offset: int) -> list[Submission]:
        """A student's submissions, newest first."""
        rows = await self._database.fetch(_PAGE, student_id, exercise_id, limit, offset)
        return [_submission(row) for row in rows]

    async def count(self, student_id: UUID, exercise_id: str | None) -> int:
        count: int = await self._database.fetchval(
            "select count(*) from submissions where student_id = $1 and ($2::text is null or exercise_id = $2)",
            student_id,
            exercise_id,
        )
        return count

    async def standings(self, student_id: UUID, exercise_ids: list[str] | None = None) -> dict[str, Standing]:
        """Attempts and success by exercise, for those that were tried."""
        rows = await self._database.fetch(_STANDING, student_id, exercise_ids)
        return {row["exercise_id"]: Standing(row["attempts"], row["passed"]) for row in rows}


def _submission(row: Record) -> Submission:
    return Submission(**{name: row[name] for name in Submission.__slots__})
