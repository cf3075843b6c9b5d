"""Runs the student's program as `python main.py` would, and says exactly what went wrong in it."""

# ruff: noqa: PTH208, SIM115 - pathlib is not loaded here; the standard streams stay open
from __future__ import annotations

import atexit
import builtins
import gc
import os
import random
import resource
import sys
import threading
from _sitebuiltins import Quitter, _Helper
from os import _exit, getpid, listdir
from time import monotonic_ns
from types import ModuleType

from learnflow.services.code_execution.inside import failure, files, limits, wire
from learnflow.services.code_execution.inside.trace import Tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Any, NoReturn

FILE_NAME = "main.py"
CHANNEL, JOB = 3, 4
MAX_STEPS = 1_000
_BALLAST_BYTES = 2 * 1024 * 1024
_ballast: list[bytes] = []
"""Untouched, so it costs no page: what is left for the report when the program has used all memory."""
_seed_random = super(random.Random, random._inst).seed  # as random.seed() without its frills
_OWN_NAMES = (FILE_NAME, ".tmp", ".shm")
_WARM_UP = """
import sys
class Warm:
    def __init__(self, n): self.n = n
def add(a, b=1, *more, **named): return a + b
total = 0
for n in range(3): total = add(total, n)
try: {}["x"]
except KeyError as error: text = f"{error!r} {total:>5} {Warm(1).n}"
print(sorted([3, 1, 2], key=lambda n: -n), {"a": text}, file=sys.stderr)
"""


def set_the_stage() -> None:
    """An interpreter as a script finds it; what brought us here is put out of sight. Done once, in the zygote."""
    for name in [name for name in sys.modules if name.split(".")[0] == "learnflow"]:
        del sys.modules[name]
    sys.modules["__main__"] = ModuleType("__main__")
    os.environ.clear()  # the interpreter itself puts a locale there
    sys.argv = [FILE_NAME]
    sys.orig_argv = ["python", FILE_NAME]
    for name in ("exit", "quit"):
        setattr(builtins, name, Quitter(name, "Ctrl-D (i.e. EOF)"))
    setattr(builtins, "help", _Helper())  # noqa: B010 - `builtins` declares no such name without the site module
    _open_streams()
    _ballast.append(bytes(_BALLAST_BYTES))
    warm_up()
    gc.collect()
    gc.disable()  # until a program begins


def _open_streams() -> None:
    """Standard streams that take themselves for pipes, whatever is put behind them later; line by line, so that a
    time-out keeps what was said before it."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        errors = "backslashreplace" if name == "stderr" else "strict"
        mode = "r" if name == "stdin" else "w"
        stream = open(number, mode, encoding="utf-8", errors=errors, closefd=False)
        stream.reconfigure(line_buffering=True)  # type: ignore[attr-defined] # standard streams have it
        stream.buffer.raw.name = f"<{name}>"  # type: ignore[attr-defined] # that of a FileIO can be set
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def warm_up() -> None:
    """Walk the common ways once, so that their pages are there; what is printed goes nowhere."""
    nowhere = os.open("/dev/null", os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    main = _main_module("/nowhere")
    code = _run(_WARM_UP, main, trace=False)
    _wind_up(main, code, list)  # threads can be joined for good but once
    wire.encoded("error", {"x": ["y", 1]})
    sys.modules["__main__"] = ModuleType("__main__")


def rehearse(scratch: str) -> None:
    """All that a run does, while nobody waits for it."""
    files.put(scratch, {FILE_NAME: ""})
    _has_left_files(scratch, {})
    resource.getrusage(resource.RUSAGE_SELF)
    warm_up()


def settle_in(scratch: str) -> None:
    """What can be done before the program is known."""
    _seed_random()  # the fork did not pass through Python's, which would have done it
    sys.path.insert(0, scratch)


def run(job: dict[str, Any], scratch: str, ready: bytes) -> NoReturn:
    """Ends with the program's exit code. The program may write to the channel too, about itself only."""
    first = getpid()
    if job["cpu_s"] < limits.MOST_CPU_S:
        limits.apply_cpu(job["cpu_s"])
    given = job["files"]
    files.put(scratch, {FILE_NAME: job["code"], **given})
    _make_room_for(given)
    gc.freeze()  # what is ours is not looked through when the program ends
    gc.enable()
    main = _main_module(scratch)
    os.write(JOB, b"[%d,%b]" % (monotonic_ns(), ready))
    os.close(JOB)  # so that nobody else can say that
    code = _run(job["code"], main, trace=job["trace"])
    code = _wind_up(main, code, _join_threads)
    if getpid() == first:
        _say_done(code, scratch, given)
    _exit(code)


def _main_module(scratch: str) -> ModuleType:
    main = ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins, __file__=f"{scratch}/{FILE_NAME}", __annotations__={})
    sys.modules["__main__"] = main
    return main


def _make_room_for(given: dict[str, str]) -> None:
    """A file of the student's hides a module of the same name, as it does for a script."""
    for name in given:
        sys.modules.pop(name.split("/")[0].removesuffix(".py"), None)


def _run(source: str, main: ModuleType, *, trace: bool) -> int:
    try:
        code = compile(source, FILE_NAME, "exec", dont_inherit=True)
        if trace:
            Tracer(CHANNEL, FILE_NAME, MAX_STEPS).run(_execute, code, main.__dict__)
        else:
            _execute(code, main.__dict__)
    except SystemExit as wish:
        return _exit_code(wish)
    except BaseException as error:  # noqa: BLE001 - whatever ends a student's program is reported as Python would
        _ballast.clear()
        _tell(error, source)
        return 1
    return 0


def _execute(code: CodeType, names: dict[str, Any]) -> None:
    exec(code, names)  # noqa: S102 - running the student's program is what this process is for


def _tell(error: BaseException, source: str) -> None:
    try:
        wire.send(CHANNEL, "error", failure.describe(error, source, FILE_NAME))
        entry = failure.own_traceback(error, FILE_NAME)
        sys.excepthook(type(error), error.with_traceback(entry), entry)
    except BaseException:  # noqa: BLE001 - a program may have broken what tells of it; its exit code is still told
        return


def _join_threads() -> None:
    """As the interpreter itself, which need not look for threads where there never was one."""
    if len(threading._active) > 1 or threading._threading_atexits:  # type: ignore[attr-defined] # its own
        threading._shutdown()  # type: ignore[attr-defined] # its own


def _collect() -> None:
    """What the program left in circles. Where none of it is old a smaller collection does: one of everything would give
    back the interpreter's spare objects too, each on a page that is yet to be copied."""
    gc.collect(2 if gc.get_objects(2) else 1)


def _wind_up(main: ModuleType, code: int, join_threads: Callable[[], object]) -> int:
    """What the interpreter does at its end: threads, exit handlers, finalisers, and what is not yet printed."""
    for step in (join_threads, atexit._run_exitfuncs, main.__dict__.clear, _collect):
        try:
            step()
        except BaseException:  # noqa: BLE001, S112 - as the interpreter, which says so and goes on
            continue
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - the interpreter's own code for output that could not be written
        return code or 120
    return code


def _say_done(code: int, scratch: str, given: dict[str, str]) -> None:
    try:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        left_files = _has_left_files(scratch, given)
        wire.send_done(CHANNEL, code, usage.ru_maxrss, usage.ru_utime + usage.ru_stime, left_files=left_files)
    except BaseException:  # noqa: BLE001 - the kernel's word is waited for instead
        return


def _has_left_files(scratch: str, given: dict[str, str]) -> bool:
    left_files = given != {}
    for name in listdir(scratch):
        if name not in _OWN_NAMES:
            left_files = True
    return left_files


def _exit_code(wish: SystemExit) -> int:
    if wish.code is None:
        return 0
    if isinstance(wish.code, int):
        return wish.code & 0xFF
    try:
        print(wish.code, file=sys.stderr)  # noqa: T201 - sys.exit("text") prints it: that is Python's own behaviour
    except BaseException:  # noqa: BLE001 - what it wanted to say cannot be said
        return 1
    return 1
