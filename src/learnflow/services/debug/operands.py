"""Which part of the failing line had the wrong type: the operands of what failed, and the type of each."""

import ast
import re
from collections.abc import Callable, Iterator

from learnflow.services.debug.case import Case
from learnflow.services.debug.origins import Origin, origin_of
from learnflow.services.debug.program import name_of

_KIND_OF_MAKER = {
    "in-place": "NoneType",
    "print": "NoneType",
    "no-return": "NoneType",
    "some-path": "NoneType",
    "none": "NoneType",
    "get": "NoneType",
    "input": "str",
}
_KIND_OF_DISPLAY: dict[type[ast.expr], str] = {
    ast.List: "list",
    ast.ListComp: "list",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Set: "set",
    ast.Tuple: "tuple",
    ast.JoinedStr: "str",
    ast.GeneratorExp: "generator",
    ast.Lambda: "function",
}


def operands(case: Case) -> list[ast.expr]:
    """The expressions that the failing operation works on, likeliest first, without repetitions."""
    found = [*_of_expressions(case), *_of_statement(case)]
    return list({id(node): node for node in found}.values())


def operand_of_kind(case: Case, kind: str) -> ast.expr | None:
    """The operand that has this type: by its value in the run, by how the program makes it, or as the only one.

    Only operands of what the message complains of count: in `print(score[0])` the 0 is whole too, but it is not meant.
    """
    role = next((role for pattern, role in _ROLES if re.search(pattern, case.message)), None)
    candidates = list(role(case)) if role is not None else operands(case)
    by_value = (node for node in candidates if (value := case.value(node)) is not None and value.kind == kind)
    by_making = (node for node in candidates if kind_of(case, node) == kind)
    return next(by_value, None) or next(by_making, None) or (_only(case, candidates) if role in _CERTAIN else None)


def _only(case: Case, candidates: list[ast.expr]) -> ast.expr | None:
    """The one candidate there is, when nothing speaks against it."""
    texts = {ast.dump(node) for node in candidates}
    return candidates[0] if len(texts) == 1 and kind_of(case, candidates[0]) is None else None


def _subscripted(case: Case) -> Iterator[ast.expr]:
    yield from (node.value for node in case.likely(ast.Subscript))


def _owners(case: Case) -> Iterator[ast.expr]:
    names = re.findall(r"has no attribute '(\w+)'", case.message)
    yield from (node.value for node in case.likely(ast.Attribute) if node.attr in names)


def _called(case: Case) -> Iterator[ast.expr]:
    yield from (node.func for node in case.likely(ast.Call))


def _measured(case: Case) -> Iterator[ast.expr]:
    yield from (node.args[0] for node in case.likely(ast.Call) if _calls(node, "len") and node.args)


def _negated(case: Case) -> Iterator[ast.expr]:
    yield from (node.operand for node in case.likely(ast.UnaryOp))
    yield from (node.args[0] for node in case.likely(ast.Call) if _calls(node, "abs") and node.args)


def _converted(case: Case) -> Iterator[ast.expr]:
    name = case.message.partition("()")[0]
    yield from (node.args[0] for node in case.likely(ast.Call) if _calls(node, name) and node.args)


def _searched(case: Case) -> Iterator[ast.expr]:
    for node in case.likely(ast.Compare):
        both = zip(node.ops, node.comparators, strict=True)
        yield from (right for sign, right in both if isinstance(sign, ast.In | ast.NotIn))


def _formatted(case: Case) -> Iterator[ast.expr]:
    yield from (node.left for node in case.likely(ast.BinOp) if isinstance(node.op, ast.Mod))


def _multiplied(case: Case) -> Iterator[ast.expr]:
    for node in case.likely(ast.BinOp):
        if isinstance(node.op, ast.Mult):
            yield from (node.right, node.left)


def _handed_over(case: Case) -> Iterator[ast.expr]:
    """What the calls on the line get, `print` aside: it takes everything."""
    for node in case.likely(ast.Call):
        if not _calls(node, "print"):
            yield from node.args


def _gone_through(case: Case) -> Iterator[ast.expr]:
    yield from _of_statement(case)
    yield from (node.value for node in case.likely(ast.Starred))
    for node in case.likely(ast.Call):
        if not _calls(node, "print"):
            yield from (node.args if _calls(node, "zip", "map", "filter") else node.args[:1])


def _keys(case: Case) -> Iterator[ast.expr]:
    for node in case.likely(ast.Dict):
        yield from (key for key in node.keys if key is not None)
    for display in case.likely(ast.Set):
        yield from display.elts
    yield from (node.slice for node in case.likely(ast.Subscript))
    yield from (node.left for node in case.likely(ast.Compare))
    yield from _handed_over(case)


def _calls(node: ast.Call, *names: str) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id in names


_Role = Callable[[Case], Iterator[ast.expr]]
_ROLES: tuple[tuple[str, _Role], ...] = (
    (r"not subscriptable|does not support item", _subscripted),
    (r"has no attribute", _owners),
    (r"object is not callable", _called),
    (r"has no len\(\)", _measured),
    (r"bad operand type for", _negated),
    (r"^(?:int|float)\(\) argument", _converted),
    (r"argument of type '.*' is not iterable", _searched),
    (r"not iterable|cannot unpack", _gone_through),
    (r"not all arguments converted", _formatted),
    (r"can't multiply sequence", _multiplied),
    (r"interpreted as an integer|must be real number", _handed_over),
    (r"unhashable type", _keys),
)
_CERTAIN = {_subscripted, _owners, _called, _measured, _negated, _converted}
"""Where the message is about the operand itself; elsewhere it may be about an item of it."""


def kind_of(case: Case, node: ast.expr) -> str | None:
    """The type of an expression, where the run or the program tells it."""
    value = case.value(node)
    if value is not None:
        return value.kind
    if type(node) in _KIND_OF_DISPLAY:
        return _KIND_OF_DISPLAY[type(node)]
    origin = origin_of(case, node)
    return _kind_from(origin) if origin is not None else None


def _kind_from(origin: Origin) -> str | None:
    if origin.maker == "converted":
        return origin.detail
    if origin.maker == "literal" and isinstance(origin.node, ast.Constant):
        return type(origin.node.value).__name__
    if origin.maker == "display":
        return _KIND_OF_DISPLAY.get(type(origin.node))  # type: ignore[arg-type]  # a node of another kind finds nothing
    if origin.maker == "call" and origin.detail in {"len", "sum", "abs", "round"}:
        return "int"
    return _KIND_OF_MAKER.get(origin.maker)


def _of_expressions(case: Case) -> Iterator[ast.expr]:
    kinds = (
        ast.BinOp,
        ast.Compare,
        ast.Subscript,
        ast.Attribute,
        ast.Call,
        ast.UnaryOp,
        ast.Starred,
        ast.Dict,
        ast.Set,
    )
    for node in case.failing(*kinds):
        yield from _parts(node)


def _parts(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp):
        yield from (node.left, node.right)
    elif isinstance(node, ast.Compare):
        yield from (node.left, *node.comparators)
    elif isinstance(node, ast.Subscript):
        yield from (node.value, node.slice)
    elif isinstance(node, ast.Attribute | ast.Starred):
        yield node.value
    elif isinstance(node, ast.Dict | ast.Set):
        yield from (part for part in (node.keys if isinstance(node, ast.Dict) else node.elts) if part is not None)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Call):
        yield from (node.func, *node.args)
        yield from _receiver(node)


def _receiver(node: ast.Call) -> Iterator[ast.expr]:
    if isinstance(node.func, ast.Attribute):
        yield node.func.value


def _of_statement(case: Case) -> Iterator[ast.expr]:
    statement = case.statement
    if isinstance(statement, ast.AugAssign):
        yield from (statement.target, statement.value)
    elif isinstance(statement, ast.For):
        yield statement.iter
    elif isinstance(statement, ast.Assign):
        yield statement.value
    for node in case.program.nodes_on(case.line):
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            yield from (generator.iter for generator in node.generators)


def is_named(node: ast.expr) -> bool:
    """True for `x` and `self.x`: things that have a name to speak of."""
    return name_of(node) is not None
