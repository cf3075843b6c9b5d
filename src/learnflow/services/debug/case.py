"""One failure as evidence: the program, what Python raised, and what the run showed line by line."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from learnflow.services.debug.evaluation import evaluate
from learnflow.services.debug.program import Program, name_of
from learnflow.services.debug.tracebacks import Report
from learnflow.services.debug.values import UNKNOWN, Value, fields_of, read_value, value_of

Node = TypeVar("Node", bound=ast.AST)


@dataclass(frozen=True, slots=True)
class Raised:
    """What Python said: columns count from 0, the end is exclusive; `locals` holds texts made by `repr`."""

    type: str
    message: str
    line: int | None = None
    column: int | None = None
    end_column: int | None = None
    function: str | None = None
    locals: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """A line that ran and the values that the sandbox showed for it."""

    line: int
    values: Mapping[str, str]
    function: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the student's program.

    `raised` is None when it ended by itself; `stdin` is what it was given; `final` holds the module's values at the
    end; `is_cut` says that the trace stopped before the program did.
    """

    status: str
    stdout: str = ""
    raised: Raised | None = None
    steps: tuple[Step, ...] = ()
    stdin: str = ""
    final: Mapping[str, str] = field(default_factory=dict)
    is_cut: bool = False


def raised_by(report: Report) -> Raised:
    """A pasted traceback in the form of a run's error; it holds no values."""
    place = report.place
    if place is None:
        return Raised(report.type, report.message, report.line)
    return Raised(report.type, report.message, place.line, place.column, place.end_column, place.function)


class Case:
    """The evidence with its look-ups. `ran` is True when the error comes from a run of this very program.

    The steps of a trace that was cut tell what ran, never what did not, nor the values at the failure.
    """

    def __init__(self, program: Program, raised: Raised, run: Run | None = None, *, ran: bool) -> None:
        self.program = program
        self.raised = raised
        self.run = run or Run("unknown")
        self.steps = self.run.steps
        self.ran = ran

    @property
    def line(self) -> int | None:
        return self.raised.line

    @property
    def message(self) -> str:
        return self.raised.message

    @cached_property
    def statement(self) -> ast.stmt | None:
        return self.program.statement_at(self.line)

    @cached_property
    def function(self) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        return self.program.function_at(self.line)

    @cached_property
    def values(self) -> dict[str, Value]:
        """The values at the moment of the failure: the module's as last seen, the failing function's over them."""
        values: dict[str, Value] = {}
        for name, shown in {**self._of_module(), **self.raised.locals}.items():
            values[name] = read_value(shown)
            values.update({f"{name}.{field}": read_value(text) for field, text in fields_of(shown).items()})
        return values

    def _of_module(self) -> Mapping[str, str]:
        if self.run.is_cut:
            return {}
        last = next((step.values for step in reversed(self.steps) if self._is_module_step(step)), {})
        return {**last, **self.run.final}

    def _is_module_step(self, step: Step) -> bool:
        if step.function is not None:
            return step.function == "<module>"
        return self.program.function_at(step.line) is None

    def value(self, node: ast.AST | None) -> Value | None:
        """The value of an expression at the failure, where the run shows it or it can be worked out."""
        name = name_of(node)
        if name is not None and name in self.values:
            return self.values[name]
        literal = evaluate(node, self.values)
        return None if literal is UNKNOWN else value_of(literal)

    def number(self, node: ast.AST | None) -> int | None:
        value = self.value(node)
        return value.literal if value is not None and isinstance(value.literal, int) else None

    def length(self, node: ast.AST | None) -> int | None:
        value = self.value(node)
        return value.length if value is not None else None

    def failing(self, *kinds: type[Node]) -> Iterator[Node]:
        """Nodes of these kinds that may be the failing one: the exact one if the columns tell, else all of the line."""
        exact = [node for node in self._on_line if self._is_exact(node)]
        inside = [node for node in self._on_line if self._is_inside(node)]
        seen: set[int] = set()
        for node in (*exact, *inside, *self._on_line):
            if isinstance(node, kinds) and id(node) not in seen:
                seen.add(id(node))
                yield node

    def likely(self, kind: type[Node]) -> list[Node]:
        """Nodes of this kind that may be the failing one; the exact one alone if the columns tell it."""
        nodes = list(self.failing(kind))
        return [node for node in nodes if self._is_exact(node)] or nodes

    @property
    def here(self) -> str:
        """The failing line at the beginning of a sentence, which may be unknown."""
        return f"Line {self.line}" if self.line is not None else "Your program"

    @property
    def at(self) -> str:
        """Where it failed, inside a sentence, with the space before it; empty when nobody knows."""
        return f" on line {self.line}" if self.line is not None else ""

    @property
    def the_line(self) -> str:
        """The failing line inside a sentence, which may be unknown."""
        return f"line {self.line}" if self.line is not None else "that line"

    @cached_property
    def _on_line(self) -> list[ast.AST]:
        return self.program.nodes_on(self.line)

    def _is_exact(self, node: Any) -> bool:
        return bool(
            node.lineno == self.line
            and self._characters(node.lineno, node.col_offset) == self.raised.column
            and self._characters(node.end_lineno, node.end_col_offset) == self.raised.end_column
        )

    def _is_inside(self, node: Any) -> bool:
        start, end = self.raised.column, self.raised.end_column
        if start is None or end is None or node.lineno != self.line:
            return False
        first = self._characters(node.lineno, node.col_offset)
        return bool(start <= first and self._characters(node.end_lineno, node.end_col_offset) <= end)

    def _characters(self, line: int, offset: int) -> int:
        """The parser counts bytes of UTF-8, the sandbox characters."""
        text = self.program.lines[line - 1] if 0 < line <= len(self.program.lines) else ""
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="replace"))

    @cached_property
    def lines_run(self) -> frozenset[int]:
        return frozenset(step.line for step in self.steps)

    def ran_line(self, line: int) -> bool | None:
        """Whether the run came to this line; None when there was no run to tell."""
        if line in self.lines_run:
            return True
        return False if self.steps and not self.run.is_cut else None

    def last_run(self, lines: Iterable[int]) -> int | None:
        """Which of these lines ran last before the failing one."""
        if self.run.is_cut:
            return None
        wanted = set(lines)
        before = self.steps[:-1] if self.steps and self.steps[-1].line == self.line else self.steps
        return next((step.line for step in reversed(before) if step.line in wanted), None)

    def history(self, name: str) -> list[tuple[int, str]]:
        """The values that a name had in the run, as (line at which it was seen first, text), without repetitions."""
        seen: list[tuple[int, str]] = []
        for step in self.steps:
            shown = step.values.get(name)
            if shown is not None and (not seen or seen[-1][1] != shown):
                seen.append((step.line, shown))
        return seen
