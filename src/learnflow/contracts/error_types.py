"""Which names of errors may travel and rest in the clear: Python's own, never those of a student's classes."""

import builtins
import signal
from typing import Annotated

from pydantic import AfterValidator

OTHER = "other"
"""Stands for every error that a student, or a library that they wrote, has named."""

WRONG_RESULT = "wrong_result"
"""Stands for a program that runs and gives the wrong answer."""

_BUILT_IN = {
    name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, BaseException)
}
_OF_THE_SANDBOX = {
    "Timeout",
    "timeout",
    "OutputLimit",
    "Stopped",
    "SandboxError",
    *(each.name for each in signal.Signals),
}
_OF_THE_LIBRARY = {
    "BadZipFile",
    "CalledProcessError",
    "Empty",
    "Error",
    "FrozenInstanceError",
    "Full",
    "HTTPError",
    "InvalidOperation",
    "JSONDecodeError",
    "ParseError",
    "StatisticsError",
    "TimeoutExpired",
    "URLError",
    "UnsupportedOperation",
    "error",
}
KNOWN = frozenset({WRONG_RESULT} | _BUILT_IN | _OF_THE_SANDBOX | _OF_THE_LIBRARY)


_IN_WORDS = {
    WRONG_RESULT: "a wrong result",
    OTHER: "the same error",
    "Timeout": "a time-out",
    "timeout": "a time-out",
    "OutputLimit": "more output than is allowed",
}


def in_words(name: str) -> str:
    """What a person got, to be read after "Got" or "They got"; an error's own name is what they saw."""
    return _IN_WORDS.get(name, f"the error {name}")


def public_name(name: str) -> str:
    """The name itself if everybody knows it, else OTHER."""
    return name if name in KNOWN else OTHER


ErrorType = Annotated[str, AfterValidator(public_name)]
"""The type of an error in an event: a class of a student's own is their text and stays unnamed."""
