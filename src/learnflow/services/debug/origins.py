"""Origin tracing: from a value that fails back to the line that made it, through names, parameters and returns."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from learnflow.services.debug.case import Case
from learnflow.services.debug.program import Binding, FunctionNode, Program, name_of, source_of

Maker = Literal[
    "in-place",  # a method that changes its object and gives back None
    "print",
    "no-return",  # a function of the student's that gives back nothing
    "some-path",  # one that gives back something on some ways only
    "none",  # the word None itself
    "get",  # dict.get without the key, re.match without a match
    "input",
    "converted",  # int(...), str(...), list(...)
    "literal",
    "display",  # [...], {...}, (...)
    "method",
    "call",
    "loop",
    "expression",
]

IN_PLACE = {
    **dict.fromkeys(("sort", "append", "extend", "insert", "remove", "reverse", "clear"), "list"),
    **dict.fromkeys(("add", "discard", "update"), "set"),
    "shuffle": "random",
}
"""Methods that change their object and give back None, with what they belong to."""

_MAY_GIVE_NONE = {"get", "match", "search", "fullmatch"}
_CONVERTERS = {"int", "float", "str", "list", "tuple", "dict", "set", "bool"}
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was made: the line, how, the expression, and the name that it was stored under there.

    `is_handed_over` says that it came into the failing function as an argument.
    """

    line: int
    maker: Maker
    node: ast.AST
    detail: str = ""
    stored_in: str | None = None
    is_seen: bool = False
    is_handed_over: bool = False
    via: str | None = None


def origin_of(case: Case, node: ast.AST | None, depth: int = 0) -> Origin | None:
    """The line that made the value of this expression, as far as the program and its run tell."""
    if node is None or depth > _DEEPEST:
        return None
    name = name_of(node)
    if name is None:
        return made_by(case, node, depth)
    binding = last_binding(case, name)
    if binding is None:
        return None
    return _through(case, binding, depth)


def _through(case: Case, binding: Binding, depth: int) -> Origin | None:
    if binding.kind == "parameter":
        return _from_caller(case, binding, depth)
    if binding.kind in {"for", "comprehension"}:
        return Origin(binding.line, "loop", binding.statement, stored_in=binding.name)
    if binding.value is None or binding.is_part or binding.kind == "augment":
        return Origin(binding.line, "expression", binding.statement, stored_in=binding.name)
    found = made_by(case, binding.value, depth)
    if found is None:
        return Origin(binding.line, "expression", binding.value, stored_in=binding.name)
    is_here = binding.line <= found.line <= (binding.value.end_lineno or found.line)
    if found.stored_in is None and is_here:
        found = replace(found, line=binding.line, stored_in=binding.name, is_seen=was_run(case, binding.line))
    return found


def was_run(case: Case, line: int) -> bool:
    """True when the run came to that line."""
    return bool(case.ran_line(line))


def last_binding(case: Case, name: str) -> Binding | None:
    """The binding of the name that counted at the failure: the last one that ran, else the nearest one above."""
    candidates = visible_bindings(case, name)
    if not candidates:
        return None
    line = case.last_run(binding.line for binding in candidates)
    if line is not None:
        return next(binding for binding in candidates if binding.line == line)
    if len(candidates) == 1:
        return candidates[0]
    above = [binding for binding in candidates if binding.line < (case.line or 0)]
    return (above or candidates)[-1]


def visible_bindings(case: Case, name: str) -> list[Binding]:
    """Bindings of the name in the failing function if it is local there, else in the module."""
    everywhere = case.program.bindings_of(name)
    if "." in name:
        return everywhere
    local = [b for b in everywhere if b.function is not None and b.function is case.function]
    return local or [b for b in everywhere if b.function is None]


def made_by(case: Case, node: ast.AST, depth: int = 0) -> Origin | None:
    """How an expression makes its value; a plain name is followed further."""
    line = getattr(node, "lineno", case.line or 0)
    if isinstance(node, ast.Name):
        return origin_of(case, node, depth + 1)
    if isinstance(node, ast.Call):
        return _made_by_call(case, node, depth)
    if isinstance(node, ast.Constant):
        return Origin(line, "none" if node.value is None else "literal", node)
    if isinstance(node, ast.List | ast.Dict | ast.Set | ast.Tuple):
        return Origin(line, "display", node)
    return Origin(line, "expression", node) if isinstance(node, ast.expr) else None


def _made_by_call(case: Case, node: ast.Call, depth: int) -> Origin:
    if isinstance(node.func, ast.Attribute):
        return _made_by_method(case, node, node.func)
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in case.program.functions:
        return _made_by_function(case, node, case.program.functions[name], depth)
    if name in {"print", "input"}:
        return Origin(node.lineno, "print" if name == "print" else "input", node, name)
    if name == "shuffle":
        return Origin(node.lineno, "in-place", node, "shuffle")
    return Origin(node.lineno, "converted" if name in _CONVERTERS else "call", node, name)


def _made_by_method(case: Case, node: ast.Call, method: ast.Attribute) -> Origin:
    own = case.program.functions.get(method.attr)
    if own is not None:
        return _made_by_function(case, node, own, 0)
    if method.attr in IN_PLACE:
        return Origin(node.lineno, "in-place", node, method.attr)
    if method.attr in _MAY_GIVE_NONE:
        return Origin(node.lineno, "get", node, method.attr)
    return Origin(node.lineno, "method", node, method.attr)


def _made_by_function(case: Case, node: ast.Call, function: FunctionNode, depth: int) -> Origin:
    maker = gives_back(case.program, function)
    if maker is None:
        return _followed_return(case, function, depth) or Origin(node.lineno, "call", node, function.name)
    return Origin(node.lineno, maker, node, function.name, via=function.name)


def _followed_return(case: Case, function: FunctionNode, depth: int) -> Origin | None:
    """A function whose one return hands on a None-making call: `return items.sort()`."""
    values = [node.value for node in returns_of(case.program, function) if node.value is not None]
    if len(values) != 1 or not isinstance(values[0], ast.Call) or depth > _DEEPEST:
        return None
    found = made_by(case, values[0], depth + 1)
    if found is None or found.maker not in {"in-place", "print"}:
        return None
    return replace(found, via=function.name, is_seen=was_run(case, found.line))


def returns_of(program: Program, function: FunctionNode) -> list[ast.Return]:
    """The return statements of this very function, not those of functions inside it."""
    inside = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
    return [node for node in inside if program.function_around(node) is function]


def gives_back(program: Program, function: FunctionNode) -> Literal["no-return", "some-path"] | None:
    """Whether a function may end without a value: never one, on some ways, or (None) always one."""
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function)):
        return None
    if all(node.value is None for node in returns_of(program, function)):
        return "no-return"
    return None if always_returns(function.body) else "some-path"


def always_returns(body: list[ast.stmt]) -> bool:
    """True when no way through the statements reaches their end."""
    return any(_leaves(statement) for statement in body)


def _leaves(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Return | ast.Raise):
        return True
    if isinstance(statement, ast.If):
        return always_returns(statement.body) and always_returns(statement.orelse)
    if isinstance(statement, ast.With):
        return always_returns(statement.body)
    if isinstance(statement, ast.Try):
        handlers = all(always_returns(handler.body) for handler in statement.handlers)
        return always_returns(statement.finalbody) or (always_returns(statement.body) and handlers)
    if isinstance(statement, ast.Match):
        return bool(statement.cases) and all(always_returns(part.body) for part in statement.cases)
    return _is_endless(statement)


def _is_endless(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.While) or not isinstance(statement.test, ast.Constant):
        return False
    return bool(statement.test.value) and not any(isinstance(node, ast.Break) for node in ast.walk(statement))


def calls_of(program: Program, name: str) -> Iterator[ast.Call]:
    """The calls of a function or method by its name."""
    for node in program.nodes:
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
            if called == name:
                yield node


def argument_for(call: ast.Call, function: FunctionNode, parameter: str) -> ast.expr | None:
    """What a call hands over for a parameter."""
    for keyword in call.keywords:
        if keyword.arg == parameter:
            return keyword.value
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    if isinstance(call.func, ast.Attribute) and names[:1] == ["self"]:
        names = names[1:]
    if parameter not in names or any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    place = names.index(parameter)
    return call.args[place] if place < len(call.args) else None


def _from_caller(case: Case, binding: Binding, depth: int) -> Origin | None:
    function = binding.function or case.program.function_around(binding.statement)
    if function is None:
        return None
    calls = list(calls_of(case.program, function.name))
    line = case.last_run(call.lineno for call in calls)
    chosen = [call for call in calls if call.lineno == line] or calls
    if len(chosen) != 1:
        return None
    argument = argument_for(chosen[0], function, binding.name)
    if argument is None:
        return None
    outside = _case_outside(case, chosen[0])
    found = origin_of(outside, argument, depth + 1) if name_of(argument) else made_by(outside, argument, depth + 1)
    return replace(found, is_handed_over=True) if found is not None else None


def _case_outside(case: Case, call: ast.Call) -> Case:
    """The same evidence, seen from the line of the call."""
    raised = replace(case.raised, line=call.lineno, column=None, end_column=None, locals={})
    last = max((i for i, step in enumerate(case.steps) if step.line == call.lineno), default=len(case.steps) - 1)
    until = replace(case.run, steps=case.steps[: last + 1], final={})
    return Case(case.program, raised, until, ran=case.ran)


def describe(origin: Origin) -> str:
    """The expression that made the value, for showing."""
    return source_of(origin.node)
