"""The product's source as syntax trees: what all architecture tests read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"


@dataclass(frozen=True)
class Module:
    """One Python file; `name` is dotted (learnflow.kit.app), `lines` its length."""

    path: str
    name: str
    tree: ast.Module
    lines: int

    @property
    def parts(self) -> list[str]:
        return self.name.split(".")

    @property
    def service(self) -> str | None:
        """The service's folder when this file belongs to one."""
        return self.parts[2] if self.name.startswith("learnflow.services.") else None

    def at(self, node: ast.stmt | ast.expr) -> str:
        return f"{self.path}:{node.lineno}"


def parse(text: str, name: str) -> Module:
    """A module from its text, for planted examples too."""
    path = "src/" + name.replace(".", "/") + ".py"
    return Module(path, name, ast.parse(text), text.count("\n") + 1)


@cache
def product() -> tuple[Module, ...]:
    """Every module of the product."""
    return tuple(_read(path) for path in sorted(SRC.rglob("*.py")))


def _read(path: Path) -> Module:
    relative = path.relative_to(SRC).with_suffix("")
    name = ".".join(relative.parts).removesuffix(".__init__")
    text = path.read_text(encoding="utf-8")
    return Module(str(path.relative_to(ROOT)), name, ast.parse(text), text.count("\n"))


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods of a module, nested ones too."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imports(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    """Every imported module with its full dotted name."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node, node.module


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an attribute chain; calls inside it count as their function."""
    if isinstance(node, ast.Call):
        return dotted(node.func)
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""
