"""Runs the course's programs as a student would: by the interpreter, in a process and a folder of their own."""

import json
import subprocess
import sys
import tempfile
from typing import Any

TRACER = """
import ast, contextlib, io, json, sys
source = sys.argv[1]
steps, printed = [], io.StringIO()
def show(value):
    return repr(value)
def trace(frame, event, _):
    if frame.f_code.co_filename != "<student>":
        return None
    if event in ("line", "return"):
        values = {k: show(v) for k, v in frame.f_locals.items() if not k.startswith("__")}
        steps.append([frame.f_lineno if event == "line" else 0, values, printed.getvalue()])
    return trace
code = compile(source, "<student>", "exec")
with contextlib.redirect_stdout(printed):
    sys.settrace(trace)
    exec(code, {"__name__": "__main__"})
    sys.settrace(None)
json.dump(steps, sys.stdout)
"""


def run(code: str, stdin: str = "") -> tuple[str, str]:
    """What a program prints, without the last line break, and what it says on stderr."""
    done = _python(["-c", code], stdin)
    return done.stdout.rstrip("\n"), done.stderr


def trace(code: str) -> list[tuple[int, dict[str, str], str]]:
    """Line by line, before it runs: number, values, all that was printed so far; the end has number 0."""
    done = _python(["-c", TRACER, code], "")
    assert done.returncode == 0, done.stderr
    steps: list[Any] = json.loads(done.stdout)
    return [(line, values, printed) for line, values, printed in steps]


def evaluate(expressions: list[tuple[str, dict[str, int]]]) -> list[bool | str]:
    """The truth of each expression, or the name of the exception that it raised."""
    program = (
        "import json, sys\nfound = []\n"
        "for text, names in json.load(sys.stdin):\n"
        "    try:\n        found.append(bool(eval(text, dict(names))))\n"
        "    except Exception as error:\n        found.append(type(error).__name__)\n"
        "json.dump(found, sys.stdout)"
    )
    done = _python(["-c", program], json.dumps(expressions))
    assert done.returncode == 0, done.stderr
    answers: list[bool | str] = json.loads(done.stdout)
    return answers


def _python(arguments: list[str], stdin: str) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as scratch:
        return subprocess.run(
            [sys.executable, "-I", "-S", *arguments],
            check=False, input=stdin, capture_output=True, text=True, timeout=10, cwd=scratch,
        )  # fmt: skip


def run_all(codes: list[str]) -> list[tuple[str, str]]:
    """What each program prints, without the last line break, and its exception's name.

    One process for all, but none finds the files of the one before.
    """
    program = (
        "import contextlib, io, json, os, sys\nfound = []\n"
        "for code in json.load(sys.stdin):\n"
        "    for left in os.listdir():\n        os.unlink(left)\n"
        "    printed, error = io.StringIO(), ''\n"
        "    try:\n"
        "        with contextlib.redirect_stdout(printed):\n            exec(code, {'__name__': '__main__'})\n"
        "    except Exception as raised:\n        error = type(raised).__name__\n"
        "    found.append([printed.getvalue().rstrip('\\n'), error])\n"
        "json.dump(found, sys.stdout)"
    )
    done = _python(["-c", program], json.dumps(codes))
    assert done.returncode == 0, done.stderr
    seen: list[list[str]] = json.loads(done.stdout)
    return [(printed, error) for printed, error in seen]
