"""The exercise agent's use cases: show exercises, take what is handed in, grade it, and look back."""

from typing import Any
from uuid import UUID, uuid4

import structlog

from learnflow.contracts.error_types import public_name
from learnflow.contracts.errors import NotFound, TooMany, Unavailable
from learnflow.contracts.events import CodeSubmitted, ExerciseGraded, ExerciseSubmitted, Fact
from learnflow.contracts.services import EXERCISE
from learnflow.curriculum.exercises import PROGRAMS
from learnflow.kit.bus.base import Bus, new_event
from learnflow.kit.database import Database, Transaction
from learnflow.kit.limits import take
from learnflow.kit.principal import Principal
from learnflow.kit.readers import language_of
from learnflow.kit.sealed import Vault
from learnflow.kit.students import see_student
from learnflow.kit.turns import Turns
from learnflow.services.exercise import views
from learnflow.services.exercise.bank import Bank, Filter, Item, own
from learnflow.services.exercise.beliefs import of_program
from learnflow.services.exercise.grading.grader import Grader
from learnflow.services.exercise.grading.smallest import Smallest
from learnflow.services.exercise.grading.verdict import Grade, Verdict
from learnflow.services.exercise.reports import read_report, read_verdict, write_report, write_verdict
from learnflow.services.exercise.repository import NewSubmission, Standing, StoredGrade, Submission, Submissions
from learnflow.services.exercise.schemas import (
    ExercisePage,
    ExerciseView,
    GradedView,
    GradeView,
    SmallestFailing,
    SubmissionPage,
    SubmissionView,
    SubmitRequest,
)

log = structlog.get_logger()

SOURCE = f"/learnflow/{EXERCISE.name}"
SEARCHES = 6
"""A minute and student: each may keep the sandbox busy for three seconds, and grades of others wait behind it."""
CHECKS_AT_ONCE, CHECKS_WAITING, CHECK_WAIT_S = 2, 64, 2.0
"""Grades without a record; who asks for one does not wait longer."""


class ExerciseDesk:
    """Serves exercises and grades what is handed in; a submission is kept before anything else happens to it."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        vault: Vault,
        bank: Bank,
        submissions: Submissions,
        grader: Grader,
        smallest: Smallest,
        turns: Turns,
    ) -> None:
        self._database = database
        self._bus = bus
        self._vault = vault
        self._bank = bank
        self._submissions = submissions
        self._grader = grader
        self._smallest = smallest
        self._turns = turns
        self._checks = Turns(at_once=CHECKS_AT_ONCE, each=CHECKS_AT_ONCE, most=CHECKS_WAITING)
        # a program may take all its time in each of these runs: no check waits for them
        self._searches = Turns(at_once=CHECKS_AT_ONCE, most=CHECKS_WAITING)

    async def list_exercises(self, principal: Principal, wanted: Filter, limit: int, offset: int) -> ExercisePage:
        """A page of exercises, each with how the caller stands with it."""
        items = await self._bank.listed(wanted, principal.user_id)
        language = await self._reads(principal.user_id)
        mine = [own(principal, item) for item in items[offset : offset + limit]]
        shown, following = self._bank.told(mine, language), offset + limit
        standings = await self._submissions.standings(principal.user_id, [item.exercise_id for item in shown])
        return ExercisePage(
            items=[views.summary(item, standings.get(item.exercise_id, Standing())) for item in shown],
            total=len(items),
            next=following if following < len(items) else None,
        )

    async def show(self, principal: Principal, exercise_id: str, student_id: UUID | None = None) -> ExerciseView:
        """An exercise as a student sees it, or as another student has it; with its reference for who has passed it."""
        language = await self._reads(principal.user_id)
        item = own(principal, await self._bank.find(exercise_id))
        if student_id is not None:
            await see_student(self._database, principal, student_id, "exercises")
            item = (await self._bank.find(exercise_id)).of_student(student_id)
        [item] = self._bank.told([item], language)
        standings = await self._submissions.standings(principal.user_id, [exercise_id])
        return views.student_view(item, standings.get(exercise_id, Standing()))

    async def show_full(self, exercise_id: str) -> dict[str, Any]:
        """An exercise with its hidden tests and its reference."""
        return views.full_view(await self._bank.find(exercise_id))

    async def check(self, principal: Principal, exercise_id: str, code: str, student_id: UUID | None) -> GradeView:
        """The grade of a program, of this student if it is somebody's; nothing is recorded."""
        item = await self._bank.find(exercise_id)
        item = item.of_student(student_id) if student_id is not None else item
        async with self._checks.of(principal.user_id, CHECK_WAIT_S):
            return views.grade_view(exercise_id, await self._grader.grade(item.task, code))

    async def submit(self, principal: Principal, request: SubmitRequest) -> GradedView:
        """Keep what is handed in, grade it, keep the grade; the facts leave with what they are about.

        Unavailable when nothing can be run just now: the submission stays as received, and the same program sent again
        gets its grade under the same attempt.
        """
        item = own(principal, await self._bank.find(request.exercise_id))
        async with self._turns.of(principal.user_id):
            return await self._submitted(principal, item, request)

    async def _submitted(self, principal: Principal, item: Item, request: SubmitRequest) -> GradedView:
        received = await self._receive(principal.user_id, item, request)
        try:
            [told] = self._bank.told([item], await self._reads(principal.user_id))
            grade = await self._grader.grade(told.task, request.code)
        except Unavailable as error:
            log.warning("submission.not_graded", submission_id=str(received.submission_id), reason=error.code)
            error.extra["submission_id"] = str(received.submission_id)
            raise
        misconceptions = [] if grade.passed else of_program(item.task, request.code)
        kept = await self._keep(item, received, grade, misconceptions)
        return GradedView(
            **views.graded(item.exercise_id, kept),
            submission_id=received.submission_id,
            attempt_no=received.attempt_no,
            submitted_at=received.submitted_at,
        )

    async def _receive(self, student_id: UUID, item: Item, request: SubmitRequest) -> Submission:
        new = NewSubmission(
            submission_id=uuid4(),
            student_id=student_id,
            exercise_id=item.exercise_id,
            topic_id=item.topic_id,
            variant=item.variant,
            code=await self._vault.seal(student_id, request.code),
            code_hash=self._vault.index(f"{student_id} {request.code}"),
            rung=request.rung,
            aided=request.aided,
            helped_by=request.helped_by,
        )
        async with self._database.transaction() as tx:
            received, is_new = await self._submissions.receive(tx, new)
            if is_new:
                await self._publish(tx, received, [ExerciseSubmitted(**_attempt(received))])
        return received

    async def _keep(self, item: Item, received: Submission, grade: Grade, misconceptions: list[str]) -> Grade:
        """The grade that is kept: this one, or the one that a repeat of the same submission was faster with."""
        error_type = public_name(grade.error_type) if grade.error_type else None
        stored = StoredGrade(
            score=grade.score,
            passed=grade.passed,
            tests_passed=grade.tests_passed,
            tests_total=grade.tests_total,
            error_type=error_type,
            report=await self._vault.seal(received.student_id, write_report(grade, item.task)),
        )
        async with self._database.transaction() as tx:
            is_first = await self._submissions.keep_grade(tx, received.submission_id, stored)
            if is_first:
                await self._publish(tx, received, _facts(item, received, grade, misconceptions))
        log.info(
            "submission.graded",
            submission_id=str(received.submission_id),
            exercise_id=item.exercise_id,
            score=grade.score,
            error_type=error_type,
        )
        return grade if is_first else await self._kept_grade(received.submission_id) or grade

    async def _kept_grade(self, submission_id: UUID) -> Grade | None:
        found = await self._submissions.find(submission_id)
        return await self._opened(found) if found is not None else None

    async def _opened(self, submission: Submission) -> Grade | None:
        if submission.report is None:
            return None
        return read_report(await self._vault.open(submission.student_id, submission.report))

    async def submission(self, principal: Principal, submission_id: UUID) -> SubmissionView:
        """A submission with its program and its grade, for its student and whoever may see them.

        Whoever looks first waits for the smallest input that goes wrong, three seconds at most; the grade never does.
        """
        found = await self._submissions.find(submission_id)
        if found is None:
            raise NotFound("There is nothing here that you may see.")
        await see_student(self._database, principal, found.student_id, "submissions")
        grade = await self._opened(found)
        code = await self._vault.open(found.student_id, found.code)
        smallest = await self._smallest_of(found, code, grade) if grade is not None else None
        return SubmissionView(
            **views.row_view(found).model_dump(exclude={"score", "passed", "error_type", "code"}),
            code=code,
            graded_at=found.graded_at,
            helped_by=found.helped_by,
            grade=views.grade_view(found.exercise_id, grade) if grade is not None else None,
            smallest_failing=await self._told_smallest(found, smallest),
        )

    async def _told_smallest(self, found: Submission, smallest: Verdict | None) -> SmallestFailing | None:
        """In the language that the exercise is told to its student in."""
        if smallest is None:
            return None
        [told] = self._bank.told([await self._bank.find(found.exercise_id)], await self._reads(found.student_id))
        return views.smallest_view(smallest, told.task.language)

    async def _reads(self, user_id: UUID) -> str:
        return await language_of(self._database, user_id)

    async def _smallest_of(self, found: Submission, code: str, grade: Grade) -> Verdict | None:
        """As it was found, or looked for now and kept; None where nothing can be run."""
        if found.smallest is not None:
            return read_verdict(await self._vault.open(found.student_id, found.smallest))
        if grade.first_failing is None:
            return None
        try:
            item = (await self._bank.find(found.exercise_id)).as_variant(found.variant)
            await take(self._database, name="smallest", subject=str(found.student_id), limit=SEARCHES, window_s=60)
            async with self._searches.of(found.student_id, CHECK_WAIT_S):
                [told] = self._bank.told([item], await self._reads(found.student_id))
                smallest = await self._smallest.find(told.task, code, grade)
        except (NotFound, TooMany, Unavailable) as error:
            log.info("smallest.not_looked_for", submission_id=str(found.submission_id), reason=error.code)
            return None
        sealed = await self._vault.seal(found.student_id, write_verdict(smallest))
        async with self._database.transaction() as tx:
            await self._submissions.keep_smallest(tx, found.submission_id, sealed)
        log.info("smallest.found", submission_id=str(found.submission_id), found=smallest is not None)
        return smallest

    async def submissions(
        self,
        principal: Principal,
        user_id: UUID,
        exercise_id: str | None,
        limit: int,
        offset: int,
        *,
        with_code: bool = False,
    ) -> SubmissionPage:
        """A student's submissions, newest first."""
        await see_student(self._database, principal, user_id, "submissions")
        rows = await self._submissions.page(user_id, exercise_id, limit, offset)
        total = await self._submissions.count(user_id, exercise_id)
        following = offset + limit
        items = [views.row_view(row) for row in rows]
        if with_code:
            items = [
                item.model_copy(update={"code": await self._vault.open(user_id, row.code)})
                for item, row in zip(items, rows, strict=True)
            ]
        return SubmissionPage(items=items, total=total, next=following if following < total else None)

    async def _publish(self, tx: Transaction, received: Submission, facts: list[Fact]) -> None:
        events = [
            new_event(fact, source=SOURCE, student_id=received.student_id, correlation_id=received.submission_id)
            for fact in facts
        ]
        await self._bus.publish(tx, events)


def _attempt(received: Submission) -> dict[str, Any]:
    names = ("submission_id", "exercise_id", "topic_id", "attempt_no", "rung", "aided", "helped_by")
    return {name: getattr(received, name) for name in names}


def _facts(item: Item, received: Submission, grade: Grade, misconceptions: list[str]) -> list[Fact]:
    graded = ExerciseGraded(
        **_attempt(received),
        origin=item.origin,
        core=item.core,
        difficulty=item.task.level.difficulty,
        passed=grade.passed,
        score=grade.score,
        tests_passed=grade.tests_passed,
        tests_total=grade.tests_total,
        error_type=grade.error_type,
        misconceptions=misconceptions,
    )
    if item.task.level.kind not in PROGRAMS:
        return [graded]
    names = ("submission_id", "exercise_id", "topic_id", "code")
    return [graded, CodeSubmitted(**{name: getattr(received, name) for name in names}, score=grade.score)]
