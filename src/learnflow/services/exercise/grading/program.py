"""Sent to the sandbox as the program of a test: runs what was handed in, makes the call, writes its value down.

It shares the interpreter with what was handed in and trusts nothing of itself afterwards: whatever is written is only
the program's answer, and whether it is the right one is decided outside. It is sent as text and imports the standard
library alone. `job.json` beside it names the call and the file for the result; both programs lie beside it too.
"""

# ruff: noqa: PTH108, PTH123, S102, S307, BLE001 - it runs in the sandbox, where each import costs every test
import io
import json
import os
import sys
from types import CodeType, ModuleType
from typing import Any

MAX_NODES = 5_000
MAX_DEPTH = 20
MAX_CHARS = 40_000
MAX_RESULT = 60_000
TEXTS = {"decimal.Decimal", "datetime.date", "datetime.datetime", "datetime.time", "datetime.timedelta"}


class TooLarge(Exception):
    """The value is too large, or too deep, to be compared."""


class Encoder:
    """A value as lists that begin with the name of its type, by exact type and without asking the value itself."""

    def __init__(self) -> None:
        self.left = MAX_NODES
        self.chars = MAX_CHARS

    def encode(self, value: Any, depth: int = 0) -> list[Any]:
        self.left -= 1
        if self.left < 0 or depth > MAX_DEPTH:
            raise TooLarge
        kind = type(value)
        if kind in (list, tuple, set, frozenset):
            return [kind.__name__, [self.encode(item, depth + 1) for item in value]]
        if kind is dict:
            return ["dict", [[self.encode(k, depth + 1), self.encode(v, depth + 1)] for k, v in value.items()]]
        return self.plain(value, kind) or self.other(value, kind, depth)

    def plain(self, value: Any, kind: type) -> list[Any] | None:
        if value is None:
            return ["NoneType"]
        if kind is bool:
            return ["bool", value]
        if kind is str:
            return ["str", self.text(value)]
        if kind is int:
            return ["int", self.text(hex(value))]
        if kind is float:
            return ["float", value.hex()]
        return ["bytes", self.text(value.hex())] if kind is bytes else None

    def other(self, value: Any, kind: type, depth: int) -> list[Any]:
        name = f"{kind.__module__}.{kind.__qualname__}"
        if name in TEXTS:
            return [name, self.text(str(value))]
        fields = getattr(kind, "_fields", None)
        if isinstance(value, tuple) and type(fields) is tuple:
            return self.record(kind, dict(zip(fields, value, strict=True)), depth)
        try:
            inner = object.__getattribute__(value, "__dict__")
        except AttributeError:
            inner = None
        if type(inner) is dict and kind.__module__ == "solution" and not isinstance(value, (list, dict, set, str)):
            return self.record(kind, inner, depth)
        return ["other", self.text(kind.__name__)]

    def record(self, kind: type, fields: dict[str, Any], depth: int) -> list[Any]:
        return [
            "record",
            self.text(kind.__name__),
            [[self.text(k), self.encode(v, depth + 1)] for k, v in fields.items()],
        ]

    def text(self, text: str) -> str:
        self.chars -= len(text)
        if self.chars < 0:
            raise TooLarge
        return text


class Judged:
    """One test: loads the program as a module of its own, then makes the call in it."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.found: dict[str, Any] = {"nonce": job["nonce"], "phase": "load"}

    def load(self) -> dict[str, Any]:
        module = ModuleType("solution")
        sys.modules["solution"] = module
        for source, name in (self.job["preamble"], "preamble.py"), (self.job["code"], "main.py"):
            exec(compile(source, name, "exec", dont_inherit=True), module.__dict__)
        return module.__dict__

    def call(self, names: dict[str, Any]) -> None:
        self.found["phase"] = "call"
        statements, value = split(self.job["call"])
        printed = io.StringIO()
        screen, sys.stdout = sys.stdout, printed
        try:
            exec(statements, names)
            result = eval(value, names)
        finally:
            sys.stdout = screen
            self.found["printed"] = printed.getvalue()[:MAX_CHARS]
        try:
            self.found["value"] = Encoder().encode(result)
        except (TooLarge, RecursionError):
            self.found["too_large"] = type(result).__name__

    def failed(self, error: BaseException) -> None:
        line, entry = None, error.__traceback__
        while entry is not None:
            if entry.tb_frame.f_code.co_filename == "main.py":
                line = entry.tb_lineno
            entry = entry.tb_next
        try:
            message = str(error)[:500]
        except BaseException:
            message = ""
        kinds = [kind.__name__ for kind in type(error).__mro__][:20]
        self.found["raised"] = {"kinds": kinds, "message": message, "line": line}


def split(call: str) -> tuple[CodeType, CodeType]:
    """The statements before the last expression, and that expression."""
    import ast

    tree = ast.parse(call)
    last: Any = tree.body.pop()
    return compile(tree, "test", "exec"), compile(ast.Expression(last.value), "test", "eval")


def main() -> None:
    write, leave, dumps = os.write, os._exit, json.dumps
    with open("job.json", encoding="utf-8") as file:
        job = json.load(file)
    os.unlink("job.json")
    with open("main.py", "w", encoding="utf-8") as file:
        file.write(job["code"])  # so that it finds its own source
    judged = Judged(job)
    try:
        judged.call(judged.load())
    except BaseException as error:
        judged.failed(error)
    text = dumps(judged.found)
    if len(text) > MAX_RESULT:
        text = dumps({"nonce": job["nonce"], "phase": "call", "too_large": "value"})
    descriptor = os.open(job["result"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    write(descriptor, text.encode())
    try:
        sys.stdout.flush()
    finally:
        leave(0)


if __name__ == "__main__":
    main()
