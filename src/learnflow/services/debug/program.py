"""A student's program as text and tree: who binds a name, what stands around a line. It is read, never run, here."""

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

BindingKind = Literal[
    "assign", "augment", "for", "parameter", "import", "def", "class", "with", "except", "comprehension", "delete"
]
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Loop = ast.For | ast.AsyncFor | ast.While
_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.Match, ast.ExceptHandler)


@dataclass(frozen=True, slots=True)
class Binding:
    """One place that gives a name (`total`, or `self.total`) a value.

    `value` is the expression it comes from; `is_part` says that the name gets only a part of that value
    (an item of a loop, one of several targets).
    """

    name: str
    line: int
    kind: BindingKind
    statement: ast.AST
    function: FunctionNode | None
    value: ast.expr | None = None
    is_part: bool = False


class Unreadable(Exception):
    """The text is no Python program; `error` is what the parser says."""

    def __init__(self, error: SyntaxError) -> None:
        super().__init__(str(error))
        self.error = error


def parse(source: str) -> ast.Module:
    """The tree of a program; raises Unreadable for whatever the parser refuses."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        raise Unreadable(error) from error
    except (ValueError, MemoryError, RecursionError) as error:
        raise Unreadable(SyntaxError(str(error) or "the program is nested too deeply")) from error


class Program:
    """Source and tree with the questions that the explainers ask about them.

    `is_whole` is False for the few lines that a traceback shows; nothing may be concluded from what is not there.
    """

    def __init__(self, source: str, tree: ast.Module | None, *, is_whole: bool = True) -> None:
        self.source = source
        self.lines = source.splitlines()
        self.tree = tree or ast.Module([], [])
        self.is_whole = is_whole

    @classmethod
    def from_source(cls, source: str) -> "Program":
        return cls(source, parse(source))

    @classmethod
    def from_lines(cls, lines: Mapping[int, str]) -> "Program":
        """The program as far as a traceback shows it: single statements at their line numbers."""
        height = min(max(lines, default=0), 10_000)
        texts = [""] * height
        for number, text in lines.items():
            if 1 <= number <= height:
                texts[number - 1] = _alone(text)
        source = "\n".join(texts)
        program = cls(source, parse(source), is_whole=False)
        program.lines = [lines.get(number, "").strip() for number in range(1, height + 1)]
        return program

    def text(self, line: int | None) -> str:
        """The stripped text of a line; empty when there is no such line."""
        if line is None or not 1 <= line <= len(self.lines):
            return ""
        return self.lines[line - 1].strip()

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def functions(self) -> dict[str, FunctionNode]:
        """Functions and methods by name; of two with one name the last."""
        return {node.name: node for node in self.nodes if isinstance(node, FunctionNode)}

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        return {node.name: node for node in self.nodes if isinstance(node, ast.ClassDef)}

    @cached_property
    def bindings(self) -> list[Binding]:
        return [binding for node in self.nodes for binding in _bindings(self, node)]

    def bindings_of(self, name: str) -> list[Binding]:
        """Every place that binds the name, by line; deletions are not among them."""
        found = [b for b in self.bindings if b.name == name and b.kind != "delete"]
        return sorted(found, key=lambda b: b.line)

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes that contain this one, from the inside outwards."""
        current = self.parents.get(node)
        while current is not None:
            yield current
            current = self.parents.get(current)

    def function_around(self, node: ast.AST) -> FunctionNode | None:
        """The function whose body holds the node; a default value belongs to the outside, a body line to the inside."""
        return next((outer for outer in self.around(node) if isinstance(outer, FunctionNode)), None)

    def class_around(self, node: ast.AST) -> ast.ClassDef | None:
        return next((outer for outer in self.around(node) if isinstance(outer, ast.ClassDef)), None)

    def loops_around(self, node: ast.AST) -> list[Loop]:
        """The loops of the same function around the node, innermost first."""
        loops: list[Loop] = []
        for outer in self.around(node):
            if isinstance(outer, FunctionNode):
                break
            if isinstance(outer, Loop):
                loops.append(outer)
        return loops

    def branch_around(self, node: ast.AST) -> ast.AST | None:
        """The innermost block (if, loop, try) of the same function that may not run at all."""
        for outer in self.around(node):
            if isinstance(outer, FunctionNode | ast.ClassDef):
                return None
            if isinstance(outer, _BLOCKS):
                return outer
        return None

    def statement_at(self, line: int | None) -> ast.stmt | None:
        """The innermost statement that covers the line."""
        if line is None:
            return None
        covering = [n for n in self.nodes if isinstance(n, ast.stmt) and n.lineno <= line <= (n.end_lineno or n.lineno)]
        return max(covering, key=lambda n: (n.lineno, -(n.end_lineno or 0)), default=None)

    def nodes_on(self, line: int | None) -> list[ast.AST]:
        """The expressions that begin on this line or cover it within a statement that begins on it, in text order."""
        every = (n for n in self.nodes if isinstance(n, ast.expr))
        found = [n for n in every if n.lineno <= (line or 0) <= (n.end_lineno or 0)]
        return [*sorted(found, key=lambda n: (n.lineno, n.col_offset, -(n.end_col_offset or 0)))]

    def function_at(self, line: int | None) -> FunctionNode | None:
        statement = self.statement_at(line)
        return self.function_around(statement) if statement is not None else None


def _alone(text: str) -> str:
    """One line of a program made parseable without its block; empty when that cannot be done."""
    text = text.strip()
    for candidate in (text, text + " pass", text.removeprefix("el") + " pass", text + ")", text + "]"):
        try:
            parse(candidate)
        except Unreadable:
            continue
        return candidate
    return ""


def name_of(node: ast.AST | None) -> str | None:
    """`total` for a name, `self.total` for an attribute of a name; None for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return None


def source_of(node: ast.AST, longest: int = 60) -> str:
    """The text of an expression for showing, shortened in the middle when long."""
    try:
        text = ast.unparse(node)
    except RecursionError:
        return "…"
    return text if len(text) <= longest else f"{text[: longest - 12]} … {text[-8:]}"


def _targets(target: ast.AST, *, is_part: bool) -> Iterator[tuple[str, bool]]:
    if isinstance(target, ast.Tuple | ast.List):
        for item in target.elts:
            yield from _targets(item, is_part=True)
    elif isinstance(target, ast.Starred):
        yield from _targets(target.value, is_part=True)
    else:
        name = name_of(target)
        if name is not None:
            yield name, is_part


def _bindings(program: Program, node: ast.AST) -> Iterator[Binding]:
    function = program.function_around(node)
    for target, value, kind, is_part in _bound_by(node):
        for name, part in _targets(target, is_part=is_part):
            yield Binding(name, target.lineno, kind, node, function, value, part)
    yield from _named_by(node, function)
    if isinstance(node, FunctionNode):
        yield from _parameters(node)


def _bound_by(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr | None, BindingKind, bool]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield target, node.value, "assign", False
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        yield node.target, node.value, "assign", False
    elif isinstance(node, ast.AugAssign):
        yield node.target, node.value, "augment", False
    else:
        yield from _bound_by_block(node)


def _bound_by_block(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr | None, BindingKind, bool]]:
    if isinstance(node, ast.For | ast.AsyncFor):
        yield node.target, node.iter, "for", True
    elif isinstance(node, ast.With | ast.AsyncWith):
        for item in node.items:
            if item.optional_vars is not None:
                yield item.optional_vars, item.context_expr, "with", False
    elif isinstance(node, ast.comprehension):
        yield node.target, node.iter, "comprehension", True
    elif isinstance(node, ast.Delete):
        for target in node.targets:
            yield target, None, "delete", False


def _named_by(node: ast.AST, function: FunctionNode | None) -> Iterator[Binding]:
    if isinstance(node, FunctionNode):
        yield Binding(node.name, node.lineno, "def", node, function)
    elif isinstance(node, ast.ClassDef):
        yield Binding(node.name, node.lineno, "class", node, function)
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield Binding(node.name, node.lineno, "except", node, function)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield Binding((alias.asname or alias.name).split(".")[0], node.lineno, "import", node, function)


def _parameters(function: FunctionNode) -> Iterator[Binding]:
    arguments = function.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        yield Binding(argument.arg, argument.lineno, "parameter", argument, function)
    for extra in (arguments.vararg, arguments.kwarg):
        if extra is not None:
            yield Binding(extra.arg, extra.lineno, "parameter", extra, function)
