"""Small expressions of the student's, worked out from the values that the run showed; nothing is executed."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from learnflow.services.debug.values import UNKNOWN, Value

_BIGGEST = 10**12
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}


def evaluate(node: ast.AST | None, values: Mapping[str, Value]) -> object:
    """What the expression gives, or UNKNOWN; only names, numbers, positions, `len`, `range` and plain arithmetic."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name | ast.Attribute):
        return _named(node, values)
    if isinstance(node, ast.BinOp):
        return _arithmetic(node, values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        operand = evaluate(node.operand, values)
        return -operand if isinstance(operand, int | float) else UNKNOWN
    if isinstance(node, ast.Subscript):
        return _item(node, values)
    if isinstance(node, ast.Call):
        return _call(node, values)
    return UNKNOWN


def _named(node: ast.Name | ast.Attribute, values: Mapping[str, Value]) -> object:
    key = node.id if isinstance(node, ast.Name) else ast.unparse(node)
    value = values.get(key)
    return value.literal if value is not None else UNKNOWN


def _arithmetic(node: ast.BinOp, values: Mapping[str, Value]) -> object:
    left, right = evaluate(node.left, values), evaluate(node.right, values)
    if not (_is_small(left) and _is_small(right)):
        return UNKNOWN
    work = _OPERATORS.get(type(node.op))
    try:
        return work(left, right) if work else UNKNOWN
    except ArithmeticError:
        return UNKNOWN


def _is_small(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) < _BIGGEST


def _item(node: ast.Subscript, values: Mapping[str, Value]) -> object:
    whole, key = evaluate(node.value, values), evaluate(node.slice, values)
    if whole is UNKNOWN or key is UNKNOWN or isinstance(node.slice, ast.Slice):
        return UNKNOWN
    try:
        return whole[key]  # type: ignore[index]  # whatever it is, a wrong one raises TypeError
    except (TypeError, KeyError, IndexError):
        return UNKNOWN


def _call(node: ast.Call, values: Mapping[str, Value]) -> object:
    if not isinstance(node.func, ast.Name) or node.keywords or node.func.id not in {"len", "range"}:
        return UNKNOWN
    arguments: list[Any] = [evaluate(argument, values) for argument in node.args]
    try:
        return len(*arguments) if node.func.id == "len" else range(*arguments)
    except (TypeError, ValueError):
        return UNKNOWN
