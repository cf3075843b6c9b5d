"""Predict and parsons: judged by comparing texts, nothing is run."""

import hashlib
import random

from learnflow.curriculum import Task
from learnflow.curriculum.exercises import lines_of
from learnflow.curriculum.phrases import GradePhrases
from learnflow.services.exercise.grading.output import lines
from learnflow.services.exercise.grading.verdict import Grade, Verdict, grade_of
from learnflow.services.exercise.grading.wording import says


def grade_answer(task: Task, answer: str) -> Grade:
    """A predicted output is right as a whole; of ordered lines each counts, and one too many counts against."""
    if task.level.kind == "predict":
        return _predicted(task, answer)
    return _ordered(task, answer)


def mixed_lines(task: Task, exercise_id: str) -> list[str]:
    """The lines of a parsons puzzle with its distractors, in an order that is the same for everybody and not right."""
    right = lines_of(task.reference)
    mixed = [*right, *task.distractors]
    order = random.Random(hashlib.sha256(exercise_id.encode()).digest())  # noqa: S311 - an order, not a secret
    order.shuffle(mixed)
    return mixed if mixed[: len(right)] != right else mixed[::-1]


def _predicted(task: Task, answer: str) -> Grade:
    is_right = lines(answer) in [lines(text) for text in (task.reference, *task.also)]
    message = says(task).right if is_right else says(task).predict_wrong
    verdict = Verdict(1, hidden=False, passed=is_right, message=message, got=answer[:400])
    return grade_of([verdict])


def _ordered(task: Task, answer: str) -> Grade:
    given = lines_of(answer)
    rights = [lines_of(text) for text in (task.reference, *task.also)]
    best = max(rights, key=lambda right: sum(one == other for one, other in zip(right, given, strict=False)))
    verdicts = []
    for place in range(max(len(best), len(given))):
        is_right = place < min(len(best), len(given)) and best[place] == given[place]
        verdicts.append(
            Verdict(place + 1, hidden=False, passed=is_right, message=_about_line(place, best, given, says(task)))
        )
    return grade_of(verdicts)


def _about_line(place: int, right: list[str], given: list[str], says: GradePhrases) -> str:
    if place >= len(given):
        return says.line_missing.format(line=place + 1)
    if place >= len(right):
        return says.line_too_many.format(line=place + 1)
    if right[place] == given[place]:
        return says.right
    if right[place].strip() == given[place].strip():
        return says.line_indented.format(line=place + 1)
    return says.line_misplaced.format(line=place + 1)
