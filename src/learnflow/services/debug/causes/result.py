"""No error: the program ran to its end. What is worth a look when the result is not the expected one."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace

from learnflow.services.debug.case import Run
from learnflow.services.debug.finding import Finding
from learnflow.services.debug.origins import calls_of, gives_back
from learnflow.services.debug.program import FunctionNode, Program, source_of
from learnflow.services.debug.wording import code, shown

_TEXT_METHODS = {"upper", "lower", "strip", "replace", "title", "capitalize", "split", "join", "lstrip", "rstrip"}
_CONVERTERS = {"int", "str", "float", "list", "sorted"}


def explain(program: Program, run: Run) -> list[Finding]:
    """Lines worth a look, best first; the last one is always the honest general answer."""
    found = [finding for detect in _DETECTORS for finding in detect(program, run)]
    return [*sorted(found, key=lambda finding: -finding.confidence), _ran(program, run)]


def explain_unseen(program: Program) -> list[Finding]:
    """The same by reading alone: nothing ran, and nothing of it may sound as if it had."""
    found = explain(program, Run("unknown"))
    fact = "Nothing was run this time, so I can only say what I read."
    return [replace(finding, fact=fact, is_seen=False) for finding in found]


def _fact(run: Run) -> str:
    shown_output = run.stdout.strip().splitlines()
    if not shown_output:
        return "It ran to its end without an error, and it printed nothing."
    last = shown_output[-1]
    return f"It ran to its end without an error. The last line that it printed is {shown(last)}."


def _ran(program: Program, run: Run) -> Finding:
    line = next((n.lineno for n in program.nodes if isinstance(n, ast.stmt)), None)
    question = "What did you expect to see, and what do you see instead?"
    cause = "No line of it raised an error. Only the expected result can show which line is wrong."
    return Finding("wrong-result", line, _fact(run), question, cause, 0.2, is_seen=True, is_specific=False)


def _found(run: Run, misconception: str, line: int, question: str, cause: str, sure: float, *, seen: bool = False
           ) -> Iterator[Finding]:  # fmt: skip
    yield Finding(misconception, line, _fact(run), question, cause, sure, is_seen=seen)


def _expressions(program: Program) -> Iterator[ast.Expr]:
    return (node for node in program.nodes if isinstance(node, ast.Expr))


def _dropped(program: Program, run: Run) -> Iterator[Finding]:
    for node in _expressions(program):
        call = node.value
        if not isinstance(call, ast.Call):
            continue
        if (
            isinstance(call.func, ast.Attribute) and call.func.attr in _TEXT_METHODS and _is_no_class(program, call)
        ) or (isinstance(call.func, ast.Name) and call.func.id in _CONVERTERS):
            yield from _drop(run, node, source_of(call))


def _is_no_class(program: Program, call: ast.Call) -> bool:
    return getattr(call.func, "attr", "") not in program.functions


def _drop(run: Run, node: ast.Expr, text: str) -> Iterator[Finding]:
    question = f"What does {code(text)} on line {node.lineno} give back, and who keeps it?"
    cause = f"Line {node.lineno} works out {code(text)}. No name keeps what it gives back."
    return _found(run, "result-is-dropped", node.lineno, question, cause, 0.85)


def _asked_and_dropped(program: Program, run: Run) -> Iterator[Finding]:
    for node in _expressions(program):
        if isinstance(node.value, ast.Compare):
            question = f"What does line {node.lineno}, {code(source_of(node.value))}, change?"
            cause = (
                f"Line {node.lineno} asks whether {code(source_of(node.value))}. "
                "Nobody uses the answer, and nothing changes."
            )
            yield from _found(run, "equal-tests-only", node.lineno, question, cause, 0.9)


def _never_called(program: Program, run: Run) -> Iterator[Finding]:
    for node in _expressions(program):
        if isinstance(node.value, ast.Name) and node.value.id in program.functions:
            name = code(node.value.id)
            question = f"What does line {node.lineno} do with {name}: name it, or run it?"
            cause = f"Line {node.lineno} only names {name}. The function did not run there."
            yield from _found(run, "name-is-call", node.lineno, question, cause, 0.9)
    if run.stdout.strip() or not program.functions:
        return
    used = {n.id for n in program.nodes if isinstance(n, ast.Name)} | {
        n.attr for n in program.nodes if isinstance(n, ast.Attribute)
    }
    for name, function in program.functions.items():
        if name not in used and not name.startswith("__"):
            question = f"Which line makes {code(name)} run?"
            cause = f"Line {function.lineno} describes {code(name)}. No line of the program calls it."
            yield from _found(run, "def-runs-body", function.lineno, question, cause, 0.8, seen=True)


def _joined_by_or(program: Program, run: Run) -> Iterator[Finding]:
    for node in program.nodes:
        if isinstance(node, ast.BoolOp) and isinstance(node.values[0], ast.Compare):
            loose = [v for v in node.values[1:] if isinstance(v, ast.Constant) and not isinstance(v.value, bool)]
            if loose:
                test, part = code(source_of(node)), code(source_of(loose[0]))
                question = f"On line {node.lineno}: is {part} alone true or false for Python?"
                cause = (
                    f"Line {node.lineno} asks {test}. "
                    f"{part} stands there as a question of its own, and its answer is always the same."
                )
                yield from _found(run, "or-joins-values", node.lineno, question, cause, 0.95)


def _left_too_early(program: Program, run: Run) -> Iterator[Finding]:
    for loop in (n for n in program.nodes if isinstance(n, ast.For)):
        ends = [s for s in loop.body if isinstance(s, ast.Return)]
        both = [s for s in loop.body if isinstance(s, ast.If) and _both_return(s)]
        for statement in (*ends, *both):
            question = f"How many rounds does the loop of line {loop.lineno} run before the function ends?"
            cause = (
                f"The loop of line {loop.lineno} meets a way out in its first round already, on line "
                f"{statement.lineno}."
            )
            yield from _found(run, "return-in-loop", statement.lineno, question, cause, 0.75)


def _both_return(statement: ast.If) -> bool:
    last = (statement.body[-1], statement.orelse[-1] if statement.orelse else None)
    return all(isinstance(node, ast.Return) for node in last)


def _printed_none(program: Program, run: Run) -> Iterator[Finding]:
    if "None" not in run.stdout.split():
        return
    for name, function in program.functions.items():
        ending = gives_back(program, function)
        used = [call for call in calls_of(program, name) if not isinstance(program.parents.get(call), ast.Expr)]
        if ending is not None and used:
            yield from _gave_none(run, name, function, used[0].lineno, is_always=ending == "no-return")


def _gave_none(run: Run, name: str, function: FunctionNode, line: int, *, is_always: bool) -> Iterator[Finding]:
    question = f"What does {code(name)} hand back to line {line}?"
    where = f"{code(name)} (lines {function.lineno} to {function.end_lineno})"
    if not is_always:
        cause = f"{where} hands a value back on some ways only. On the others line {line} gets None."
        return _found(run, "return-on-some-ways", function.lineno, question, cause, 0.85)
    prints = any(isinstance(n, ast.Call) and source_of(n.func) == "print" for n in ast.walk(function))
    cause = f"Line {line} uses what {where} hands back. It comes to its end without handing anything back."
    return _found(run, "return-vs-print" if prints else "missing-return", function.lineno, question, cause, 0.9)


def _started_anew(program: Program, run: Run) -> Iterator[Finding]:
    for loop in (n for n in program.nodes if isinstance(n, ast.For | ast.While)):
        starts = {
            b.name: b.line
            for b in program.bindings
            if b.statement in loop.body and _is_start(b.value) and b.kind == "assign"
        }
        for name, line in starts.items():
            grown = any(isinstance(s, ast.AugAssign) and source_of(s.target) == name for s in loop.body)
            if grown:
                question = f"What is {code(name)} at the start of each round of line {loop.lineno}?"
                cause = (
                    f"Line {line} stands inside the loop of line {loop.lineno}. "
                    f"It gives {code(name)} its start value again in each round."
                )
                yield from _found(run, "accumulator-reset", line, question, cause, 0.8)


def _is_start(node: ast.expr | None) -> bool:
    return (isinstance(node, ast.Constant) and node.value in {0, 1, ""}) or (
        isinstance(node, ast.List) and not node.elts
    )


_DETECTORS: tuple[Callable[[Program, Run], Iterator[Finding]], ...] = (
    _joined_by_or,
    _asked_and_dropped,
    _printed_none,
    _dropped,
    _never_called,
    _started_anew,
    _left_too_early,
)
