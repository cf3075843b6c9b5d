"""None where a value was needed: the line that stops only reads it; an earlier line made it."""

import ast

from learnflow.services.debug.case import Case
from learnflow.services.debug.finding import Finding
from learnflow.services.debug.operands import operand_of_kind, operands
from learnflow.services.debug.origins import Origin, calls_of, made_by, origin_of, was_run
from learnflow.services.debug.program import FunctionNode, name_of, source_of
from learnflow.services.debug.wording import code


def explain(case: Case) -> list[Finding]:
    """The cause of a NoneType error: where the None was made."""
    node = operand_of_kind(case, "NoneType")
    if node is None:
        return [_without_place(case)]
    origin = origin_of(case, node)
    found = _by_maker(case, node, origin) if origin is not None else None
    return [found or _from_somewhere(case, node, origin)]


def _named(case: Case, node: ast.expr) -> str:
    made = made_by(case, node) if isinstance(node, ast.Call) else None
    return _called(made) if made is not None and made.detail else code(source_of(node, 40))


def _fact(case: Case, node: ast.expr) -> str:
    what = _named(case, node)
    if isinstance(node, ast.Call):
        return f"Line {case.line} goes on working with what {what} gave back. That was None, which means: no value."
    return f"Line {case.line} works with {what}. At that moment {what} was None, which means: no value."


def _question(case: Case, node: ast.expr, origin: Origin | None) -> str:
    what = _named(case, node)
    if isinstance(node, ast.Call):
        return f"What does {what} do, and what does it give back?"
    if origin is not None and origin.line == case.line:
        return f"What did {what} hold before line {case.line}?"
    return (
        f"Which line gave {what} its value last, before line {case.line}? What does the right side of that line "
        "give back?"
    )


def _found(case: Case, node: ast.expr, origin: Origin, misconception: str, cause: str, line: int | None = None,
           sure: float = 0.95) -> Finding:  # fmt: skip
    seen = case.ran and was_run(case, origin.line)
    where = origin.line if line is None else line
    first, last = sorted((where, origin.line, case.line or where))[::2]
    question = _question(case, node, origin)
    return Finding(misconception, where, _fact(case, node), question, cause, sure, (first, last), is_seen=seen)


def _stored(origin: Origin) -> str:
    if origin.stored_in is not None:
        return f"Line {origin.line} stores in {code(origin.stored_in)} what {_called(origin)} gives back."
    return f"Line {origin.line} uses what {_called(origin)} gives back."


def _called(origin: Origin) -> str:
    """The call by its name alone: its whole text, set alone on a line, may be the very repair."""
    is_method = isinstance(origin.node, ast.Call) and isinstance(origin.node.func, ast.Attribute)
    return code(f".{origin.detail}()" if is_method else f"{origin.detail}()")


def _by_maker(case: Case, node: ast.expr, origin: Origin) -> Finding | None:
    if origin.maker == "in-place":
        return _in_place(case, node, origin)
    if origin.maker == "print":
        cause = f"{_stored(origin)} `print` shows a value on the screen and gives back None."
        return _found(case, node, origin, "return-vs-print", cause)
    if origin.maker in {"no-return", "some-path"}:
        return _by_function(case, node, origin)
    if origin.maker == "none":
        return _still_none(case, node, origin)
    if origin.maker == "get":
        cause = f"{_stored(origin)} It looked for something that was not there, so it gave back None."
        return _found(case, node, origin, "get-may-find-nothing", cause)
    return None


def _in_place(case: Case, node: ast.expr, origin: Origin) -> Finding:
    change = {"sort": "puts the list in order", "reverse": "turns the list round", "shuffle": "mixes the list"}
    does = change.get(origin.detail, "changes its object")
    via = f" That is what {code(origin.via)} hands back." if origin.via else ""
    cause = f"{_stored(origin)}{via} {_called(origin)} {does} on the spot and gives back None."
    return _found(case, node, origin, "sort-returns-list", cause)


def _by_function(case: Case, node: ast.expr, origin: Origin) -> Finding | None:
    function = case.program.functions.get(origin.detail)
    if function is None:
        return None
    end = function.end_lineno or function.lineno
    where = f"{code(function.name)} (lines {function.lineno} to {end})"
    if origin.maker == "some-path":
        cause = (
            f"{_stored(origin)} {where} hands back a value on some ways only. This time it came to its end without one."
        )
        return _found(case, node, origin, "return-on-some-ways", cause, end)
    printed = _last_print(function)
    if printed is not None:
        cause = f"{_stored(origin)} {where} shows its result on line {printed} and hands nothing back."
        return _found(case, node, origin, "return-vs-print", cause, printed)
    cause = f"{_stored(origin)} {where} comes to its end without handing a value back."
    return _found(case, node, origin, "missing-return", cause, function.body[-1].lineno)


def _last_print(function: FunctionNode) -> int | None:
    lines = [node.lineno for node in ast.walk(function) if isinstance(node, ast.Call) and _is_print(node)]
    return max(lines, default=None)


def _is_print(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id == "print"


def _still_none(case: Case, node: ast.expr, origin: Origin) -> Finding:
    name = code(origin.stored_in or source_of(node))
    others = [b.line for b in case.program.bindings_of(origin.stored_in or "") if b.line != origin.line]
    cause = f"Line {origin.line} sets {name} to None."
    if others and all(case.ran_line(line) is False for line in others):
        cause += f" Line {others[0]} would give it another value, but that line did not run."
    else:
        cause += f" It was still None when line {case.line} needed a value."
    return _found(case, node, origin, "none-stays", cause, sure=0.85)


def _from_somewhere(case: Case, node: ast.expr, origin: Origin | None) -> Finding:
    line = origin.line if origin is not None else case.line
    name = code(source_of(node, 40))
    where = f"Line {line} gave {name} its value." if origin is not None else "The None was made before."
    cause = f"{where} When line {case.line} ran, it was None."
    question = _question(case, node, origin)
    return Finding("none-from-somewhere", line, _fact(case, node), question, cause, 0.6, is_seen=case.ran)


def _without_place(case: Case) -> Finding:
    """Only the message is known, or nothing on the line has a name to follow."""
    candidates = [node for node in operands(case) if name_of(node)]
    name = code(source_of(candidates[0], 40)) if len(candidates) == 1 else "a value"
    fact = f"{case.here} works with {name}. At that moment it was None, which means: no value."
    question = f"Which values does {case.the_line} use? Which line made each of them?"
    cause = "The message proves that one of the values was None. An earlier line made it so."
    makers = _none_makers(case)
    if makers:
        cause += f" Line {makers[0]} is worth a look: it keeps what a method or a `print` gives back."
    return Finding("none-from-somewhere", makers[0] if makers else case.line, fact, question, cause, 0.5)


def _none_makers(case: Case) -> list[int]:
    names = ("sort", "append", "reverse", "extend", "insert", "remove", "print")
    calls = (call for name in names for call in calls_of(case.program, name))
    return sorted(call.lineno for call in calls if not isinstance(case.program.parents.get(call), ast.Expr))
