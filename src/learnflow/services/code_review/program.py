"""A student's program as text and tree. It is read, never run, here."""

import ast
import threading
import warnings
from collections.abc import Iterator
from functools import cached_property

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Loop = ast.For | ast.AsyncFor | ast.While
BOM = "\ufeff"


class Program:
    """Source and tree; `refusal` is what the parser says against the text, and then the tree is empty."""

    def __init__(self, source: str) -> None:
        self.source = source.removeprefix(BOM)
        self.lines = self.source.split("\n")
        self.tree, self.refusal = _parsed(self.source)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    @cached_property
    def functions(self) -> list[FunctionNode]:
        """Functions and methods in the order of their lines."""
        found = [node for node in self.nodes if isinstance(node, FunctionNode)]
        return sorted(found, key=lambda node: node.lineno)

    @cached_property
    def own_methods(self) -> frozenset[str]:
        """The names of methods that the program's own classes have."""
        classes = (node for node in self.nodes if isinstance(node, ast.ClassDef))
        return frozenset(item.name for node in classes for item in node.body if isinstance(item, FunctionNode))

    @cached_property
    def texts(self) -> list[str]:
        """The texts that the program holds."""
        constants = (node.value for node in self.nodes if isinstance(node, ast.Constant))
        return [value for value in constants if isinstance(value, str)]

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes that contain this one, from the inside outwards."""
        current = self.parents.get(node)
        while current is not None:
            yield current
            current = self.parents.get(current)

    def loops_around(self, node: ast.AST) -> list[Loop]:
        """The loops of the same function whose body holds the node, innermost first."""
        loops: list[Loop] = []
        inner = node
        for outer in self.around(node):
            if isinstance(outer, FunctionNode | ast.ClassDef | ast.Lambda):
                break
            if isinstance(outer, Loop) and inner is not getattr(outer, "iter", None):
                loops.append(outer)
            inner = outer
        return loops

    def column(self, node: ast.expr | ast.stmt) -> int:
        """The column of a node as people count: characters, from 1."""
        line = self.lines[node.lineno - 1] if node.lineno <= len(self.lines) else ""
        return len(line.encode()[: node.col_offset].decode(errors="ignore")) + 1


def is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function's body without those of functions, classes and lambdas inside it."""
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop(0)
        yield node
        if not isinstance(node, FunctionNode | ast.ClassDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


_PARSING = threading.Lock()
"""Before 3.11.8 Python counts the depth of all trees being built together: two threads break each other's."""


def _parsed(source: str) -> tuple[ast.Module, SyntaxError | None]:
    """The tree, or what is wrong with the text; `compile` also sees what the grammar alone lets through."""
    try:
        with _PARSING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
            compile(source, "program.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        return ast.Module([], []), error
    except (ValueError, MemoryError, RecursionError, OverflowError):
        return ast.Module([], []), SyntaxError("it is nested too deeply, or holds a character that no program can hold")
    return tree, None
