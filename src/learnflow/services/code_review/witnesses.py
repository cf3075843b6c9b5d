"""Who can tell whether a program works: the exercise's tests, else a run in the sandbox, else nobody but the reader."""

from uuid import UUID

import structlog

from learnflow.contracts.errors import LearnFlowError, NotFound
from learnflow.contracts.services import CODE_EXECUTION, EXERCISE
from learnflow.kit.invoke import Invoker
from learnflow.services.code_review import evidence
from learnflow.services.code_review.evidence import Verdict
from learnflow.services.code_review.program import Program

log = structlog.get_logger()

RUN_S = 1
WAIT_S = 3.2  # for both together: the whole answer has 5 s, under load too
WAIT_FOR_TESTS_S = 2.0
WAIT_FOR_RUN_S = 2.2


class Witnesses:
    """Asks exercise and code-execution; whatever they do, there is a verdict."""

    def __init__(self, invoker: Invoker) -> None:
        self._invoker = invoker

    async def verdict(
        self, program: Program, exercise_id: str | None, student_id: UUID | None = None
    ) -> tuple[Verdict, bool]:
        """The verdict, and True when this exercise really is one, whose tests told it."""
        if program.refusal is not None or not program.tree.body:
            return evidence.from_parser(program), True
        if exercise_id is None:
            return await self._run(program, WAIT_FOR_RUN_S), False
        said = "I could not reach the exercise's tests just now."
        try:
            return await self._tested(program, exercise_id, student_id), True
        except NotFound:
            said = "I do not know this exercise, so I have no tests for it."
        except LearnFlowError as error:
            log.warning("tests.away", code=error.code, status=error.status)
        seen = await self._run(program, WAIT_S - WAIT_FOR_TESTS_S)
        note = f"{said} {seen.note}"
        return Verdict(seen.checked_by, note, seen.share, seen.hits, seen.shows_none), False

    async def _tested(self, program: Program, exercise_id: str, student_id: UUID | None) -> Verdict:
        whose = {"user_id": str(student_id)} if student_id is not None else {}
        body = {"exercise_id": exercise_id, "code": program.source, **whose}
        grade = await self._invoker.call(EXERCISE, "POST", "/exercises/check", json=body, timeout_s=WAIT_FOR_TESTS_S)
        return evidence.from_tests(program, grade)

    async def _run(self, program: Program, wait_s: float) -> Verdict:
        body = {"code": program.source, "stdin": evidence.stdin_for(program), "timeout_s": RUN_S}
        try:
            answer = await self._invoker.call(CODE_EXECUTION, "POST", "/execute", json=body, timeout_s=wait_s)
        except LearnFlowError as error:
            log.warning("sandbox.away", code=error.code, status=error.status)
            return evidence.from_reading("I could not run your program just now.")
        seen = evidence.from_run(program, answer)
        return seen or evidence.from_reading("The sandbox had a fault of its own, so I could not run your program.")
