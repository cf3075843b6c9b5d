"""Runs the course's programs in the real sandbox: alone, traced, or many of them in one run."""

import json
from collections.abc import Iterator
from typing import Any

from tests.content.sandbox import sandbox

MANY, MANY_CHARS = 60, 80_000
"""How many programs share a run, and how long they may be together: an input file has its limit."""
FILE = "programs.json"
DRIVER = """
import contextlib, io, json, os, shutil, sys
with open("programs.json", encoding="utf-8") as given:
    codes = json.load(given)
found, own = [], {"main.py", "programs.json"}
for code in codes:
    for left in set(os.listdir()) - own:
        shutil.rmtree(left) if os.path.isdir(left) else os.unlink(left)
    printed, error = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(printed):
            exec(code, {"__name__": "__main__"})
    except Exception as raised:
        error = type(raised).__name__
    found.append([printed.getvalue().rstrip("\\n"), error])
sys.stdin = sys.__stdin__
with open("found.json", "w", encoding="utf-8") as answer:
    json.dump(found, answer)
"""
EVALUATOR = """
import json, sys
found = []
for text, names in json.load(sys.stdin):
    try:
        found.append(bool(eval(text, dict(names))))
    except Exception as error:
        found.append(type(error).__name__)
json.dump(found, sys.stdout)
"""


def run(code: str, stdin: str = "") -> tuple[str, str]:
    """What a program prints, without the last line break, and what it says on stderr."""
    result = _one({"code": code, "stdin": stdin})
    return result["stdout"].rstrip("\n"), result["stderr"]


def trace(code: str) -> list[tuple[int, dict[str, str], str]]:
    """Line by line, before it runs: number, values, all that was printed so far; the end has number 0."""
    result = _one({"code": TRACER, "files": {"traced.txt": code}})
    assert result["status"] == "ok", result["stderr"]
    steps: list[Any] = json.loads(result["stdout"])
    return [(line, values, printed) for line, values, printed in steps]


def evaluate(expressions: list[tuple[str, dict[str, int]]]) -> list[bool | str]:
    """The truth of each expression, or the name of the exception that it raised."""
    result = _one({"code": EVALUATOR, "stdin": json.dumps(expressions)})
    assert result["status"] == "ok", result["stderr"]
    answers: list[bool | str] = json.loads(result["stdout"])
    return answers


def run_all(codes: list[str]) -> list[tuple[str, str]]:
    """What each program prints, without the last line break, and its exception's name.

    Many share a run, but none finds the files of the one before.
    """
    jobs = [{"code": DRIVER, "files": {FILE: json.dumps(some)}} for some in _shares(codes)]
    return [(printed, error) for result in sandbox().run(jobs) for printed, error in _found(result)]


def _shares(codes: list[str]) -> Iterator[list[str]]:
    share: list[str] = []
    for code in codes:
        if share and (len(share) == MANY or sum(map(len, share)) + len(code) > MANY_CHARS):
            yield share
            share = []
        share.append(code)
    if share:
        yield share


def _found(result: dict[str, Any]) -> list[list[str]]:
    assert result["status"] == "ok", (result["status"], result["stderr"])
    text = next(file["text"] for file in result["files"] if file["name"] == "found.json")
    found: list[list[str]] = json.loads(text)
    return found


def _one(program: dict[str, Any]) -> dict[str, Any]:
    (result,) = sandbox().run([program])
    return result


TRACER = """
import contextlib, io, json, sys
with open("traced.txt", encoding="utf-8") as given:
    source = given.read()
steps, printed = [], io.StringIO()
def trace(frame, event, _):
    if frame.f_code.co_filename != "<student>":
        return None
    if event in ("line", "return"):
        values = {k: repr(v) for k, v in frame.f_locals.items() if not k.startswith("__")}
        steps.append([frame.f_lineno if event == "line" else 0, values, printed.getvalue()])
    return trace
code = compile(source, "<student>", "exec")
with contextlib.redirect_stdout(printed):
    sys.settrace(trace)
    exec(code, {"__name__": "__main__"})
    sys.settrace(None)
json.dump(steps, sys.stdout)
"""
