"""Work that the computer does again and again although once would be enough."""

import ast
from collections.abc import Callable, Iterator
from typing import TypeGuard

from learnflow.services.code_review.hits import Hit
from learnflow.services.code_review.program import Program


def range_over_length(program: Program) -> Iterator[Hit]:
    """`for i in range(len(marks))` where `i` is used for nothing but `marks[i]`."""
    for loop in program.nodes:
        if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Name):
            continue
        name = _measured(loop.iter)
        if name is not None and _only_reads_items(program, loop, loop.target.id, name):
            yield Hit("range-over-length", loop.lineno, program.column(loop), name, loop.target.id)


def _measured(iterated: ast.expr) -> str | None:
    """The name in `range(len(name))` and `range(0, len(name))`."""
    if not _is_call_of(iterated, "range") or len(iterated.args) > 2:
        return None
    if len(iterated.args) == 2 and not (isinstance(first := iterated.args[0], ast.Constant) and first.value == 0):
        return None
    last = iterated.args[-1] if iterated.args else None
    if last is None or not _is_call_of(last, "len") or len(last.args) != 1:
        return None
    return last.args[0].id if isinstance(last.args[0], ast.Name) else None


def _is_call_of(node: ast.expr, name: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _only_reads_items(program: Program, loop: ast.For, index: str, name: str) -> bool:
    uses = [node for statement in loop.body for node in ast.walk(statement)
            if isinstance(node, ast.Name) and node.id == index]  # fmt: skip
    return bool(uses) and all(_is_plain_item(program.parents.get(use), name, use) for use in uses)


def _is_plain_item(node: ast.AST | None, name: str, index: ast.Name) -> bool:
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and node.slice is index
        and isinstance(node.value, ast.Name)
        and node.value.id == name
    )


def text_in_a_loop(program: Program) -> Iterator[Hit]:
    """`text += piece` in a loop: every round copies all that is there."""
    texts = _names_given(program, lambda value: isinstance(value, ast.Constant) and isinstance(value.value, str))
    for node in program.nodes:
        name = _grown(node)
        if name in texts and isinstance(node, ast.stmt) and program.loops_around(node):
            yield Hit("text-in-a-loop", node.lineno, program.column(node), name or "")


def list_in_a_loop(program: Program) -> Iterator[Hit]:
    """`marks = marks + [mark]` in a loop: a new list is made each round."""
    for node in program.nodes:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.BinOp)
            and isinstance(node.value.right, ast.List)
            and (name := _grown(node)) is not None
            and program.loops_around(node)
        ):
            yield Hit("list-in-a-loop", node.lineno, program.column(node), name)


def _grown(node: ast.AST) -> str | None:
    """The name that grows by `name += x` or `name = name + x`."""
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add) and isinstance(node.target, ast.Name):
        return node.target.id
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.BinOp) or len(node.targets) != 1:
        return None
    target, left = node.targets[0], node.value.left
    if not isinstance(node.value.op, ast.Add) or not isinstance(target, ast.Name) or not isinstance(left, ast.Name):
        return None
    return target.id if target.id == left.id else None


def _names_given(program: Program, is_kind: Callable[[ast.expr], bool]) -> set[str]:
    assigned = (node for node in program.nodes if isinstance(node, ast.Assign) and is_kind(node.value))
    return {target.id for node in assigned for target in node.targets if isinstance(target, ast.Name)}


def search_in_a_loop(program: Program) -> Iterator[Hit]:
    """`in`, `.count()` or `.index()` on a list inside a loop: each round looks through the whole list."""
    lists = _names_given(program, lambda value: isinstance(value, ast.List | ast.ListComp))
    for node in program.nodes:
        name = _searched(node)
        if name in lists and isinstance(node, ast.expr) and program.loops_around(node):
            yield Hit("search-in-a-loop", node.lineno, program.column(node), name or "")


def _searched(node: ast.AST) -> str | None:
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
        found: ast.expr = node.comparators[0]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"count", "index"}:
        found = node.func.value
    else:
        return None
    return found.id if isinstance(found, ast.Name) else None


def sorting_in_a_loop(program: Program) -> Iterator[Hit]:
    """`sorted(x)` or `x.sort()` inside a loop."""
    for node in program.nodes:
        if not isinstance(node, ast.Call) or not program.loops_around(node):
            continue
        is_method = isinstance(node.func, ast.Attribute) and node.func.attr == "sort"
        if (is_method and "sort" not in program.own_methods) or _is_call_of(node, "sorted"):
            yield Hit("sorting-in-a-loop", node.lineno, program.column(node))


def insert_at_the_front(program: Program) -> Iterator[Hit]:
    """`x.insert(0, item)` inside a loop moves all items each time."""
    for node in program.nodes:
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "insert"
            and len(node.args) == 2
            and isinstance(node.args[0], ast.Constant)
            and node.args[0].value == 0
            and program.loops_around(node)
        ):
            yield Hit("insert-at-the-front", node.lineno, program.column(node))


RULES: tuple[Callable[[Program], Iterator[Hit]], ...] = (
    range_over_length, text_in_a_loop, list_in_a_loop, search_in_a_loop, sorting_in_a_loop, insert_at_the_front,
)  # fmt: skip
