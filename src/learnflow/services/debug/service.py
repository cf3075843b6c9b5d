"""The debug agent's use cases: answer a question, give one hint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

import orjson
import structlog

from learnflow.contracts.envelope import CloudEvent
from learnflow.contracts.error_types import public_name
from learnflow.contracts.events import AnswerFinished, AnswerPart, DebugRequested, Fact, HintGiven
from learnflow.contracts.sealed import SealedText
from learnflow.contracts.services import DEBUG
from learnflow.kit.bus.base import Bus, Event, new_event
from learnflow.kit.class_limits import hint_ceiling, limits_of
from learnflow.kit.clock import Clock, system_clock
from learnflow.kit.database import Database, Transaction
from learnflow.kit.principal import Principal
from learnflow.kit.sealed import KeyMissing, Vault
from learnflow.kit.work import Finish, WorkItem
from learnflow.services.debug import answers, ladder
from learnflow.services.debug.attempts import SAME_LINE_OF_PROGRAMS, attempt_of, likeness, sketch_of
from learnflow.services.debug.diagnosis import Diagnosis, diagnose, stdin_for, unreadable
from learnflow.services.debug.ladder import Rung
from learnflow.services.debug.question import Sent, read_question
from learnflow.services.debug.repository import Rungs
from learnflow.services.debug.sandbox import Sandbox
from learnflow.services.debug.schemas import DebugAnswer, DebugRequest
from learnflow.services.debug.tracebacks import read_report

log = structlog.get_logger()

SOURCE = f"/learnflow/{DEBUG.name}"
SAME_LINE_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked about what: `scope` names the ladder, None when the program itself has to tell."""

    student_id: UUID
    code: str | None
    scope: str | None
    level: int | None
    exercise_id: str | None = None
    topic_id: str | None = None
    query_id: UUID | None = None


class Debugger:
    """Runs the program, finds the cause, and tells as much of it as the student's open rung allows."""

    def __init__(
        self, database: Database, bus: Bus, vault: Vault, sandbox: Sandbox, rungs: Rungs, clock: Clock = system_clock
    ) -> None:
        self._database = database
        self._bus = bus
        self._vault = vault
        self._sandbox = sandbox
        self._rungs = rungs
        self._clock = clock

    async def answer(self, item: WorkItem) -> Finish:
        """Look into a question outside of every transaction; what is returned answers within one."""
        event: CloudEvent[DebugRequested] = item.event
        student_id, request = UUID(event.subject), event.data
        try:
            sent = await self._opened(student_id, request)
            diagnosis = await self._diagnose(sent)
            if item.attempt == 1:
                await self._publish_first_part(student_id, request, diagnosis)
        except KeyMissing:
            log.info("question.dropped", query_id=str(request.query_id), reason="student erased")
            return _nothing

        async def finish(tx: Transaction) -> None:
            await self._finish(tx, student_id, request, sent, diagnosis)

        return finish

    async def hint(self, principal: Principal, request: DebugRequest) -> DebugAnswer:
        """One rung for whoever asks; a student gets no more than is open, a service or teacher what they ask for."""
        report = read_report(request.traceback or "") or read_report(request.error_message or "")
        diagnosis = await self._diagnose(Sent(request.code or None, report))
        if principal.role != "student":
            return answers.for_staff(diagnosis, request.hint_level)
        scope = f"exercise:{request.exercise_id}" if request.exercise_id else None
        asked = Asked(principal.user_id, request.code or None, scope, request.hint_level, request.exercise_id)
        async with self._database.transaction() as tx:
            rung = await self._climb(tx, asked, diagnosis)
            await self._publish(tx, asked.student_id, uuid4(), [_hint_given(asked, rung, diagnosis)])
        return answers.for_student(diagnosis, rung)

    async def _diagnose(self, sent: Sent) -> Diagnosis:
        if sent.code is None or unreadable(sent.code) is not None:
            return diagnose(sent.code, sent.report, None)
        run = await self._sandbox.run(sent.code, stdin_for(sent.code, sent.report))
        diagnosis = diagnose(sent.code, sent.report, run)
        best = diagnosis.best
        log.info("cause.found", error_type=public_name(diagnosis.error_type or ""), misconception=best.misconception,
                 specific=best.is_specific, verified=diagnosis.verified)  # fmt: skip
        return diagnosis

    async def _opened(self, student_id: UUID, request: DebugRequested) -> Sent:
        texts = [await self._text(student_id, sealed) for sealed in (request.query, request.code, request.error)]
        return read_question(*texts)

    async def _text(self, student_id: UUID, sealed: SealedText | None) -> str:
        return await self._vault.open(student_id, sealed) if sealed is not None else ""

    async def _publish_first_part(self, student_id: UUID, request: DebugRequested, diagnosis: Diagnosis) -> None:
        text = await self._vault.seal(student_id, diagnosis.opening)
        part = AnswerPart(query_id=request.query_id, agent=DEBUG.name, part_no=1, text=text)
        event = _event(part, student_id, request.query_id).model_copy(update={"id": uuid5(request.query_id, "part-1")})
        async with self._database.transaction() as tx:
            await self._bus.publish(tx, [event])

    async def _finish(
        self, tx: Transaction, student_id: UUID, request: DebugRequested, sent: Sent, diagnosis: Diagnosis
    ) -> None:
        context = request.context
        scope = f"exercise:{context.exercise_id}" if context.exercise_id else None
        if scope is None and context.session_id:
            scope = f"session:{context.session_id}"
        asked = Asked(student_id, sent.code, scope, None, context.exercise_id, context.topic_id, request.query_id)
        rung = await self._climb(tx, asked, diagnosis)
        try:
            finished = await self._finished(student_id, request, diagnosis, rung)
        except KeyMissing:
            log.info("question.dropped", query_id=str(request.query_id), reason="student erased")
            return
        facts = [finished, _hint_given(asked, rung, diagnosis)]
        await self._publish(tx, student_id, request.query_id, facts)

    async def _finished(
        self, student_id: UUID, request: DebugRequested, diagnosis: Diagnosis, rung: Rung
    ) -> AnswerFinished:
        details = answers.for_student(diagnosis, rung).model_dump(mode="json", exclude={"hint", "suspects"})
        return AnswerFinished(
            query_id=request.query_id,
            agent=DEBUG.name,
            answer=await self._vault.seal(student_id, answers.text(diagnosis, rung)),
            clarification=request.clarification,
            intent=request.intent,
            details=await self._vault.seal(student_id, orjson.dumps(details).decode()),
            hint_level=rung.shown,
            hint_levels=rung.ceiling,
            verified=diagnosis.verified,
        )

    async def _climb(self, tx: Transaction, asked: Asked, diagnosis: Diagnosis) -> Rung:
        """The rung after this question, stored; and the error, counted."""
        now = self._clock()
        await self._rungs.lock(tx, asked.student_id)
        sketch = sketch_of(asked.student_id, asked.code) if asked.code else []
        scope = asked.scope or await self._scope_of_program(tx, asked, sketch, diagnosis, now)
        before = await self._rungs.find(tx, asked.student_id, scope)
        attempt = attempt_of(asked.student_id, asked.code) if asked.code else None
        error_type = public_name(diagnosis.error_type or "")
        finding = f"{error_type} {diagnosis.best.misconception}"
        ceiling = hint_ceiling(await limits_of(self._database, asked.student_id))
        rung = ladder.climb(before, asked=asked.level, attempt=attempt, finding=finding, now=now, ceiling=ceiling)
        await self._rungs.save(tx, asked.student_id, scope, rung, sketch, now)
        if diagnosis.error_type is not None:
            await self._rungs.count_error(tx, asked.student_id, error_type, diagnosis.best.misconception, now)
        return rung

    async def _scope_of_program(
        self, tx: Transaction, asked: Asked, sketch: Sequence[int], diagnosis: Diagnosis, now: datetime
    ) -> str:
        """Without exercise and conversation: the line of programs that this one continues, else a new one."""
        if asked.code is None:
            return f"error:{public_name(diagnosis.error_type or '')}"
        lines = await self._rungs.lines(tx, asked.student_id, now - SAME_LINE_FOR)
        rated = [(likeness(line.sketch, sketch), line.scope) for line in lines]
        best = max(rated, default=(0.0, ""), key=lambda pair: pair[0])
        return best[1] if best[0] >= SAME_LINE_OF_PROGRAMS else f"line:{uuid4()}"

    async def _publish(self, tx: Transaction, student_id: UUID, correlation_id: UUID, facts: Sequence[Fact]) -> None:
        await self._bus.publish(tx, [_event(fact, student_id, correlation_id) for fact in facts])


def _event(fact: Fact, student_id: UUID, correlation_id: UUID) -> Event:
    return new_event(fact, source=SOURCE, student_id=student_id, correlation_id=correlation_id)


def _hint_given(asked: Asked, rung: Rung, diagnosis: Diagnosis) -> HintGiven:
    return HintGiven(
        query_id=asked.query_id,
        exercise_id=asked.exercise_id,
        topic_id=asked.topic_id,
        error_type=public_name(diagnosis.error_type) if diagnosis.error_type else None,
        rung=rung.shown,
    )


async def _nothing(_tx: Transaction) -> None:
    """The student is gone, and so is the question."""
