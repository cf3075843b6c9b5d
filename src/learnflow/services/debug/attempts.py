"""When is a program a new attempt, and does it belong to the same line of programs as an earlier one?"""

import ast
import builtins
import hashlib
import keyword
import re
import zlib
from collections.abc import Collection, Iterable
from uuid import UUID

from learnflow.services.debug.program import Program, Unreadable

SAME_LINE_OF_PROGRAMS = 0.5
"""The least share of common lines, or of common names in short programs, at which two are versions of one."""

_SHORT = 6
_LONGEST_SKETCH = 400
_TEXT_OR_COMMENT = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|#.*")


def attempt_of(student_id: UUID, code: str) -> str:
    """A digest of the program's structure: neither looks nor consistent renaming nor padding change it."""
    digest = hashlib.sha256(student_id.bytes)
    digest.update(_normalised(code).encode())
    return digest.hexdigest()[:32]


def sketch_of(student_id: UUID, code: str) -> list[int]:
    """Digests salted with the student's id, to compare programs without keeping them: lines even, names odd."""
    salt = zlib.crc32(student_id.bytes)
    lines = {"".join(line.split()) for line in code.splitlines()} - {""}
    of_lines = {(zlib.crc32(line.encode(), salt) & ~1) - 2**31 for line in lines}
    of_names = {(zlib.crc32(name.encode(), salt) | 1) - 2**31 for name in _names_in(code)}
    return [*sorted(of_lines)[:_LONGEST_SKETCH], *sorted(of_names)[:_LONGEST_SKETCH]]


def likeness(left: Collection[int], right: Collection[int]) -> float:
    """The share of common lines, 0 to 1; in short programs, where one line is a large part, also of common names."""
    lines, names = zip(_parted(left), _parted(right), strict=True)
    if max(map(len, lines)) > _SHORT:
        return _shared(*lines)
    return max(_shared(*lines), _shared(*names))


def _parted(sketch: Collection[int]) -> tuple[set[int], set[int]]:
    lines = {digest for digest in sketch if digest % 2 == 0}
    return lines, set(sketch) - lines


def _shared(one: set[int], other: set[int]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0


def _names_in(code: str) -> set[str]:
    """The words that the student chose; Python's own where there are no others."""
    words = set(re.findall(r"[^\W\d]\w*", _TEXT_OR_COMMENT.sub(" ", code))) - set(keyword.kwlist)
    return {word for word in words if not hasattr(builtins, word)} or words


def _normalised(code: str) -> str:
    try:
        program = Program.from_source(code)
        nodes = list(ast.walk(_without_padding(program)))
        own = {name: f"v{number}" for number, name in enumerate(_own_names(program, nodes))}
        for node in nodes:
            _rename(node, own)
        return ast.dump(program.tree)
    except (Unreadable, RecursionError):
        return "\n".join(" ".join(line.split()) for line in code.splitlines() if line.strip())


def _own_names(program: Program, nodes: Iterable[ast.AST]) -> list[str]:
    bound = {binding.name for binding in program.bindings if binding.kind != "import"}
    used = (getattr(node, "id", None) or getattr(node, "arg", None) or getattr(node, "name", None)
            for node in nodes)  # fmt: skip
    return [name for name in dict.fromkeys(used) if isinstance(name, str) and name in bound]


def _rename(node: ast.AST, own: dict[str, str]) -> None:
    for field in ("id", "arg", "name"):
        name = getattr(node, field, None)
        if isinstance(name, str) and name in own:
            setattr(node, field, own[name])


def _without_padding(program: Program) -> ast.Module:
    """The tree without what does nothing: `pass`, a value alone, a constant under a name that nobody reads."""
    read = {node.id for node in program.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    for node in program.nodes:
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                setattr(node, name, [statement for statement in block if not _does_nothing(statement, read)])
    return program.tree


def _does_nothing(statement: ast.stmt, read: Collection[str]) -> bool:
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
        return all(isinstance(target, ast.Name) and target.id not in read for target in statement.targets)
    is_value_alone = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return is_value_alone or isinstance(statement, ast.Pass)
