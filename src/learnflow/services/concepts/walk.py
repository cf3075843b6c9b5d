"""A walk through the student's own program: what the sandbox saw, as a table of rounds or of steps."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from learnflow.services.concepts.markdown import span, table
from learnflow.services.concepts.program import Program

MOST_ROUNDS, MOST_STEPS, MOST_COLUMNS = 6, 10, 4
MISSING = "-"


@dataclass(frozen=True, slots=True)
class Step:
    """A line that was about to run, with the values at that moment; `final` is the program's end."""

    line: int
    values: Mapping[str, str]
    function: str = "<module>"
    final: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """What the sandbox said: how the run ended and its steps."""

    status: str
    steps: tuple[Step, ...]
    error_type: str | None = None
    error_line: int | None = None


def read_run(answer: Mapping[str, Any]) -> Run:
    """The sandbox's answer; fields that a later release adds do not matter."""
    error = answer.get("error") or {}
    steps = tuple(
        Step(
            int(step["line"]),
            {str(name): str(value) for name, value in step.get("values", {}).items()},
            str(step.get("function", "<module>")),
            bool(step.get("final", False)),
        )
        for step in answer.get("trace") or ()
    )
    return Run(str(answer["status"]), steps, error.get("type"), error.get("line"))


def rounds_table(loop: ast.For | ast.While, steps: Sequence[Step]) -> str | None:
    """The rounds of one loop: what its names hold when a round begins and when it ends."""
    before, after = _columns(loop)
    starts = _starts(loop, steps)
    if not starts or not (before or after):
        return None
    head = ["Round", *map(span, before), *(f"{span(name)} after" for name in after)]
    rows = []
    for number, start in enumerate(starts[:MOST_ROUNDS], start=1):
        end = _end(loop, steps, start, starts)
        values = [_cell(steps[start], name) for name in before]
        rows.append([str(number), *values, *(_cell(steps[end] if end is not None else None, name) for name in after)])
    text = table(head, rows)
    if len(starts) > MOST_ROUNDS:
        text += f"\n\nThese are the first {MOST_ROUNDS} of {len(starts)} rounds."
    return text


def steps_table(program: Program, steps: Sequence[Step]) -> str | None:
    """Line by line: what stands there, and what changed until the same function went on."""
    lines = [index for index, step in enumerate(steps) if not step.final]
    rows = []
    for index in lines[:MOST_STEPS]:
        step = steps[index]
        after = next((later for later in steps[index + 1 :] if later.function == step.function), step)
        changed = [
            f"{span(name)} is {span(value)}" for name, value in after.values.items() if step.values.get(name) != value
        ]
        rows.append([str(step.line), span(program.line_text(step.line)), ", ".join(changed) or MISSING])
    if not rows:
        return None
    text = table(["Line", "Code", "Then"], rows)
    return text if len(lines) <= MOST_STEPS else f"{text}\n\nThese are the first {MOST_STEPS} of {len(lines)} steps."


def _columns(loop: ast.For | ast.While) -> tuple[list[str], list[str]]:
    """The names that make a round: the loop's own when it begins, those that the body assigns when it ends."""
    head = loop.target if isinstance(loop, ast.For) else loop.test
    before = _names(head)
    changed = [
        target
        for node in ast.walk(ast.Module(body=loop.body, type_ignores=[]))
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr)
        for target in _changed(node)
    ]
    after = [name for name in dict.fromkeys(changed) if name not in before or isinstance(loop, ast.While)]
    called = {node.func.id for node in ast.walk(head) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    before = [name for name in before if name not in called][:2]
    return before, after[: MOST_COLUMNS - len(before)]


def _names(node: ast.AST) -> list[str]:
    return list(dict.fromkeys(part.id for part in ast.walk(node) if isinstance(part, ast.Name)))


def _changed(node: ast.Assign | ast.AugAssign | ast.Expr) -> list[str]:
    """The names that a statement gives a new value, or whose list it changes by a method."""
    if isinstance(node, ast.Expr):
        is_method = isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute)
        owner = node.value.func.value if is_method else None  # type: ignore[attr-defined] # is_method has asked
        return [owner.id] if isinstance(owner, ast.Name) else []
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [target.value if isinstance(target, ast.Subscript) else target for target in targets]
    return [name for target in names for name in _names(target)]


def _starts(loop: ast.For | ast.While, steps: Sequence[Step]) -> list[int]:
    """Where rounds begin: the body's first line, reached from the loop's head or from further down the body."""
    first = loop.body[0]
    own = range(first.lineno, (first.end_lineno or first.lineno) + 1)
    if first.lineno == loop.lineno:
        return []
    found: list[int] = []
    previous: dict[str, int] = {}
    for index, step in enumerate(steps):
        came_from = previous.get(step.function, 0)
        is_alone = len(own) == 1 and came_from == first.lineno
        if step.line == first.lineno and not step.final and (came_from not in own or is_alone):
            found.append(index)
        previous[step.function] = step.line
    return found


def _end(loop: ast.For | ast.While, steps: Sequence[Step], start: int, starts: Sequence[int]) -> int | None:
    """The first step after a round; None when the program or the trace ended within it."""
    body = range(loop.body[0].lineno, (loop.body[-1].end_lineno or loop.body[-1].lineno) + 1)
    beginnings = set(starts)
    for index in range(start + 1, len(steps)):
        if steps[index].function != steps[start].function:
            continue
        if index in beginnings or steps[index].final or steps[index].line not in body:
            return index
    return None


def _cell(step: Step | None, name: str) -> str:
    value = step.values.get(name) if step is not None else None
    return MISSING if value is None else span(value)
