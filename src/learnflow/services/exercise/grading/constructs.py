"""Which constructs a program is made of, read from its syntax tree: teaching, not security."""

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from learnflow.curriculum.phrases import GradePhrases

_SIMPLE: dict[type[ast.AST], tuple[str, ...]] = {
    ast.For: ("for",),
    ast.AsyncFor: ("for",),
    ast.While: ("while",),
    ast.If: ("if",),
    ast.IfExp: ("ternary",),
    ast.Break: ("break",),
    ast.Continue: ("continue",),
    ast.Match: ("match",),
    ast.FunctionDef: ("def",),
    ast.AsyncFunctionDef: ("def",),
    ast.Return: ("return",),
    ast.Lambda: ("lambda",),
    ast.Yield: ("yield",),
    ast.YieldFrom: ("yield",),
    ast.Global: ("global",),
    ast.Nonlocal: ("nonlocal",),
    ast.ClassDef: ("class",),
    ast.Try: ("try",),
    ast.ExceptHandler: ("except",),
    ast.Raise: ("raise",),
    ast.With: ("with",),
    ast.Assert: ("assert",),
    ast.Import: ("import",),
    ast.ImportFrom: ("import", "from"),
    ast.ListComp: ("comprehension", "list-comprehension"),
    ast.DictComp: ("comprehension", "dict-comprehension"),
    ast.SetComp: ("comprehension", "set-comprehension"),
    ast.GeneratorExp: ("comprehension", "generator"),
    ast.JoinedStr: ("f-string",),
    ast.Slice: ("slice",),
    ast.And: ("and",),
    ast.Or: ("or",),
    ast.Not: ("not",),
    ast.In: ("in",),
    ast.NotIn: ("in", "not"),
    ast.Is: ("is",),
    ast.IsNot: ("is", "not"),
}
_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.Invert: "~", ast.LShift: "<<", ast.RShift: ">>",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unparsed:
    """Why Python cannot read a program: its error, in its own words, and the line."""

    type: str
    message: str
    line: int


def parse(code: str) -> ast.Module | Unparsed:
    """The program's tree, or why there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except SyntaxError as error:
        return Unparsed(type(error).__name__, str(error.msg), error.lineno or 1)
    except (ValueError, RecursionError, MemoryError):
        return Unparsed("SyntaxError", "this is nested too deeply to be read", 1)


def constructs(tree: ast.AST) -> set[str]:
    """The names of all constructs, calls as `sum()`, methods as `.sort()`, operators as they are written."""
    return {name for node in ast.walk(tree) for name in _of(node)}


def unmet(tree: ast.AST, require: tuple[str, ...], forbid: tuple[str, ...], says: GradePhrases) -> list[str]:
    """A sentence for each construct that is missing, or is there and must not be."""
    found = constructs(tree)
    missing = [says.use.format(construct=worded(name, says)) for name in require if name not in found]
    return missing + [says.do_without.format(construct=worded(name, says)) for name in forbid if name in found]


def worded(name: str, says: GradePhrases) -> str:
    """The construct as a sentence names it."""
    words = {"recursion": says.recursion, "nested-loop": says.nested_loop}
    return words.get(name) or (name.replace("-", " ") if "comprehension" in name else f"`{name}`")


def _of(node: ast.AST) -> Iterator[str]:
    yield from _SIMPLE.get(type(node), ())
    if type(node) in _OPERATORS:
        yield _OPERATORS[type(node)]
    if isinstance(node, ast.Call):
        yield from _call(node)
    elif isinstance(node, ast.AugAssign):
        yield _OPERATORS[type(node.op)] + "=" if type(node.op) in _OPERATORS else "="
    elif isinstance(node, ast.Assign):
        yield "="
    else:
        yield from _of_blocks(node)


def _of_blocks(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.If) and node.orelse:
        yield "elif" if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If) else "else"
    elif isinstance(node, ast.For | ast.While):
        yield from _loop(node)
    elif isinstance(node, ast.Try) and node.finalbody:
        yield "finally"
    elif isinstance(node, ast.FunctionDef):
        yield from _function(node)
    elif isinstance(node, ast.ClassDef) and node.bases:
        yield "inheritance"


def _call(node: ast.Call) -> Iterator[str]:
    if isinstance(node.func, ast.Name):
        yield f"{node.func.id}()"
        if node.func.id == "super":
            yield "super"
    elif isinstance(node.func, ast.Attribute):
        yield f".{node.func.attr}()"


def _loop(node: ast.For | ast.While) -> Iterator[str]:
    if isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value:
        yield "while-true"
    inner = (child for part in node.body for child in ast.walk(part))
    if any(isinstance(child, ast.For | ast.While) for child in inner):
        yield "nested-loop"


def _function(node: ast.FunctionDef) -> Iterator[str]:
    if node.args.defaults or any(default is not None for default in node.args.kw_defaults):
        yield "default-parameter"
    for child in ast.walk(node):
        if isinstance(child, ast.Call) and _is_named(child.func, node.name):
            yield "recursion"


def _is_named(function: ast.expr, name: str) -> bool:
    return (isinstance(function, ast.Name) and function.id == name) or (
        isinstance(function, ast.Attribute) and function.attr == name
    )
