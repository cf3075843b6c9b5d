"""Judges programs by an exercise's tests, outside of the sandbox: the course's own programs are no danger."""

from learnflow.curriculum import Case, Task
from learnflow.curriculum.exercises import lines_of
from tests.content.programs import run

_CALL = """
import io as _io, contextlib as _contextlib
_printed = _io.StringIO()
with _contextlib.redirect_stdout(_printed):
    _value = {call}
print({what})
"""


def failing(task: Task, code: str) -> set[int]:
    """The numbers of the tests, from 1, that what was handed in does not pass."""
    if task.level.kind in {"predict", "parsons"}:
        return set() if lines_of(code) in [lines_of(answer) for answer in (task.reference, *task.also)] else {1}
    return {number for number, case in enumerate(task.tests, start=1) if not passes(task, case, code)}


def outcomes(task: Task, code: str) -> list[tuple[str, str]]:
    """What the program gives on each test, and the last line of what it says on stderr."""
    seen = [_seen(task, case, code) for case in task.tests]
    return [(printed, errors.rstrip().rpartition("\n")[2]) for printed, errors in seen]


def passes(task: Task, case: Case, code: str) -> bool:
    printed, errors = _seen(task, case, code)
    if case.raises is not None:
        return case.raises in errors
    if case.expected is not None:
        # with its type: 1 is not True, and a tuple is no list
        return not errors and printed == repr(eval(case.expected))
    return not errors and lines_of(printed) == lines_of(case.stdout or "")


def _seen(task: Task, case: Case, code: str) -> tuple[str, str]:
    program = f"{task.preamble}\n{code}\n"
    if case.call is not None:
        what = "_printed.getvalue()" if case.stdout is not None else "repr(_value)"
        program += _CALL.format(call=case.call, what=what)
    return run(program, case.stdin or "")
