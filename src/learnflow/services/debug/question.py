"""What a student sent, sorted: the program, and the error message or traceback, wherever they put them."""

import re
from dataclasses import dataclass

from learnflow.services.debug.tracebacks import Report, read_report

_FENCE = re.compile(r"```[ \t]*(?:python|py)?[ \t]*\n(.*?)```", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sent:
    """A program, an error report, or both."""

    code: str | None
    report: Report | None


def read_question(query: str, code: str = "", error: str = "") -> Sent:
    """The program from its own field or a fence in the question; the error from its field, else from the question."""
    if not code.strip():
        fenced = [text for text in _FENCE.findall(query) if not _is_traceback(text)]
        code = fenced[0] if fenced else ""
    return Sent(code if code.strip() else None, read_report(error) or read_report(query))


def _is_traceback(text: str) -> bool:
    return "Traceback (most recent call last)" in text or read_report(text) is not None
