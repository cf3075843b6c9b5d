"""Values of a student's program as the sandbox shows them: texts made by `repr`, read back where that is safe."""

import ast
import re
from dataclasses import dataclass
from typing import Final

UNKNOWN: Final = object()
"""Stands for a value that is not known; None is a value of the student's."""

_LONGEST = 20_000
_OPENINGS = (("[", "list"), ("(", "tuple"), ('"', "str"), ("'", "str"), ("b'", "bytes"), ("{", "dict"))
_INSTANCE = re.compile(r"<(?:\w+\.)*(\w+)(?: object at .*)?>")
_CUT = "…"
_CUT_COUNT = re.compile(r", … (\d+) more[\])}]+$")
_LONGEST_SHOWN_TEXT = 150
_NAMED = (
    ("<function ", "function"),
    ("<bound method ", "method"),
    ("<built-in ", "builtin_function_or_method"),
    ("<class ", "type"),
    ("<module ", "module"),
    ("<generator ", "generator"),
)
_CALL_LIKE = re.compile(r"([A-Za-z_]\w*)\(")
_RANGE = re.compile(r"range\((-?\d+), (-?\d+)(?:, (-?\d+))?\)")


@dataclass(frozen=True, slots=True)
class Value:
    """One value at one moment: as shown, its type's name, and itself where it is a plain literal."""

    shown: str
    kind: str
    literal: object = UNKNOWN
    cut_length: int | None = None

    @property
    def is_none(self) -> bool:
        return self.literal is None

    @property
    def length(self) -> int | None:
        """How many items it has; None when it has no length or was cut for showing."""
        if isinstance(self.literal, str | list | tuple | dict | set | range | bytes):
            return len(self.literal)
        return self.cut_length


def read_value(shown: str) -> Value:
    """The value behind a `repr`; a shortened or foreign one keeps only its type's name."""
    literal = _literal(shown)
    if literal is UNKNOWN:
        return Value(shown, _kind_by_look(shown), UNKNOWN, _length_of_cut(shown))
    kind = type(literal).__name__
    return Value(shown, kind, UNKNOWN if _was_cut(literal) else literal)


def fields_of(shown: str) -> dict[str, str]:
    """The attributes of an object shown as `Dog(name='Rex', age=3)`, each as its text."""
    if not _CALL_LIKE.match(shown) or _CUT in shown:
        return {}
    try:
        node = ast.parse(shown, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return {}
    keywords = node.keywords if isinstance(node, ast.Call) else []
    return {keyword.arg: ast.unparse(keyword.value) for keyword in keywords if keyword.arg}


def _length_of_cut(shown: str) -> int | None:
    """The length of a shortened list, where the sandbox says how many items it left out."""
    match = _CUT_COUNT.search(shown)
    if match is None or shown.count(_CUT) > 1:
        return None
    kept = _literal(shown[: match.start()] + shown[-1])
    return len(kept) + int(match[1]) if isinstance(kept, list | tuple | dict | set) else None


def value_of(literal: object) -> Value:
    """A value that was computed here, in the sandbox's form."""
    return Value(repr(literal), type(literal).__name__, literal)


def _literal(shown: str) -> object:
    if shown.startswith("range("):
        return _range(shown)
    if len(shown) > _LONGEST:
        return UNKNOWN
    try:
        return ast.literal_eval(shown)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return UNKNOWN


def _range(shown: str) -> object:
    match = _RANGE.fullmatch(shown)
    if match is None or match[3] == "0":
        return UNKNOWN
    return range(int(match[1]), int(match[2]), int(match[3] or 1))


def _kind_by_look(shown: str) -> str:
    if shown in {"nan", "inf", "-inf"}:
        return "float"
    for opening, kind in (*_NAMED, *_OPENINGS):
        if shown.startswith(opening):
            return kind
    match = _INSTANCE.match(shown) or _CALL_LIKE.match(shown)
    return match[1] if match else "object"


def _was_cut(literal: object) -> bool:
    if literal is ...:
        return True
    if isinstance(literal, str):
        return len(literal) > _LONGEST_SHOWN_TEXT
    if isinstance(literal, dict):
        return any(_was_cut(item) for item in (*literal, *literal.values()))
    if isinstance(literal, list | tuple | set):
        return any(_was_cut(item) for item in literal)
    return False
