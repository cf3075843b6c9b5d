"""What makes a program hard to read for the next person, who is often its writer."""

import ast
import re
from collections.abc import Callable, Iterator, Sequence

from learnflow.services.code_review.hits import Hit
from learnflow.services.code_review.program import FunctionNode, Program, is_docstring, own_nodes

LONGEST_FUNCTION = 30
DEEPEST = 4
LONGEST_WITHOUT_FUNCTION = 40
MOST_WAYS = 10
_EMPTY_WORDS = {"foo", "bar", "baz", "func", "function", "thing", "stuff", "aaa", "bbb", "abc", "asdf", "xyz", "blah"}
_COUNTED = re.compile(r"^(?:var|temp|tmp|list|data|num|str|val|variable|func|function|test|thing|x|a|b)\d+$")
_USUAL = set("ijkxyzn_")
_WAYS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.Assert, ast.match_case)
_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)


def long_function(program: Program) -> Iterator[Hit]:
    for function in program.functions:
        body = function.body[1:] if is_docstring(function.body[0]) else function.body
        length = (function.end_lineno or function.lineno) - body[0].lineno + 1 if body else 0
        if length > LONGEST_FUNCTION:
            yield Hit("long-function", function.lineno, program.column(function), function.name, str(length))


def many_ways(program: Program) -> Iterator[Hit]:
    """McCabe's count: one way through, and one more for each place where it can part."""
    for function in program.functions:
        ways = 1 + sum(_parts(node) for node in own_nodes(function))
        if ways > MOST_WAYS:
            yield Hit("many-ways", function.lineno, program.column(function), function.name, str(ways))


def _parts(node: ast.AST) -> int:
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    return int(isinstance(node, _WAYS))


def deep_nesting(program: Program) -> Iterator[Hit]:
    """The first block that stands in more blocks than one can keep in mind."""
    waiting: list[tuple[ast.stmt, int]] = [(statement, 0) for statement in program.tree.body]
    while waiting:
        statement, depth = waiting.pop(0)
        is_block = isinstance(statement, _BLOCKS)
        if is_block and depth >= DEEPEST:
            yield Hit("deep-nesting", statement.lineno, program.column(statement), other=str(depth + 1))
            return
        inner = 0 if isinstance(statement, FunctionNode) else depth + is_block
        waiting.extend(_within(statement, depth, inner))


def _within(statement: ast.stmt, depth: int, inner: int) -> Iterator[tuple[ast.stmt, int]]:
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.stmt):
            is_elif = isinstance(statement, ast.If) and isinstance(child, ast.If) and statement.orelse == [child]
            yield child, depth if is_elif else inner
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from ((grandchild, inner) for grandchild in child.body)


def empty_names(program: Program) -> Iterator[Hit]:
    """Names that say nothing; single letters only when there are many, for one or two are usual in short programs."""
    names = sorted(_named(program), key=lambda found: (found[1].lineno, found[1].col_offset))
    letters = [found for found in names if len(found[0]) == 1 and found[0].lower() not in _USUAL]
    empty = [found for found in names if found[0].lower() in _EMPTY_WORDS or _COUNTED.match(found[0].lower())]
    if len({name for name, _ in letters}) >= 3:
        empty.append(letters[0])
    seen: set[str] = set()
    for name, node in empty:
        if name not in seen:
            seen.add(name)
            yield Hit("empty-name", node.lineno, program.column(node), name)


def _named(program: Program) -> Iterator[tuple[str, ast.expr | ast.stmt]]:
    for node in program.nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            if not isinstance(program.parents.get(node), ast.comprehension | ast.For):
                yield node.id, node
        elif isinstance(node, FunctionNode):
            yield node.name, node


def repeated_lines(program: Program) -> Iterator[Hit]:
    """Three statements after each other that differ in nothing but a text or a number."""
    for node in program.nodes:
        block = getattr(node, "body", None)
        if isinstance(block, list) and len(block) >= 3:
            yield from _alike(program, [item for item in block if isinstance(item, ast.stmt)])


def _alike(program: Program, block: Sequence[ast.stmt]) -> Iterator[Hit]:
    shapes = [_shape(statement) for statement in block]
    run = 1
    for number in range(1, len(shapes)):
        run = run + 1 if shapes[number] and shapes[number] == shapes[number - 1] else 1
        if run == 4:
            first = block[number - 3]
            yield Hit("repeated-lines", first.lineno, program.column(first), other=str(block[number].lineno))


def _shape(statement: ast.stmt) -> str:
    """The statement without its values; texts on the screen alone are no repetition that a loop would save."""
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.Pass | ast.Assign | ast.AnnAssign):
        return ""
    if not isinstance(statement, ast.Expr | ast.If | ast.AugAssign):
        return ""
    if isinstance(statement, ast.Expr) and not any(isinstance(node, ast.Name) for node in _arguments(statement)):
        return ""
    return re.sub(r"Constant\(value=[^()]*\)", "Constant", ast.dump(statement))


def _arguments(statement: ast.Expr) -> Iterator[ast.AST]:
    if isinstance(statement.value, ast.Call):
        for argument in statement.value.args:
            yield from ast.walk(argument)


def no_function(program: Program) -> Iterator[Hit]:
    """A long program that is one piece."""
    statements = [node for node in program.nodes if isinstance(node, ast.stmt)]
    if not program.functions and len(statements) > LONGEST_WITHOUT_FUNCTION:
        yield Hit("no-function", 1, other=str(len(statements)))


RULES: tuple[Callable[[Program], Iterator[Hit]], ...] = (
    long_function, many_ways, deep_nesting, empty_names, repeated_lines, no_function,
)  # fmt: skip
