"""Programs with one small fault each, made of a right one: what tests are worth is how many of them they find.

The faults are the usual ones of mutation testing (Offutt et al. 1996): another operator, a value beside it, a
condition turned round, a statement left out, nothing given back.
"""

import ast
import copy
from collections.abc import Callable, Iterator

MOST = 40
"""Mutants of one program; of more an even spread is taken."""

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult,
}  # fmt: skip
Change = Callable[[ast.AST], None]


def mutants(program: str) -> list[str]:
    """Up to 40 programs, each with one fault, none equal to the program or to another."""
    right = ast.unparse(ast.parse(program))
    made = dict.fromkeys(changed for changed in _all(ast.parse(program)) if changed != right)
    found = list(made)
    if len(found) <= MOST:
        return found
    return [found[place * len(found) // MOST] for place in range(MOST)]


def _all(tree: ast.Module) -> Iterator[str]:
    for place, node in enumerate(ast.walk(tree)):
        for change in _changes(node):
            changed = copy.deepcopy(tree)
            change(list(ast.walk(changed))[place])
            yield ast.unparse(ast.fix_missing_locations(changed))


def _changes(node: ast.AST) -> Iterator[Change]:
    yield from _other_operator(node)
    yield from _other_value(node)
    yield from _other_way(node)
    yield from _left_out(node)


def _other_operator(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in _COMPARED:
            yield _set("ops", [_COMPARED[type(operator)]()])
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator) if type(operator) in _COMPUTED:
            yield _set("op", _COMPUTED[type(operator)]())
        case ast.BoolOp(op=operator):
            yield _set("op", ast.Or() if isinstance(operator, ast.And) else ast.And())


def _other_value(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Constant(value=bool(value)):
            yield _set("value", not value)
        case ast.Constant(value=int(value)):
            yield _set("value", value + 1)
        case ast.Constant(value=str(value)):
            yield _set("value", f"{value}xxxxxx")
        case ast.Return(value=value) if value is not None:
            yield _set("value", None)


def _other_way(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.If(test=test) | ast.IfExp(test=test):
            yield _set("test", ast.UnaryOp(ast.Not(), test))
        case ast.Break():
            yield _become(ast.Continue)
        case ast.Continue():
            yield _become(ast.Break)


def _left_out(node: ast.AST) -> Iterator[Change]:
    """Each statement of a block that can be missing."""
    for name in ("body", "orelse"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            for place, statement in enumerate(block):
                if isinstance(statement, ast.Expr | ast.Assign | ast.AugAssign) and not _is_text(statement):
                    yield _pass(name, place)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _set(name: str, value: object) -> Change:
    return lambda node: setattr(node, name, copy.deepcopy(value))


def _become(kind: type[ast.stmt]) -> Change:
    def change(node: ast.AST) -> None:
        node.__class__ = kind

    return change


def _pass(name: str, place: int) -> Change:
    return lambda node: getattr(node, name).__setitem__(place, ast.Pass())
