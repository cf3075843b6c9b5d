"""UnboundLocalError: a function assigns a name, so the name is local there, and it is read before it has a value."""

import builtins
import re

from learnflow.services.debug.case import Case
from learnflow.services.debug.causes import never_made
from learnflow.services.debug.finding import Finding
from learnflow.services.debug.program import Binding
from learnflow.services.debug.wording import code

_QUOTED = re.compile(r"'([^']+)'")


def explain(case: Case) -> list[Finding]:
    """The causes of an UnboundLocalError, best first."""
    match = _QUOTED.search(case.message)
    if match is None:
        return []
    name = match[1]
    found = [detect(case, name, _local(case, name)) for detect in _DETECTORS]
    return [finding for finding in found if finding is not None]


def _local(case: Case, name: str) -> list[Binding]:
    everywhere = case.program.bindings_of(name)
    return [b for b in everywhere if b.function is not None and b.function is case.function]


def _owner(case: Case) -> str:
    if case.function is not None:
        return code(case.function.name)
    return code(case.raised.function) if case.raised.function else "the function"


def _fact(case: Case, name: str) -> str:
    return f"{case.here}, inside {_owner(case)}, reads {code(name)}. It had no value there at that moment."


def _skipped(case: Case, name: str, local: list[Binding]) -> Finding | None:
    above = [b for b in local if b.line < (case.line or 0)]
    if not above:
        return None
    return never_made.skipped(case, name, above, _fact(case, name))


def _outer_exists(case: Case, name: str, local: list[Binding]) -> Finding | None:
    outer = [b for b in case.program.bindings_of(name) if b.function is None]
    if not outer or not local:
        return None
    owner, made = _owner(case), local[0].line
    question = f"Is the {code(name)} inside {owner} the same one as the {code(name)} of line {outer[0].line}?"
    cause = (
        f"Line {made} assigns {code(name)} inside {owner}. That makes {code(name)} a local name in the whole "
        f"function. It is not the {code(name)} of line {outer[0].line}, and it has no value when line "
        f"{case.line} reads it."
    )
    return Finding("assignment-reaches-out", made, _fact(case, name), question, cause, 0.95, is_seen=case.ran)


def _hides_builtin(case: Case, name: str, local: list[Binding]) -> Finding | None:
    if not local or not hasattr(builtins, name):
        return None
    made = local[0].line
    question = f"How many things are called {code(name)} inside {_owner(case)}?"
    cause = (
        f"{code(name)} is a function of Python's own. Line {made} assigns a name {code(name)} inside {_owner(case)}, "
        f"so in the whole function {code(name)} means that new name. Line {case.line} reads it before it has a value."
    )
    return Finding("own-name-hides-builtin", made, _fact(case, name), question, cause, 0.95, is_seen=case.ran)


def _read_before_set(case: Case, name: str, local: list[Binding]) -> Finding | None:
    if not local:
        return None
    first = local[0]
    question = (
        f"Which line inside {_owner(case)} gives {code(name)} its first value? Does it run before {case.the_line}?"
    )
    if first.line == case.line:
        cause = f"Line {case.line} needs the old value of {code(name)} to work out the new one. "
        cause += f"No line of {_owner(case)} has given it a first value."
    else:
        cause = (
            f"Inside {_owner(case)} {code(name)} gets a value on line {first.line}. "
            f"Line {case.line} read it before that."
        )
    return Finding("local-not-set-yet", case.line, _fact(case, name), question, cause, 0.8, is_seen=case.ran)


def _by_message(case: Case, name: str, local: list[Binding]) -> Finding | None:
    if local:
        return None
    question = (
        f"Which line inside {_owner(case)} gives {code(name)} its first value? Does it run before {case.the_line}?"
    )
    cause = (
        f"The message proves two things: some line of {_owner(case)} assigns {code(name)}, so it is local there, "
        f"and {case.the_line} read it before that line had run."
    )
    return Finding("assignment-reaches-out", case.line, _fact(case, name), question, cause, 0.6)


_DETECTORS = (_skipped, _outer_exists, _hides_builtin, _read_before_set, _by_message)
