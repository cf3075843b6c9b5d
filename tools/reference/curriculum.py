"""docs/reference/curriculum.md: what the course holds, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from learnflow.curriculum import load_curriculum, load_exercises, load_lessons, load_projects, load_quizzes
from learnflow.curriculum.exercises import PROGRAMS, Exercise
from learnflow.curriculum.templates import load_templates

FILE = "docs/reference/curriculum.md"
HEAD = """# The course, counted

Generated from `src/learnflow/curriculum/modules`; everything counted here is replayed in the sandbox by
`./learnflow test content`.
"""
COLUMNS = (
    "topic",
    "lesson steps",
    "cards",
    "exercises",
    "core",
    "tests",
    "hidden",
    "wrong",
    "variants",
    "questions",
    "templates",
)


def curriculum_document() -> dict[str, str]:
    """The page, by its name."""
    rows = [_row(topic_id) for topic_id in load_curriculum().catalogue.topics]
    parts = [HEAD, _totals(rows), _table(rows), _projects(), _levels(load_exercises().values())]
    return {FILE: "\n".join(parts)}


def _row(topic_id: str) -> list[int | str]:
    lesson = load_lessons().get(topic_id)
    tasks = [one for one in load_exercises().values() if one.topic_id == topic_id and one.level.kind != "project"]
    return [
        f"`{topic_id}`",
        len(lesson.steps) if lesson else 0,
        sum(card.topic_id == topic_id for card in load_curriculum().cards.values()),
        len(tasks),
        sum(task.level.core for task in tasks),
        sum(len(task.tests) for task in tasks),
        sum(case.hidden for task in tasks for case in task.tests),
        sum(len(task.wrong) for task in tasks),
        sum(len(task.variants) for task in tasks),
        len(load_quizzes().get(topic_id, ())),
        sum(one.topic_id == topic_id for one in load_templates().values()),
    ]


def _totals(rows: list[list[int | str]]) -> str:
    sums = [sum(row[place] for row in rows if isinstance(row[place], int)) for place in range(1, len(COLUMNS))]  # type: ignore[misc]  # numbers only
    said = ", ".join(f"{count} {name}" for name, count in zip(COLUMNS[1:], sums, strict=True))
    return f"{len(rows)} topics, {len(load_lessons())} lessons, {len(load_projects())} projects: {said}.\n"


def _table(rows: list[list[int | str]]) -> str:
    return "\n".join([_line(COLUMNS), "| --- |" + " ---: |" * (len(COLUMNS) - 1), *(_line(row) for row in rows), ""])


def _line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _projects() -> str:
    lines = [
        _line((f"`{name}`", one.title, ", ".join(f"`{part.name}`" for part in one.parts), len(one.exercise.tests)))
        for name, one in load_projects().items()
    ]
    return "\n".join(["## Projects\n", "| project | title | parts | tests |", "| --- | --- | --- | ---: |", *lines, ""])


def _levels(tasks: Iterable[Exercise]) -> str:
    counts = Counter((task.level.kind, task.level.difficulty) for task in tasks)
    kinds = [kind for kind in (*sorted(PROGRAMS), "parsons", "predict") if any(key[0] == kind for key in counts)]
    levels = ("easy", "medium", "hard")
    lines = [_line((kind, *(counts[kind, level] for level in levels))) for kind in kinds]  # type: ignore[index]  # a kind is one of them
    return "\n".join(
        ["## Kinds and difficulty\n", _line(("kind", *levels)), "| --- | ---: | ---: | ---: |", *lines, ""]
    )
