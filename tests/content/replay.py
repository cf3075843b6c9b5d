"""Judges programs by the tests of an exercise: the grader itself, on runs of the real sandbox."""

from collections.abc import Sequence

from learnflow.curriculum import Task
from learnflow.curriculum.exercises import PROGRAMS
from learnflow.services.exercise.grading.constructs import Unparsed, parse
from learnflow.services.exercise.grading.judge import jobs, judge, unparsed
from learnflow.services.exercise.grading.puzzles import grade_answer
from learnflow.services.exercise.grading.verdict import Grade
from tests.content.sandbox import sandbox

TIMEOUT_S = 5.0
_GRADES: dict[tuple[str, str], Grade] = {}


def grade(task: Task, code: str) -> Grade:
    """The grade that a student would get for this program."""
    key = (task.model_dump_json(), code)
    if key not in _GRADES:
        _GRADES[key] = _grade(task, code)
    return _GRADES[key]


def _grade(task: Task, code: str) -> Grade:
    if task.level.kind not in PROGRAMS:
        return grade_answer(task, code)
    tree = parse(code)
    if isinstance(tree, Unparsed):
        return unparsed(task, tree)
    sent = jobs(task, code, TIMEOUT_S)
    return judge(task, code, sent, sandbox().run([job.body for job in sent]))


def passing(task: Task, codes: Sequence[str], timeout_s: float) -> list[str]:
    """Those of these programs that pass every test; one that takes longer does not."""
    left = list(codes)
    for case in task.tests:
        single = task.model_copy(update={"tests": (case,)})
        sent = [jobs(single, code, timeout_s) for code in left]
        results = sandbox().run([job.body for (job,) in sent])
        left = [
            code
            for code, job, result in zip(left, sent, results, strict=True)
            if all(verdict.passed for verdict in judge(single, code, job, [result]).verdicts)
        ]
    return left


def failing(task: Task, code: str) -> set[int]:
    """The numbers of the tests, from 1, that what was handed in does not pass."""
    return {verdict.number for verdict in grade(task, code).verdicts if not verdict.passed}


def outcomes(task: Task, code: str) -> list[str]:
    """What the program gives on each test, in words."""
    return [f"{verdict.passed} {verdict.message} {verdict.got}" for verdict in grade(task, code).verdicts]
