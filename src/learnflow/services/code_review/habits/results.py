"""Values that get lost, paths that give nothing back, loops that cannot do what they look like."""

import ast
import itertools
from collections.abc import Callable, Iterator, Sequence

from learnflow.services.code_review.flow import falls_through, leaves_by_break
from learnflow.services.code_review.hits import Hit
from learnflow.services.code_review.program import FunctionNode, Loop, Program, own_nodes

_GIVE_NONE = {"append", "extend", "insert", "sort", "reverse", "clear", "remove"}
_OF_TEXT = {
    "upper", "lower", "strip", "lstrip", "rstrip", "replace", "title", "capitalize", "split", "join", "format",
    "startswith", "endswith", "removeprefix", "removesuffix", "swapcase", "zfill", "ljust", "rjust", "center",
}  # fmt: skip
_PURE = {"sorted", "len", "str", "int", "float", "round", "abs", "sum", "min", "max", "reversed", "list", "tuple"}
_LOOK_ONLY = _PURE | {"print", "input", "range", "enumerate", "type", "isinstance"}
_CHANGES = {"append", "remove", "insert", "pop", "extend", "clear", "add", "discard", "popitem"}


def missing_return(program: Program) -> Iterator[Hit]:
    """A function that gives a value back on one path and can reach its end on another."""
    for function in program.functions:
        given = [node for node in own_nodes(function) if isinstance(node, ast.Return) and not _is_nothing(node.value)]
        if not given or _is_generator(function):
            continue
        bare = [node for node in own_nodes(function) if isinstance(node, ast.Return) and node.value is None]
        if bare or falls_through(function.body):
            first = min(node.lineno for node in given)
            yield Hit("missing-return", function.lineno, program.column(function), function.name, str(first))


def _is_nothing(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _is_generator(function: FunctionNode) -> bool:
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(function))


def none_kept(program: Program) -> Iterator[Hit]:
    """`ordered = marks.sort()`: the method works on the list itself and gives None back."""
    for node in program.nodes:
        if not isinstance(node, ast.Assign | ast.Return) or not isinstance(node.value, ast.Call):
            continue
        called = node.value.func
        if not isinstance(called, ast.Attribute) or called.attr not in _GIVE_NONE - program.own_methods:
            continue
        rule = "none-kept" if isinstance(node, ast.Assign) else "none-returned"
        yield Hit(rule, node.lineno, program.column(node), f".{called.attr}()", _short(called.value))


def nothing_returned(program: Program) -> Iterator[Hit]:
    """A function that never gives a value back, called where a value is needed: `print(add(2, 3))`."""
    silent = {function.name for function in program.functions if _is_silent(program, function)}
    for node in program.nodes:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in silent:
            continue
        if not isinstance(program.parents.get(node), ast.Expr | ast.Return | ast.Await):
            yield Hit("nothing-returned", node.lineno, program.column(node), node.func.id)


def _is_silent(program: Program, function: FunctionNode) -> bool:
    if function.decorator_list or _is_generator(function) or not falls_through(function.body):
        return False
    if sum(other.name == function.name for other in program.functions) > 1:
        return False
    return not any(isinstance(node, ast.Return) and node.value is not None for node in own_nodes(function))


def lost_value(program: Program) -> Iterator[Hit]:
    """`a + b` alone on a line."""
    for node in program.nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.BinOp):
            yield Hit("lost-value", node.lineno, program.column(node))


def lost_result(program: Program) -> Iterator[Hit]:
    """`name.upper()` alone on a line: the new text is made and thrown away."""
    for node in program.nodes:
        if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
            continue
        called = node.value.func
        if isinstance(called, ast.Attribute) and called.attr in _OF_TEXT - program.own_methods:
            yield Hit("lost-result", node.lineno, program.column(node), f".{called.attr}()")
        elif isinstance(called, ast.Name) and called.id in _PURE - _defined(program) and node.value.args:
            yield Hit("lost-result", node.lineno, program.column(node), f"{called.id}()")


def _defined(program: Program) -> set[str]:
    return {function.name for function in program.functions}


def changes_while_looping(program: Program) -> Iterator[Hit]:
    """A loop over a list that adds to it or takes away from it, and goes on looping."""
    for loop in program.nodes:
        if isinstance(loop, ast.For) and isinstance(loop.iter, ast.Name):
            for block in _blocks(loop):
                yield from _changes(program, loop.iter.id, block)


def _blocks(loop: ast.For) -> Iterator[Sequence[ast.stmt]]:
    """The blocks in a loop's body that can go round again after their last statement."""
    waiting: list[ast.AST] = [loop]
    while waiting:
        node = waiting.pop(0)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                if not isinstance(block[-1], ast.Return | ast.Break | ast.Raise):
                    yield block
                waiting.extend(block)
        waiting.extend(getattr(node, "handlers", []))


def _changes(program: Program, name: str, block: Sequence[ast.stmt]) -> Iterator[Hit]:
    for statement in block:
        deleted = statement.targets if isinstance(statement, ast.Delete) else []
        value = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
        if _is_change(value, name) or any(_is_item(target, name) for target in deleted):
            yield Hit("changes-while-looping", statement.lineno, program.column(statement), name)


def _is_change(value: ast.expr | None, name: str) -> bool:
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr in _CHANGES
        and isinstance(value.func.value, ast.Name)
        and value.func.value.id == name
    )


def _is_item(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id == name


def one_round(program: Program) -> Iterator[Hit]:
    """A loop that is left at the end of its first round, whatever happens."""
    for loop in program.nodes:
        if isinstance(loop, Loop) and not falls_through(loop.body) and not _goes_on(loop):
            yield Hit("one-round", loop.lineno, program.column(loop))


def _goes_on(loop: Loop) -> bool:
    return any(isinstance(node, ast.Continue) for statement in loop.body for node in ast.walk(statement))


def unchanged_condition(program: Program) -> Iterator[Hit]:
    """A `while` whose condition reads only plain names that nothing in its body changes, and that nothing leaves."""
    for loop in program.nodes:
        if isinstance(loop, ast.While) and _only_names(loop.test) and not _is_left(loop):
            names = {node.id for node in ast.walk(loop.test) if isinstance(node, ast.Name)}
            if names and not names & _bound_in(loop):
                yield Hit("unchanged-condition", loop.lineno, program.column(loop), min(names))


def _only_names(test: ast.expr) -> bool:
    allowed = (ast.Name, ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.operator, ast.cmpop,
               ast.boolop, ast.unaryop, ast.expr_context)  # fmt: skip
    return all(isinstance(node, allowed) for node in ast.walk(test))


def _is_left(loop: ast.While) -> bool:
    inside = [node for statement in loop.body for node in ast.walk(statement)]
    return leaves_by_break(loop) or any(isinstance(node, ast.Return | ast.Raise | ast.Yield) for node in inside)


def _bound_in(loop: ast.While) -> set[str]:
    """Names that get a value, or hold something that may be changed: a list whose method is called counts."""
    inside = [node for statement in loop.body for node in ast.walk(statement)]
    stored = {node.id for node in inside if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    called = (node for node in inside if isinstance(node, ast.Call) and not _looks_only(node))
    touched = {name.id for call in called for name in ast.walk(call) if isinstance(name, ast.Name)}
    if any(isinstance(node, ast.Global | ast.Nonlocal) for node in inside):
        return stored | {"*"}
    changed = {node.value.id for node in inside
               if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.value, ast.Name)}  # fmt: skip
    return stored | touched | changed


def _looks_only(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in _LOOK_ONLY


def never_runs(program: Program) -> Iterator[Hit]:
    """A statement after one that always leaves the block."""
    for node in program.nodes:
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                for before, after in itertools.pairwise(block):
                    if isinstance(before, ast.Return | ast.Raise | ast.Break | ast.Continue):
                        yield Hit("never-runs", after.lineno, program.column(after), other=str(before.lineno))
                        break


def _short(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else "the list"


RULES: tuple[Callable[[Program], Iterator[Hit]], ...] = (
    missing_return,
    nothing_returned,
    none_kept,
    lost_result,
    lost_value,
    changes_while_looping,
    one_round,
    unchanged_condition,
    never_runs,
)
