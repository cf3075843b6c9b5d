"""A program that did not end: the loop is recognised by its trace, not by waiting."""

import ast
from collections import Counter

from learnflow.services.debug.case import Case
from learnflow.services.debug.finding import Finding
from learnflow.services.debug.program import Loop, source_of
from learnflow.services.debug.values import read_value
from learnflow.services.debug.wording import code, listed, shown

_ENOUGH_ROUNDS = 3


def explain(case: Case) -> list[Finding]:
    """The loop that did not end, best first; empty when no loop can be blamed."""
    loop = _turning(case)
    if loop is None:
        return []
    if isinstance(loop, ast.While):
        return [_while(case, loop)]
    return [_for(case, loop)]


def _turning(case: Case) -> Loop | None:
    """The innermost loop that ran most rounds at the end of the trace; without one the likeliest by reading."""
    loops = [n for n in case.program.nodes if isinstance(n, Loop)]
    rounds = Counter(step.line for step in case.steps[-200:])
    turning = [loop for loop in loops if rounds[loop.lineno] >= _ENOUGH_ROUNDS or _inside(loop, rounds)]
    if turning:
        return max(turning, key=lambda loop: (isinstance(loop, ast.While), rounds[loop.lineno], loop.lineno))
    whiles = [loop for loop in loops if isinstance(loop, ast.While)]
    return next((loop for loop in whiles if not _changed(case, loop)), whiles[0] if len(whiles) == 1 else None)


def _inside(loop: Loop, rounds: Counter[int]) -> bool:
    """`while True` has no event of its own after the first round: its body tells."""
    return isinstance(loop, ast.While) and any(rounds[statement.lineno] >= _ENOUGH_ROUNDS for statement in loop.body)


def _while(case: Case, loop: ast.While) -> Finding:
    test = code(source_of(loop.test))
    if isinstance(loop.test, ast.Constant):
        return _no_way_out(case, loop)
    names = _names(loop.test)
    moving = [name for name in names if len(_values(case, loop, name)) > 1]
    fact = f"The loop of line {loop.lineno} did not end. Its condition is {test}.{_frozen(case, loop, names)}"
    question = f"Which line inside the loop changes what {test} asks? What happens to it in each round?"
    if moving:
        return _wrong_way(case, loop, moving[0], fact, question)
    asked = [b for name in names for b in case.program.bindings_of(name) if _is_input(b.value) and b.line < loop.lineno]
    if asked and not _changed(case, loop):
        cause = (
            f"Line {asked[0].line} reads {code(asked[0].name)} once, before the loop. "
            "Inside the loop it is never read again."
        )
        return Finding("input-refreshes", loop.lineno, fact, question, cause, 0.9, is_seen=case.ran)
    changed = _changed(case, loop)
    cause = f"The condition of line {loop.lineno} looks at {listed(names)}. " if names else ""
    if changed:
        cause += f"Line {changed[0]} would change it, but that line was not reached in these rounds."
    else:
        cause += (
            f"No line of the loop (lines {loop.lineno} to {loop.end_lineno}) changes that. The answer stays the same."
        )
    return Finding(
        "while-counts-itself", loop.lineno, fact, question, cause, 0.95, is_seen=case.ran and bool(case.steps)
    )


def _frozen(case: Case, loop: ast.While, names: list[str]) -> str:
    held = [(name, _values(case, loop, name)) for name in names]
    still = [f"{code(name)} was {shown(values[0])} in every round" for name, values in held if len(values) == 1]
    moved = [
        f"{code(name)} went {', '.join(shown(v) for v in values[:4])} and so on"
        for name, values in held
        if len(values) > 1
    ]
    parts = [*moved, *still][:2]
    return f" In this run {' and '.join(parts)}." if parts else ""


def _values(case: Case, loop: Loop, name: str) -> list[str]:
    """The values of a name inside the loop, without repetitions in a row."""
    lines = range(loop.lineno, (loop.end_lineno or loop.lineno) + 1)
    seen = [step.values[name] for step in case.steps if step.line in lines and name in step.values]
    return [value for place, value in enumerate(seen) if place == 0 or seen[place - 1] != value]


def _wrong_way(case: Case, loop: ast.While, name: str, fact: str, question: str) -> Finding:
    values = [read_value(value).literal for value in _values(case, loop, name)]
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    changed = [b.line for b in case.program.bindings_of(name) if loop.lineno < b.line <= (loop.end_lineno or 0)]
    line = changed[0] if changed else loop.lineno
    way = "grows" if len(numbers) > 1 and numbers[-1] > numbers[0] else "gets smaller"
    cause = (
        f"Line {line} changes {code(name)} in each round. "
        f"It {way}, and {code(source_of(loop.test))} stays true all the same."
    )
    return Finding("moves-away-from-the-end", line, fact, question, cause, 0.85, (loop.lineno, loop.end_lineno or line),
                   is_seen=case.ran)  # fmt: skip


def _no_way_out(case: Case, loop: ast.While) -> Finding:
    leaves = [n.lineno for n in ast.walk(loop) if isinstance(n, ast.Break | ast.Return)]
    fact = f"The loop of line {loop.lineno} did not end. `{source_of(loop.test)}` is a condition that is always true."
    question = "Which line could leave this loop, and is it ever reached?"
    if not leaves:
        cause = f"No line of the loop (lines {loop.lineno} to {loop.end_lineno}) leaves it."
        return Finding("no-way-out", loop.lineno, fact, question, cause, 0.95, is_seen=case.ran)
    leaving = next(n for n in ast.walk(loop) if isinstance(n, ast.Break | ast.Return) and n.lineno == leaves[0])
    guard = case.program.branch_around(leaving)
    test = f" Its condition {code(source_of(guard.test))} was never true." if isinstance(guard, ast.If) else ""
    held = _frozen(case, loop, _names(guard.test)) if isinstance(guard, ast.If) else ""
    cause = f"Line {leaves[0]} would leave the loop, but it was not reached.{test}{held}"
    return Finding("no-way-out", leaves[0], fact, question, cause, 0.85, (loop.lineno, loop.end_lineno or leaves[0]),
                   is_seen=case.ran and bool(case.steps))  # fmt: skip


def _for(case: Case, loop: ast.For | ast.AsyncFor) -> Finding:
    over = source_of(loop.iter)
    adding = (n for n in ast.walk(loop) if isinstance(n, ast.Call | ast.AugAssign))
    growing = next((n.lineno for n in adding if _adds_to(n, over)), None)
    if growing is not None:
        fact = f"The loop of line {loop.lineno} goes through {code(over)} and did not end."
        question = f"How long is {code(over)} after each round?"
        cause = f"Line {growing} makes {code(over)} longer in each round. So there is always a next item."
        return Finding("grows-while-looping", growing, fact, question, cause, 0.95, is_seen=case.ran)
    fact = f"The program was stopped while the loop of line {loop.lineno} ran, over {code(over)}."
    question = f"How many rounds does line {loop.lineno} run in all? How many does that make with the loops around it?"
    cause = f"Line {loop.lineno} would end at some time, but it has more rounds than the time allows."
    return Finding("while-counts-itself", loop.lineno, fact, question, cause, 0.5, is_seen=False, is_specific=False)


def _adds_to(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in {"append", "extend", "insert"} and source_of(node.func.value) == name
    return isinstance(node, ast.AugAssign) and source_of(node.target) == name


def _changed(case: Case, loop: ast.While) -> list[int]:
    """Lines of the loop that give a name of its condition a value, or call a method on it."""
    names = _names(loop.test)
    end = loop.end_lineno or loop.lineno
    bound = [b.line for b in case.program.bindings if b.name.split(".")[0] in names and loop.lineno < b.line <= end]
    calls = (n for statement in loop.body for n in ast.walk(statement) if isinstance(n, ast.Call))
    called = [c.lineno for c in calls if isinstance(c.func, ast.Attribute) and source_of(c.func.value) in names]
    return sorted([*bound, *called])


def _names(node: ast.AST) -> list[str]:
    names = (inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))
    return [name for name in dict.fromkeys(names) if name not in {"len", "int", "str", "sum", "abs", "range"}]


def _is_input(node: ast.expr | None) -> bool:
    calls = (inner for inner in ast.walk(node) if isinstance(inner, ast.Call)) if node is not None else ()
    return any(source_of(call.func) == "input" for call in calls)
