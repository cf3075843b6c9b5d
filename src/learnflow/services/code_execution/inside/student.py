"""Runs the student's program as `python main.py` would, and says exactly what went wrong in it."""

from __future__ import annotations

import builtins
import os
import sys
from _sitebuiltins import Quitter, _Helper
from types import ModuleType

from learnflow.services.code_execution.inside import failure, wire
from learnflow.services.code_execution.inside.trace import Tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, TextIO

FILE_NAME = "main.py"
MAX_STEPS = 1_000
_BALLAST_BYTES = 2 * 1024 * 1024


def run(source: str, scratch: str, channel: int, *, trace: bool) -> int:
    """The exit code. Errors and steps go to `channel`; the program may write there too, about itself only."""
    main = _prepare(scratch)
    ballast = bytearray(_BALLAST_BYTES)  # what is left for the report when the program has used all memory
    try:
        code = compile(source, FILE_NAME, "exec", dont_inherit=True)
        if trace:
            Tracer(channel, FILE_NAME, MAX_STEPS).run(_execute, code, main.__dict__)
        else:
            _execute(code, main.__dict__)
    except SystemExit as wish:
        return _exit_code(wish)
    except BaseException as error:  # noqa: BLE001 - whatever ends a student's program is reported as Python would
        del ballast
        wire.send(channel, "error", failure.describe(error, source, FILE_NAME))
        _show(error)
        return 1
    return 0


def _execute(code: CodeType, names: dict[str, Any]) -> None:
    exec(code, names)  # noqa: S102 - running the student's program is what this process is for


def _prepare(scratch: str) -> ModuleType:
    """An interpreter as a script finds it; what brought us here is put out of sight."""
    main = ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins, __file__=f"{scratch}/{FILE_NAME}", __annotations__={})
    for name in [name for name in sys.modules if name.split(".")[0] == "learnflow"]:
        del sys.modules[name]
    sys.modules["__main__"] = main
    os.environ.clear()  # the interpreter itself puts a locale there
    sys.argv = [FILE_NAME]
    sys.orig_argv = ["python", FILE_NAME]
    sys.path.insert(0, scratch)
    for name in ("exit", "quit"):
        setattr(builtins, name, Quitter(name, "Ctrl-D (i.e. EOF)"))
    setattr(builtins, "help", _Helper())  # noqa: B010 - `builtins` declares no such name without the site module
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        _use_utf8(stream)
    return main


def _use_utf8(stream: TextIO) -> None:
    # line by line, so that a time-out keeps what was said before it
    stream.reconfigure(encoding="utf-8", line_buffering=True)  # type: ignore[attr-defined] # standard streams have it


def _exit_code(wish: SystemExit) -> int:
    if wish.code is None:
        return 0
    if isinstance(wish.code, int):
        return wish.code & 0xFF
    print(wish.code, file=sys.stderr)  # noqa: T201 - sys.exit("text") prints it: that is Python's own behaviour
    return 1


def _show(error: BaseException) -> None:
    entry = failure.own_traceback(error, FILE_NAME)
    sys.excepthook(type(error), error.with_traceback(entry), entry)
