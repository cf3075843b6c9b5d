"""A student's program as the search and the answers see it: which constructs stand on which lines."""

import ast
import warnings
from dataclasses import dataclass
from functools import cached_property

KINDS: dict[type[ast.AST], str] = {
    ast.For: "for",
    ast.While: "while",
    ast.ListComp: "comprehension",
    ast.SetComp: "comprehension",
    ast.DictComp: "comprehension",
    ast.GeneratorExp: "comprehension",
    ast.FunctionDef: "def",
    ast.Return: "return",
    ast.ClassDef: "class",
    ast.If: "if",
    ast.Try: "try",
    ast.With: "with",
    ast.Break: "break",
    ast.Continue: "continue",
    ast.List: "list",
    ast.Dict: "dict",
    ast.Set: "set",
    ast.JoinedStr: "f-string",
    ast.Assign: "=",
    ast.Global: "global",
    ast.Nonlocal: "nonlocal",
    ast.Not: "not",
    ast.And: "and",
    ast.Or: "or",
    ast.Slice: "slice",
    ast.Eq: "==",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A construct of the program: its sign as the cards name it, and where it stands."""

    sign: str
    node: ast.AST
    line: int


@dataclass(frozen=True)
class Program:
    """A program that parses."""

    code: str
    tree: ast.Module

    @cached_property
    def seen(self) -> tuple[Seen, ...]:
        """Everything that a card could be about, from top to bottom."""
        looped = {id(inner) for loop in self.loops for inner in ast.walk(loop)}
        found = [
            Seen(sign, node, line)
            for node, line in _with_lines(self.tree)
            for sign in _signs(node, in_loop=id(node) in looped)
        ]
        return tuple(sorted(found, key=lambda one: one.line))

    @cached_property
    def loops(self) -> tuple[ast.For | ast.While, ...]:
        """The loops in the order in which they begin."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, ast.For | ast.While)]
        return tuple(sorted(found, key=lambda node: node.lineno))

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        return {node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)}

    def text(self, node: ast.AST) -> str:
        """The student's own words for a part of the program, on one line and not too long."""
        text = " ".join((ast.get_source_segment(self.code, node) or "").split())
        return text if len(text) <= 60 else text[:57] + "..."

    def line_text(self, line: int) -> str:
        lines = self.code.splitlines()
        return lines[line - 1].strip() if 0 < line <= len(lines) else ""


def read_program(code: str) -> Program | int:
    """The program, or the line on which Python stops reading it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Program(code, ast.parse(code))
    except SyntaxError as error:
        return error.lineno or 1
    except (ValueError, RecursionError, MemoryError):
        return 1


def _with_lines(tree: ast.AST) -> list[tuple[ast.AST, int]]:
    """Every node with its line; a node without one (an operator) has that of the node around it."""
    found: list[tuple[ast.AST, int]] = []
    waiting: list[tuple[ast.AST, int]] = [(tree, 1)]
    while waiting:
        node, around = waiting.pop()
        line = getattr(node, "lineno", around)
        found.append((node, line))
        waiting.extend((child, line) for child in ast.iter_child_nodes(node))
    return found


def _signs(node: ast.AST, *, in_loop: bool) -> list[str]:
    kind = KINDS.get(type(node))
    found = [kind] if kind else []
    if isinstance(node, ast.FunctionDef):
        names = [argument.arg for argument in node.args.args]
        found += ["self"] if names[:1] == ["self"] else ["parameter"] if names else []
    elif isinstance(node, ast.Call):
        found += _call(node)
    elif isinstance(node, ast.BinOp | ast.AugAssign):
        found += _operator(node, in_loop=in_loop)
    elif isinstance(node, ast.Tuple):
        found.append("tuple")
    return found


def _call(node: ast.Call) -> list[str]:
    if isinstance(node.func, ast.Name):
        return [f"{node.func.id}()"]
    return [f".{node.func.attr}()"] if isinstance(node.func, ast.Attribute) else []


def _operator(node: ast.BinOp | ast.AugAssign, *, in_loop: bool) -> list[str]:
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
        return ["+="] if in_loop else []
    if isinstance(node.op, ast.FloorDiv):
        return ["//"]
    is_text = isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant | ast.JoinedStr) and not isinstance(
        getattr(node.left, "value", None), int | float
    )  # fmt: skip
    return ["%"] if isinstance(node.op, ast.Mod) and not is_text else []
