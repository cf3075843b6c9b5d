"""What the child says to the service: one JSON object a line, without importing json into the student's process."""

from _json import encode_basestring_ascii as _quoted
from os import write as _write  # kept: a program may put something else in its place

FAILED, PARKED = "failed", "parked"


def encode(value: object) -> str:
    """JSON of None, bool, int, float, str, and of lists and dicts of them."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, str):
        return str(_quoted(value))
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(str(key))}:{encode(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(encode, value)) + "]"
    return repr(value)


def encoded(kind: str, value: object) -> bytes:
    return encode({kind: value}).encode() + b"\n"


def send(descriptor: int, kind: str, value: object) -> int:
    """Write one message whole; returns its size."""
    data = encoded(kind, value)
    rest = memoryview(data)
    while rest:
        rest = rest[_write(descriptor, rest) :]
    return len(data)


def send_done(descriptor: int, code: int, peak_kb: int, cpu_s: float, *, left_files: bool) -> None:
    """The last word, in one write and without any name that a program could have changed."""
    left = b"true" if left_files else b"false"
    message = b'{"done":{"code":%d,"peak_bytes":%d,"cpu_s":%f,"left_files":%b}}\n'
    _write(descriptor, message % (code, peak_kb * 1024, cpu_s, left))
