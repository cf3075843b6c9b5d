"""Values as they come out of the sandbox: tagged lists, checked, compared by exact type, and shown as Python would."""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from learnflow.curriculum.literals import Record
from learnflow.services.exercise.grading.program import MAX_DEPTH, TEXTS, Encoder, TooLarge

MAX_SHOWN = 400
_BRACKETS = {"list": "[]", "tuple": "()", "set": "{}"}
_READ: dict[str, Callable[[str], object]] = {
    "int": lambda text: int(text, 16),
    "float": float.fromhex,
    "decimal.Decimal": Decimal,
}
_COLLECTIONS = ("list", "tuple", "set", "frozenset")

Tagged = list[Any]
"""`["int", "0x2a"]`, `["list", [...]]`, `["dict", [[key, value], ...]]`, `["record", name, [[field, value], ...]]`."""


class Unreadable(ValueError):
    """What came out is no tagged value: the program wrote it itself."""


class _ExpectedEncoder(Encoder):
    """The same form for what a test expects, where objects are written as records."""

    def encode(self, value: Any, depth: int = 0) -> Tagged:
        if isinstance(value, Record):
            return ["record", value.name, [[name, self.encode(item, depth + 1)] for name, item in value.fields]]
        return super().encode(value, depth)


def tagged(value: object) -> Tagged:
    """An expected value in the form in which the sandbox's come; TooLarge when it has no room there."""
    return _ExpectedEncoder().encode(value)


def checked(tag: object, depth: int = 0) -> Tagged:
    """The tagged value itself; Unreadable when it is none. It may come from a hostile program."""
    if not isinstance(tag, list) or not tag or not isinstance(tag[0], str) or depth > MAX_DEPTH:
        raise Unreadable("no tagged value")
    if not _is_well_formed(tag, depth):
        raise Unreadable(f"no {tag[0][:20]}")
    return tag


def _is_well_formed(tag: Tagged, depth: int) -> bool:
    name, rest = tag[0], tag[1:]
    if name == "NoneType":
        return not rest
    if name in _COLLECTIONS:
        return len(rest) == 1 and isinstance(rest[0], list) and all(checked(item, depth + 1) for item in rest[0])
    if name == "dict":
        return len(rest) == 1 and _are_pairs(rest[0]) and all(
            checked(key, depth + 1) and checked(item, depth + 1) for key, item in rest[0]
        )  # fmt: skip
    if name == "record":
        return len(rest) == 2 and isinstance(rest[0], str) and _are_pairs(rest[1]) and all(
            isinstance(key, str) and checked(item, depth + 1) for key, item in rest[1]
        )  # fmt: skip
    return len(rest) == 1 and _is_plain(name, rest[0])


def _are_pairs(pairs: object) -> bool:
    return isinstance(pairs, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in pairs)


def _is_plain(name: str, content: object) -> bool:
    if name == "bool":
        return isinstance(content, bool)
    if name not in {"int", "float", "str", "bytes", "other", *TEXTS} or not isinstance(content, str):
        return False
    try:
        _READ.get(name, str)(content)
    except (ValueError, OverflowError, InvalidOperation):
        return False
    return True


def same(expected: Tagged, got: Tagged, tolerance: float | None = None) -> bool:
    """Equal by exact type, then by value; floats within `tolerance`, NaN equal to NaN."""
    kind = expected[0]
    if kind != got[0]:
        return False
    if kind == "float":
        return _same_float(float.fromhex(expected[1]), float.fromhex(got[1]), tolerance)
    if kind in {"int", "decimal.Decimal"}:
        return _number(expected) == _number(got)
    if kind in {"list", "tuple"}:
        return len(expected[1]) == len(got[1]) and all(
            same(one, other, tolerance) for one, other in zip(expected[1], got[1], strict=True)
        )
    if kind in {"set", "frozenset"}:
        return sorted(map(_key, expected[1])) == sorted(map(_key, got[1]))
    if kind == "dict":
        return _same_pairs([(_key(key), item) for key, item in expected[1]], got[1], tolerance)
    if kind == "record":
        pairs = [[["str", key], item] for key, item in got[2]]
        return expected[1] == got[1] and _same_pairs(
            [(_key(["str", key]), item) for key, item in expected[2]], pairs, tolerance
        )
    return kind != "other" and expected == got


def _number(tag: Tagged) -> int | Decimal:
    return int(tag[1], 16) if tag[0] == "int" else Decimal(tag[1])


def _same_float(one: float, other: float, tolerance: float | None) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    if one == other:
        return True
    return tolerance is not None and math.isfinite(one - other) and abs(one - other) <= tolerance


def _same_pairs(expected: Sequence[tuple[bytes, Tagged]], got: list[list[Tagged]], tolerance: float | None) -> bool:
    found = {_key(key): item for key, item in got}
    wanted = dict(expected)
    return wanted.keys() == found.keys() and all(same(item, found[key], tolerance) for key, item in wanted.items())


def _key(tag: Tagged) -> bytes:
    """One form for equal values, whatever the order of sets and dictionaries in them."""
    kind = tag[0]
    if kind in {"set", "frozenset"}:
        return b"%b%b" % (kind.encode(), b",".join(sorted(map(_key, tag[1]))))
    if kind in {"list", "tuple"}:
        return b"%b[%b]" % (kind.encode(), b",".join(map(_key, tag[1])))
    if kind == "int":
        return b"int %x" % int(tag[1], 16)
    if kind == "float":
        return b"float %b" % (float.fromhex(tag[1]) + 0.0).hex().encode()
    if kind == "str":
        return b"str " + orjson.dumps(printable(tag[1]))
    if kind in {"dict", "record"}:
        pairs = sorted(_key(["str", key] if isinstance(key, str) else key) + b":" + _key(item) for key, item in tag[-1])
        return b"%b{%b}" % (kind.encode(), b",".join(pairs))
    return orjson.dumps(tag)


def shown(tag: Tagged) -> str:
    """The value as Python writes it, cut to a readable length."""
    text = printable(_written(tag, MAX_SHOWN))
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def _written(tag: Tagged, room: int) -> str:
    kind = tag[0]
    if kind in _COLLECTIONS:
        inner = _listed((_written(item, room) for item in tag[1]), room)
        return _collection(kind, inner + ("," if kind == "tuple" and len(tag[1]) == 1 else ""))
    if kind == "dict":
        return "{" + _listed((f"{_written(k, room)}: {_written(v, room)}" for k, v in tag[1]), room) + "}"
    if kind == "record":
        return f"{tag[1]}(" + _listed((f"{k}={_written(v, room)}" for k, v in tag[2]), room) + ")"
    if kind == "int":
        value = int(tag[1], 16)
        # Python refuses to write, and nobody reads, thousands of digits
        return str(value) if value.bit_length() < 2_000 else f"<int of {value.bit_length()} bits>"
    if kind in {"NoneType", "bool"}:
        return "None" if kind == "NoneType" else str(tag[1])
    if kind == "float":
        return repr(float.fromhex(tag[1]))
    if kind == "str":
        return repr(tag[1][: room + 1])
    return f"<{tag[1]}>" if kind == "other" else f"{kind.rpartition('.')[2]}({tag[1][:room]!r})"


def _listed(parts: Any, room: int) -> str:
    found: list[str] = []
    for part in parts:
        found.append(part)
        room -= len(part) + 2
        if room < 0:
            break
    return ", ".join(found)


def _collection(kind: str, inner: str) -> str:
    if kind == "frozenset" or (kind == "set" and not inner):
        return f"{kind}({{{inner}}})" if inner else f"{kind}()"
    brackets = _BRACKETS[kind]
    return f"{brackets[0]}{inner}{brackets[1]}"


def type_name(tag: Tagged) -> str:
    """The name of the value's type as students know it."""
    return str(tag[1] if tag[0] in {"record", "other"} else tag[0].rpartition(".")[2])


def printable(text: str) -> str:
    """What a table and a wire can carry: no NUL and no half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\N{SYMBOL FOR NULL}")


__all__ = ["Tagged", "TooLarge", "Unreadable", "checked", "printable", "same", "shown", "tagged", "type_name"]
