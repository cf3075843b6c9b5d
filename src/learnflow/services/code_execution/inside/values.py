"""Values as short text. No method of the program's own classes is called: it could print, loop or lie."""

import types
from itertools import islice

MAX_TEXT = 160
MAX_ITEMS = 12
MAX_NAMES = 30
_MAX_DEPTH = 3
_MAX_INT_BITS = 1000

_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
}
_UNSEEN = (
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    type,
)


def describe_all(names: dict[str, object]) -> dict[str, str]:
    """The values that a reader of the program would call variables: no modules, functions or classes."""
    seen = (
        (name, value)
        for name, value in names.items()
        if not name.startswith(("__", ".")) and not isinstance(value, _UNSEEN)
    )
    return {name: describe(value) for name, value in islice(seen, MAX_NAMES)}


def describe(value: object, depth: int = _MAX_DEPTH) -> str:
    """The value as `repr` would show it, shortened; what cannot be read says so."""
    try:
        text = _describe(value, depth)
    except Exception as error:  # noqa: BLE001 - the program's own objects may raise whatever they like
        return f"<{type(error).__name__} while reading it>"
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _describe(value: object, depth: int) -> str:
    kind = type(value)
    if kind is int:
        return _integer(value)
    if kind in {bool, float, complex, types.NoneType, range, types.EllipsisType}:
        return repr(value)
    if kind is str or kind is bytes:
        return repr(value[:MAX_TEXT])  # type: ignore[index] # the exact type was asked for just above
    if kind in _BRACKETS:
        return _items(value, _BRACKETS[kind], depth)
    if kind is dict:
        return _mapping(value, depth)
    return _instance(value, depth)


def _integer(value: object) -> str:
    assert isinstance(value, int)  # noqa: S101 - tells the type checker what _describe has asked
    bits = value.bit_length()
    return repr(value) if bits <= _MAX_INT_BITS else f"<int of {bits} bits>"


def _items(value: object, brackets: tuple[str, str], depth: int) -> str:
    assert isinstance(value, list | tuple | set | frozenset)  # noqa: S101 - as above
    opening, closing = brackets
    if not value:
        return "[]" if type(value) is list else "()" if type(value) is tuple else f"{type(value).__name__}()"
    if depth == 0:
        return f"{opening}…{closing}"
    shown = [describe(item, depth - 1) for item in islice(value, MAX_ITEMS)]
    if len(value) > MAX_ITEMS:
        shown.append(f"… {len(value) - MAX_ITEMS} more")
    comma = "," if type(value) is tuple and len(value) == 1 else ""
    return opening + ", ".join(shown) + comma + closing


def _mapping(value: object, depth: int) -> str:
    assert isinstance(value, dict)  # noqa: S101 - as above
    if depth == 0 and value:
        return "{…}"
    pairs = [
        f"{describe(key, depth - 1)}: {describe(item, depth - 1)}" for key, item in islice(value.items(), MAX_ITEMS)
    ]
    if len(value) > MAX_ITEMS:
        pairs.append(f"… {len(value) - MAX_ITEMS} more")
    return "{" + ", ".join(pairs) + "}"


def _instance(value: object, depth: int) -> str:
    name = type(value).__name__
    if isinstance(value, _UNSEEN):
        return f"<{name}>"
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return f"<{name}>"
    if type(attributes) is not dict or depth == 0 or type(value).__module__ != "__main__":
        return f"<{name}>"
    fields = [f"{key}={describe(item, depth - 1)}" for key, item in islice(attributes.items(), MAX_ITEMS)]
    return f"{name}({', '.join(fields)})"
