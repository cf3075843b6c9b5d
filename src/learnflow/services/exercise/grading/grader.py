"""Grades what was handed in: puzzles at once, programs by a run for each test."""

from collections.abc import Mapping
from typing import Any

import structlog

from learnflow.contracts.errors import Unavailable
from learnflow.curriculum import Task
from learnflow.curriculum.exercises import PROGRAMS
from learnflow.services.exercise.grading.constructs import Unparsed, parse
from learnflow.services.exercise.grading.judge import Job, SandboxFailed, jobs, judge, unparsed
from learnflow.services.exercise.grading.puzzles import grade_answer
from learnflow.services.exercise.grading.sandbox import Sandbox
from learnflow.services.exercise.grading.verdict import Grade

log = structlog.get_logger()

FIRST_LOOK_S = 2.0
SECOND_LOOK_S = 4.0


class Grader:
    """The one way to a grade: for submissions, for checks, and for exercises that are to be taken in."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def grade(self, task: Task, code: str) -> Grade:
        """The grade; Unavailable when there can be none just now, which is never the student's fault."""
        if task.level.kind not in PROGRAMS:
            return grade_answer(task, code)
        tree = parse(code)
        if isinstance(tree, Unparsed):
            return unparsed(task, tree)
        sent = jobs(task, code, FIRST_LOOK_S)
        results = await self._sandbox.run([job.body for job in sent])
        results = await self._look_again(sent, results)
        try:
            return judge(task, code, sent, results)
        except SandboxFailed as error:
            log.warning("grading.failed", reason="a test was not run")
            raise Unavailable("Your program could not be run. It is kept: send it again in a moment.") from error

    async def _look_again(self, sent: list[Job], results: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """On a busy machine a good program may be slow: one that was stopped gets more time before it counts.

        An endless loop is endless in the first such test already, so only that one is waited for.
        """
        slow = [place for place, result in enumerate(results) if result["status"] == "timeout"]
        if not slow:
            return results
        first, others = slow[:1], slow[1:]
        again = await self._with_more_time(sent, first)
        if others and again[first[0]]["status"] != "timeout":
            again |= await self._with_more_time(sent, others)
        return [again.get(place, result) for place, result in enumerate(results)]

    async def _with_more_time(self, sent: list[Job], places: list[int]) -> dict[int, dict[str, Any]]:
        bodies: list[Mapping[str, Any]] = [sent[place].body | {"timeout_s": SECOND_LOOK_S} for place in places]
        return dict(zip(places, await self._sandbox.run([dict(body) for body in bodies]), strict=True))
