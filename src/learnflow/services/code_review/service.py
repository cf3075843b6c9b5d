"""The code-review agent's use cases: answer a question, judge a submission, review for whoever waits."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4, uuid5

import orjson
import structlog

from learnflow.contracts.errors import Unavailable
from learnflow.contracts.events import AnswerFinished, AnswerPart, CodeReviewed, CodeSubmitted, Fact, ReviewRequested
from learnflow.contracts.questions import ReviewPart
from learnflow.contracts.services import CODE_REVIEW
from learnflow.kit.bus.base import Bus, Event, new_event
from learnflow.kit.database import Database, Transaction
from learnflow.kit.principal import Principal
from learnflow.kit.sealed import KeyMissing, Vault
from learnflow.kit.work import Finish, WorkItem
from learnflow.services.code_review import answers, evidence
from learnflow.services.code_review.linter import Linter
from learnflow.services.code_review.program import Program
from learnflow.services.code_review.review import Review, review
from learnflow.services.code_review.schemas import ReviewAnswer, ReviewRequest
from learnflow.services.code_review.witnesses import Witnesses

log = structlog.get_logger()

RUFF_S = 10.0
"""For a submission, which nobody waits for: a busy machine must not cost it its review."""
TRIES = 3
"""How often ruff is asked about a submission; after that its style stays unknown, and no review is told."""

SOURCE = f"/learnflow/{CODE_REVIEW.name}"


@dataclass(frozen=True, slots=True)
class Judged:
    """A review, and the exercise that it counts for: None when no tests of that exercise told about the program."""

    review: Review
    exercise_id: str | None


class Reviewer:
    """Reads programs, asks who can tell whether they work, and says what to look at next."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        vault: Vault,
        linter: Linter,
        witnesses: Witnesses,
        topic_ids: Collection[str],
    ) -> None:
        self._database = database
        self._bus = bus
        self._vault = vault
        self._linter = linter
        self._witnesses = witnesses
        self._topic_ids = topic_ids

    async def review(self, principal: Principal, request: ReviewRequest) -> ReviewAnswer:
        """The review of one program; a student's own is told to whoever counts."""
        judged = await self._judge(
            principal.user_id if principal.role == "student" else None,
            request.code,
            request.exercise_id,
            request.focus_areas,
        )
        if principal.role == "student" and judged.review.is_whole:
            review_id = uuid4()
            fact = self._reviewed(judged, review_id)
            async with self._database.transaction() as tx:
                await self._publish(tx, principal.user_id, review_id, [fact])
        return answers.as_data(judged.review)

    async def work(self, item: WorkItem) -> Finish:
        """One event outside of every transaction; what is returned publishes the outcome within one."""
        student_id = UUID(item.event.subject)
        try:
            if isinstance(item.event.data, CodeSubmitted):
                return await self._judge_submission(student_id, item)
            return await self._answer(student_id, item.event.data, item.attempt)
        except KeyMissing:
            log.info("review.dropped", event_id=str(item.event.id), reason="student erased")
            return _nothing

    async def _judge_submission(self, student_id: UUID, item: WorkItem) -> Finish:
        submitted: CodeSubmitted = item.event.data
        program = Program(await self._vault.open(student_id, submitted.code))
        verdict = evidence.from_score(submitted.score)
        if program.refusal is not None or not program.tree.body:
            verdict = evidence.from_parser(program)
        found = await self._looked_over(program, verdict)
        if not found.is_whole and item.attempt < TRIES:
            raise Unavailable("ruff did not answer. The submission is looked at again in a moment.")
        fact = self._reviewed(
            Judged(found, submitted.exercise_id),
            uuid5(submitted.submission_id, "review"),
            submission_id=submitted.submission_id,
            topic_id=submitted.topic_id,
        )

        async def finish(tx: Transaction) -> None:
            if found.is_whole:
                await self._publish(tx, student_id, UUID(item.event.correlationid), [fact])

        return finish

    async def _answer(self, student_id: UUID, request: ReviewRequested, attempt: int) -> Finish:
        code = await self._program_of(student_id, request)
        if code is None:
            asked_back = await self._finished(student_id, request, answers.ASK_FOR_CODE, None)
            return self._publishing(student_id, request, [asked_back])
        judged = await self._judge(student_id, code, request.context.exercise_id, ())
        if attempt == 1:
            await self._publish_first_part(student_id, request, judged.review)
        finished = await self._finished(student_id, request, answers.text(judged.review), judged.review)
        facts: list[Fact] = [finished]
        if judged.review.is_whole:
            facts.append(
                self._reviewed(
                    judged,
                    uuid5(request.query_id, "review"),
                    query_id=request.query_id,
                    topic_id=request.context.topic_id,
                )
            )
        return self._publishing(student_id, request, facts)

    def _publishing(self, student_id: UUID, request: ReviewRequested, facts: Sequence[Fact]) -> Finish:
        async def finish(tx: Transaction) -> None:
            await self._publish(tx, student_id, request.query_id, facts)

        return finish

    async def _program_of(self, student_id: UUID, request: ReviewRequested) -> str | None:
        query = await self._vault.open(student_id, request.query)
        code = await self._vault.open(student_id, request.code) if request.code is not None else ""
        return answers.program_in(query, code)

    async def _judge(
        self, student_id: UUID | None, code: str, exercise_id: str | None, focus: Collection[ReviewPart]
    ) -> Judged:
        program = await asyncio.to_thread(Program, code)
        (verdict, is_tested), linted = await asyncio.gather(
            self._witnesses.verdict(program, exercise_id, student_id), self._linter.find(program.source)
        )
        found = await asyncio.to_thread(review, program, linted, verdict, focus)
        _log(found)
        return Judged(found, exercise_id if is_tested else None)

    async def _looked_over(self, program: Program, verdict: evidence.Verdict) -> Review:
        linted = await self._linter.find(program.source, wait_s=RUFF_S)
        found = await asyncio.to_thread(review, program, linted, verdict)
        _log(found)
        return found

    async def _finished(
        self, student_id: UUID, request: ReviewRequested, answer: str, found: Review | None
    ) -> AnswerFinished:
        details = answers.as_data(found).model_dump(mode="json") if found is not None else {}
        return AnswerFinished(
            query_id=request.query_id,
            agent=CODE_REVIEW.name,
            answer=await self._vault.seal(student_id, answer),
            clarification=request.clarification,
            intent=request.intent,
            details=await self._vault.seal(student_id, orjson.dumps(details).decode()) if details else None,
            verified=found is not None and found.verdict.is_seen,
        )

    async def _publish_first_part(self, student_id: UUID, request: ReviewRequested, found: Review) -> None:
        text = await self._vault.seal(student_id, answers.opening(found))
        part = AnswerPart(query_id=request.query_id, agent=CODE_REVIEW.name, part_no=1, text=text)
        event = _event(part, student_id, request.query_id).model_copy(update={"id": uuid5(request.query_id, "part-1")})
        async with self._database.transaction() as tx:
            await self._bus.publish(tx, [event])

    def _reviewed(
        self,
        judged: Judged,
        review_id: UUID,
        *,
        query_id: UUID | None = None,
        submission_id: UUID | None = None,
        topic_id: str | None = None,
    ) -> CodeReviewed:
        scores = judged.review.scores
        return CodeReviewed(
            review_id=review_id,
            query_id=query_id,
            submission_id=submission_id,
            exercise_id=judged.exercise_id,
            topic_id=topic_id or self._topic_of(judged.exercise_id),
            quality_score=scores.quality,
            correctness=scores.correctness,
            style=scores.style,
            efficiency=scores.efficiency,
            readability=scores.readability,
        )

    def _topic_of(self, exercise_id: str | None) -> str | None:
        """An exercise's id begins with its topic's."""
        topic_id = "/".join((exercise_id or "").split("/")[:2])
        return topic_id if topic_id in self._topic_ids else None

    async def _publish(self, tx: Transaction, student_id: UUID, correlation_id: UUID, facts: Sequence[Fact]) -> None:
        await self._bus.publish(tx, [_event(fact, student_id, correlation_id) for fact in facts])


def _event(fact: Fact, student_id: UUID, correlation_id: UUID) -> Event:
    return new_event(fact, source=SOURCE, student_id=student_id, correlation_id=correlation_id)


def _log(found: Review) -> None:
    log.info("program.reviewed", quality=found.scores.quality, checked_by=found.verdict.checked_by,
             rules=[remark.rule for remark in found.remarks], is_whole=found.is_whole)  # fmt: skip


async def _nothing(_tx: Transaction) -> None:
    """The student is gone, and so is the question."""
