"""Values as an exercise writes them: Python literals, and the few calls that stand for what has no literal."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation


@dataclass(frozen=True, slots=True)
class Record:
    """An object with named fields, as `Point(x=1, y=2)`: a dataclass or a class of the exercise's own."""

    name: str
    fields: tuple[tuple[str, object], ...]


_MADE: dict[str, Callable[..., object]] = {
    "set": set,
    "frozenset": frozenset,
    "float": float,
    "Decimal": Decimal,
    "date": date,
    "datetime": datetime,
    "time": time,
    "timedelta": timedelta,
}
_NAMED = {"inf": float("inf"), "nan": float("nan")}


def read_literal(text: str) -> object:
    """The value of a literal, of `set()`, `float('inf')`, `Decimal('1.5')`, `date(2026, 1, 2)` or of a Record.

    Nothing is executed. ValueError says what is wrong with the text.
    """
    try:
        return _value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, TypeError, InvalidOperation, RecursionError, MemoryError) as error:
        raise ValueError(f"{text!r} is no Python literal") from error


def _value(node: ast.expr) -> object:
    if isinstance(node, ast.Name) and node.id in _NAMED:
        return _NAMED[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Name):
        return -_NAMED[node.operand.id] if node.operand.id in _NAMED else ast.literal_eval(node)
    if isinstance(node, ast.Call):
        return _made(node)
    if isinstance(node, ast.Dict):
        # a key of None stands for `**other`, which literal_eval refuses
        return {_value(key or node): _value(item) for key, item in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)](map(_value, node.elts))
    return ast.literal_eval(node)


def _made(call: ast.Call) -> object:
    if not isinstance(call.func, ast.Name):
        raise TypeError("only simple names are called")
    if call.func.id in _MADE:
        named = {keyword.arg: _value(keyword.value) for keyword in call.keywords if keyword.arg is not None}
        return _MADE[call.func.id](*map(_value, call.args), **named)
    if call.args or any(keyword.arg is None for keyword in call.keywords):
        raise ValueError("a record names its fields")
    return Record(call.func.id, tuple((str(keyword.arg), _value(keyword.value)) for keyword in call.keywords))
