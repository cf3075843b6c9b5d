"""Which misconceptions wrong answers look like: those that the course itself gives with the same answer."""

import ast
from collections.abc import Iterable

from learnflow.curriculum import Task
from learnflow.curriculum.exercises import PROGRAMS, lines_of
from learnflow.services.exercise.quizzes.drawing import Marked


def of_program(task: Task, handed_in: str) -> list[str]:
    """Of an answer that did not pass: the wrong programs of the exercise that are the same, whatever the layout."""
    own = _form(task, handed_in)
    return list(dict.fromkeys(one.misconception for one in task.wrong if _form(task, one.code) == own))


def of_answers(marked: Iterable[Marked]) -> list[str]:
    """Of the options that were chosen though they are wrong, each belief once."""
    found = [
        option.misconception
        for one in marked
        for choice in one.asked.choices
        if choice.letter in one.chosen and not choice.is_right
        for option in one.asked.question.options
        if option.shown == choice.text and option.misconception
    ]
    return list(dict.fromkeys(found))


def _form(task: Task, text: str) -> str | list[str]:
    if task.level.kind in PROGRAMS:
        try:
            return ast.dump(ast.parse(text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
    return lines_of(text)
