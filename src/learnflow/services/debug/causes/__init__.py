"""From an exception to its causes: one module for each family of errors."""

from collections.abc import Callable

from learnflow.services.debug.case import Case
from learnflow.services.debug.causes import (
    attribute_error,
    endless,
    index_error,
    name_error,
    others,
    syntax,
    type_error,
    unbound_local,
    value_error,
)
from learnflow.services.debug.finding import Finding
from learnflow.services.debug.tracebacks import plain_message
from learnflow.services.debug.wording import code

_FAMILIES: dict[str, Callable[[Case], list[Finding]]] = {
    "IndexError": index_error.explain,
    "NameError": name_error.explain,
    "TypeError": type_error.explain,
    "UnboundLocalError": unbound_local.explain,
    "ValueError": value_error.explain,
    "StatisticsError": value_error.explain,
    "AttributeError": attribute_error.explain,
    "KeyError": others.key_error,
    "ZeroDivisionError": others.zero_division,
    "RecursionError": others.recursion,
    "EOFError": others.input_ended,
    "ModuleNotFoundError": others.missing_module,
    "ImportError": others.missing_module,
    "FileNotFoundError": others.missing_file,
    "SyntaxError": syntax.explain,
    "IndentationError": syntax.explain,
    "TabError": syntax.explain,
    "timeout": endless.explain,
}
TIME_OUT = "timeout"
"""The name under which a run that did not end is explained."""


def find_causes(case: Case) -> list[Finding]:
    """All causes that fit the evidence, best first; never empty."""
    family = _FAMILIES.get(case.raised.type)
    found = [*others.raised_on_purpose(case), *(family(case) if family is not None else [])]
    return [*found, _general(case)]


def _general(case: Case) -> Finding:
    """The honest answer when no cause was recognised: what Python said, and where."""
    where = f"Line {case.line}" if case.line else "The program"
    message = plain_message(case.message)
    said = (
        f"{case.raised.type}: {message}" if case.raised.type and message else case.raised.type or message or "an error"
    )
    fact = f"{where} stopped with {code(said)}."
    question = f"Which values does {case.the_line} use? Print each of them, with its type, just before that line."
    cause = f"Python's own words are {code(said)}. I could not find out more than that."
    return Finding("unknown-cause", case.line, fact, question, cause, 0.3, is_seen=case.ran, is_specific=False)
