"""A name whose line did not run: the branch not taken, the loop without a round, the line that comes later."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from learnflow.services.debug.case import Case
from learnflow.services.debug.finding import Finding
from learnflow.services.debug.program import Binding, FunctionNode, source_of
from learnflow.services.debug.values import read_value
from learnflow.services.debug.wording import code, shown


@dataclass(frozen=True, slots=True)
class Gate:
    """The block that kept a line from running, and whether the line stands in its `else` part."""

    block: ast.AST
    is_else: bool


def skipped(case: Case, name: str, bindings: Sequence[Binding], fact: str) -> Finding | None:
    """All lines that make the name stand in blocks, and none of them ran."""
    gates = [_gate(case, binding) for binding in bindings]
    if any(_was_made(case, binding) for binding in bindings) or not gates:
        return None
    gate, binding = gates[-1], bindings[-1]
    if any(g is None for g in gates) or gate is None:
        return None
    if isinstance(gate.block, ast.For | ast.AsyncFor | ast.While) and not gate.is_else:
        return _no_round(case, name, gate.block, fact)
    if isinstance(gate.block, ast.If) and case.ran_line(gate.block.lineno):
        return _not_taken(case, name, gate, gate.block, bindings, fact)
    where = f"{_made_on(name, bindings)}, inside a block."
    cause = f"{where} The message proves that this line had not run when line {case.line} read the name."
    return _finding(case, "branch-not-taken", binding.line, fact, cause, name)


def _was_made(case: Case, binding: Binding) -> bool:
    if isinstance(binding.statement, ast.For | ast.AsyncFor):
        return any(case.ran_line(statement.lineno) for statement in binding.statement.body)
    return bool(case.ran_line(binding.line))


def _gate(case: Case, binding: Binding) -> Gate | None:
    """The outermost block whose part with the binding did not run; without a trace the innermost."""
    inner: ast.AST = binding.statement
    chain: list[tuple[ast.AST, ast.stmt, bool]] = []
    if isinstance(inner, ast.For | ast.AsyncFor):
        chain.append((inner, inner.body[0], False))
    for outer in case.program.around(inner):
        if isinstance(outer, FunctionNode | ast.ClassDef | ast.Module):
            break
        for part in ("body", "orelse", "finalbody"):
            statements = getattr(outer, part, None)
            if isinstance(statements, list) and inner in statements:
                chain.append((outer, statements[0], part == "orelse"))
        inner = outer
    shut = [link for link in reversed(chain) if case.ran_line(link[1].lineno) is False]
    link = shut[0] if shut else (chain[0] if chain else None)
    return Gate(link[0], link[2]) if link is not None else None


def _made_on(name: str, bindings: Sequence[Binding]) -> str:
    lines = list(dict.fromkeys(binding.line for binding in bindings))
    if len(lines) == 1:
        return f"{code(name)} is made on line {lines[0]} only"
    return f"{code(name)} is made only on lines {', '.join(map(str, lines[:-1]))} and {lines[-1]}"


def _no_round(case: Case, name: str, loop: ast.For | ast.AsyncFor | ast.While, fact: str) -> Finding:
    over = loop.test if isinstance(loop, ast.While) else loop.iter
    held = _values_at(case, loop.lineno, over)
    cause = (
        f"{code(name)} is made only by the loop of line {loop.lineno}, over {code(source_of(over))}. "
        f"{held}The loop ran no round, so {code(name)} was never made."
    )
    return _finding(case, "loop-always-runs", case.line or loop.lineno, fact, cause, name)


def _not_taken(case: Case, name: str, gate: Gate, block: ast.If, bindings: Sequence[Binding], fact: str) -> Finding:
    result = "true" if gate.is_else else "false"
    often = " each time" if case.program.loops_around(block) else ""
    held = _values_at(case, block.lineno, block.test)
    so = f"line {bindings[0].line} did not run" if len(bindings) == 1 else "none of these lines ran"
    cause = (
        f"{_made_on(name, bindings)}. {held}{code(source_of(block.test))} on line {block.lineno} was {result}{often}, "
    )
    return _finding(case, "branch-not-taken", block.lineno, fact, f"{cause}so {so}.", name)


def _values_at(case: Case, line: int, expression: ast.AST) -> str:
    step = next((step for step in reversed(case.steps) if step.line == line), None)
    names = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}
    known = [name for name in sorted(names) if step is not None and name in step.values]
    if step is None or not known:
        return ""
    parts = [f"{code(name)} was {shown(read_value(step.values[name]).shown)}" for name in known[:3]]
    return f"On line {line} {' and '.join(parts)}. "


def _finding(case: Case, misconception: str, line: int, fact: str, cause: str, name: str) -> Finding:
    question = f"Which line makes {code(name)}? Did that line run this time?"
    seen = case.ran and bool(case.steps) and not case.run.is_cut
    return Finding(misconception, line, fact, question, cause, 0.95, is_seen=seen)
