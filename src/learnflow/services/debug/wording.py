"""Small pieces of sentences: short, plain, second person, and always the student's own names and values."""

from collections.abc import Sequence

_LONGEST_VALUE = 48


def code(text: object) -> str:
    """A piece of code inside a sentence."""
    shown = " ".join(str(text).split()).replace("`", "'")
    return f"`{shown}`"


def shown(value: str) -> str:
    """A value inside a sentence, shortened when it is long."""
    return code(value if len(value) <= _LONGEST_VALUE else f"{value[: _LONGEST_VALUE - 10]} … {value[-6:]}")


def count(number: int, thing: str) -> str:
    """`1 item`, `3 items`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def positions(length: int) -> str:
    """Which positions a sequence of that length has, as a sentence about `it`."""
    if length == 0:
        return "It is empty, so it has no position at all."
    if length == 1:
        return "It has 1 item, at position 0."
    return f"It has positions 0 to {length - 1}."


def listed(names: Sequence[str], longest: int = 6) -> str:
    """`a`, `b` and `c`; a long list is cut and says so."""
    quoted = [code(name) for name in names[:longest]]
    if len(names) > longest:
        return ", ".join(quoted) + f" and {len(names) - longest} more"
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}" if quoted else "none"


def an(thing: str) -> str:
    """The thing with its article."""
    return f"an {thing}" if thing[:1].lower() in "aeio" else f"a {thing}"


_KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number with a decimal point",
    "bool": "True or False",
    "list": "a list",
    "tuple": "a tuple",
    "dict": "a dictionary",
    "set": "a set",
    "NoneType": "None",
    "function": "a function",
    "method": "a method",
    "builtin_function_or_method": "a function of Python's own",
    "range": "a range",
    "type": "a class",
    "module": "a module",
    "generator": "a generator",
    "bytes": "bytes",
    "dict_keys": "the keys of a dictionary",
    "dict_values": "the values of a dictionary",
    "dict_items": "the pairs of a dictionary",
    "map": "a map object",
    "filter": "a filter object",
    "zip": "a zip object",
}


def kind(type_name: str) -> str:
    """A type in plain words."""
    return _KINDS.get(type_name) or f"{an(type_name)} object"
