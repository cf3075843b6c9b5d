"""Judges programs by the tests of an exercise: the grader itself, on runs of a quick sandbox."""

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from learnflow.curriculum import Task
from learnflow.services.exercise.grading.constructs import Unparsed, parse
from learnflow.services.exercise.grading.judge import jobs, judge, unparsed
from learnflow.services.exercise.grading.puzzles import grade_answer
from learnflow.services.exercise.grading.verdict import Grade

TIMEOUT_S = 3.0


class QuickSandbox:
    """The process of `quick_sandbox.py`; ends with this one."""

    def __init__(self) -> None:
        program = str(Path(__file__).with_name("quick_sandbox.py"))
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, programs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        results = []
        for program in programs:
            self._process.stdin.write(json.dumps(program) + "\n")
            self._process.stdin.flush()
            results.append(json.loads(self._process.stdout.readline()))
        return results

    def close(self) -> None:
        self._process.communicate()


@cache
def _sandbox() -> QuickSandbox:
    return QuickSandbox()


def close_sandbox() -> None:
    """When the tests are over."""
    if _sandbox.cache_info().currsize:
        _sandbox().close()
        _sandbox.cache_clear()


_GRADES: dict[tuple[str, str], Grade] = {}


def grade(task: Task, code: str) -> Grade:
    """The grade that a student would get for this program."""
    key = (task.model_dump_json(), code)
    if key not in _GRADES:
        _GRADES[key] = _grade(task, code)
    return _GRADES[key]


def _grade(task: Task, code: str) -> Grade:
    if task.level.kind in {"predict", "parsons"}:
        return grade_answer(task, code)
    tree = parse(code)
    if isinstance(tree, Unparsed):
        return unparsed(task, tree)
    sent = jobs(task, code, TIMEOUT_S)
    return judge(task, code, sent, _sandbox().run([job.body for job in sent]))


def failing(task: Task, code: str) -> set[int]:
    """The numbers of the tests, from 1, that what was handed in does not pass."""
    return {verdict.number for verdict in grade(task, code).verdicts if not verdict.passed}


def outcomes(task: Task, code: str) -> list[str]:
    """What the program gives on each test, in words."""
    return [f"{verdict.passed} {verdict.message} {verdict.got}" for verdict in grade(task, code).verdicts]
