"""How a process of `up` begins: forked, given to the parent of all, with a group, a name and a log of its own."""

import gc
import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable

from learnflow.runtime.processes import die_with_parent, name_process

ADOPTION_STEP_S = 0.0002


def bring_forth(work: Callable[[], None], name: str, parent: int) -> int:
    """Fork twice, so that `parent`, which adopts orphans, is the parent of the process; returns its pid."""
    reading, writing = os.pipe()
    between = os.fork()
    if between == 0:
        middle = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            os.close(writing)
            live(lambda: _when_adopted(middle, parent, work), name)
        os.write(writing, str(pid).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(between, 0)
    with os.fdopen(reading) as pipe:
        return int(pipe.read())


def live(work: Callable[[], None], name: str) -> None:
    """In a fresh child: do the work and end. Never returns into the code of the process that was forked."""
    code = 1
    try:
        _become_somebody(name)
        work()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001 - a forked child must never return into its parent's code
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def answer_into(pipe: int, work: Callable[[], object], name: str) -> None:
    """Write the result as JSON, or what went wrong."""
    try:
        said = {"result": work()}
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent has to hear of it
        traceback.print_exc()
        said = {"problem": f"{name}: {error}"}
    with os.fdopen(pipe, "wb") as file:
        file.write(json.dumps(said).encode())


def redirect_output(log: int) -> None:
    """Standard output and error to the log, standard input from nothing."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, target)
    os.close(nothing)
    os.close(log)


def _when_adopted(middle: int, parent: int, work: Callable[[], None]) -> None:
    while os.getppid() == middle:
        time.sleep(ADOPTION_STEP_S)
    die_with_parent(parent, signal.SIGTERM)
    work()


def _become_somebody(name: str) -> None:
    # a group of its own: Ctrl-C at the terminal reaches the parent alone, which stops everything in order
    os.setpgid(0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    name_process(f"lf:{name}")
    random.seed()
    gc.enable()
