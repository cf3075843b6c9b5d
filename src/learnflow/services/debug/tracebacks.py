"""Pasted tracebacks and error messages, read as evidence: with or without carets (PEP 657), chained, or a bare line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_LONGEST = 20_000
_FRAME = re.compile(r'\s*File "(?P<file>[^"]+)", line (?P<line>\d{1,6})(?:, in (?P<function>\S+))?')
_CELL = re.compile(r"\s*(?:Cell In ?\[\d*\], line |Input In \[\d*\].*<cell line: )(?P<line>\d{1,6})")
_ARROW = re.compile(r"\s*-+> ?(?P<line>\d{1,6})[ :](?P<text>.*)")
_CARETS = re.compile(r"\s*[~^]+\s*")
_TYPE = r"\b(?:[A-Za-z_]\w{0,40}\.){0,6}[A-Z]\w{0,60}(?:Error|Exception|Interrupt|Iteration|Exit|Warning)"
_LAST_LINE = re.compile(rf"\s*(?P<type>{_TYPE})(?:: ?(?P<message>.*))?\s*$")
_IN_TEXT = re.compile(rf"(?P<type>{_TYPE})\b(?:: ?(?P<message>[^\n]*))?")
_LINE_IN_TEXT = re.compile(r"\bline (\d{1,6})\b")
_CHAIN = re.compile(
    r"During handling of the above exception, another exception|The above exception was the direct cause"
)
_ADVICE = re.compile(r"\.? ?(?:Did you mean|Perhaps you forgot|Did you forget|Maybe you meant)\b.*$")
_LIBRARY = ("site-packages", "/lib/python", "\\lib\\", "\\Lib\\", "<frozen ")
_MESSAGES = (
    (r"(?:list|string|tuple|range object)(?: assignment)? index out of range|pop from empty list", "IndexError"),
    (r"name '\w+' is not defined", "NameError"),
    (r"local variable '\w+' (?:referenced before|where it is not)", "UnboundLocalError"),
    (r"invalid literal for int\(\)|values to unpack|could not convert string to float", "ValueError"),
    (r"has no attribute '\w+'", "AttributeError"),
    (
        (
            r"unsupported operand|not subscriptable|not callable|not iterable|can only concatenate|has no len\(\)"
            r"|positional argument|not supported between|indices must be integers|item assignment|unhashable type"
        ),
        "TypeError",
    ),
    (r"division by zero", "ZeroDivisionError"),
    (r"maximum recursion depth", "RecursionError"),
    (r"EOF when reading a line", "EOFError"),
    (r"invalid syntax|was never closed|unterminated string|EOL while scanning|expected ':'", "SyntaxError"),
    (r"expected an indented block|unindent does not match|unexpected indent", "IndentationError"),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """One call of a traceback; columns count from 0 within the stripped `text`, the end is exclusive."""

    file: str
    line: int
    function: str | None = None
    text: str = ""
    column: int | None = None
    end_column: int | None = None

    @property
    def is_library(self) -> bool:
        return any(part in self.file for part in _LIBRARY)


@dataclass(frozen=True, slots=True)
class Report:
    """What a pasted text proves: the error's type and message, the calls that led to it, and the error before it."""

    type: str
    message: str
    frames: tuple[Frame, ...] = ()
    earlier: "Report | None" = None
    line_said: int | None = field(default=None)

    @property
    def place(self) -> Frame | None:
        """The last call in the student's own file, as far as the text tells."""
        own = [frame for frame in self.frames if not frame.is_library]
        return own[-1] if own else None

    @property
    def line(self) -> int | None:
        return self.place.line if self.place else self.line_said

    @property
    def lines(self) -> dict[int, str]:
        """The student's program as far as the traceback shows it."""
        own = [frame for frame in self.frames if not frame.is_library and frame.text]
        if self.place is not None:
            own = [frame for frame in own if frame.file == self.place.file]
        return {frame.line: frame.text for frame in own}


def read_report(text: str) -> Report | None:
    """The error that a pasted text tells of, or None when it tells of none."""
    text = text[-_LONGEST:].translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0xA0: " "})
    report: Report | None = None
    for piece in _CHAIN.split(text):
        found = _read_one(piece)
        if found is not None:
            report = Report(found.type, found.message, found.frames, report, found.line_said)
    return report


def _read_one(text: str) -> Report | None:
    frames = tuple(_frames(text.splitlines()))
    kind, message = _error(text, has_frames=bool(frames))
    if not kind:
        return None
    said = _LINE_IN_TEXT.search(text)
    return Report(kind, message, frames, None, int(said[1]) if said else None)


def _error(text: str, *, has_frames: bool) -> tuple[str, str]:
    lines = [match for line in text.splitlines() if (match := _LAST_LINE.match(line))]
    match = lines[-1] if lines else _IN_TEXT.search(text)
    if match is not None:
        return match["type"].rpartition(".")[2], (match["message"] or "").strip()[:300]
    return _error_by_message(text) if not has_frames else ("", "")


def _error_by_message(text: str) -> tuple[str, str]:
    for line in text.splitlines():
        for pattern, kind in _MESSAGES:
            if re.search(pattern, line):
                return kind, line.strip()[:300]
    return "", ""


def plain_message(message: str) -> str:
    """The message without Python's own advice: an answer of ours must not hold the edit."""
    return _ADVICE.sub("", message.strip())


def _frames(lines: list[str]) -> Iterator[Frame]:
    for number, line in enumerate(lines):
        after = lines[number + 1 : number + 3]
        if match := _FRAME.match(line):
            yield _with_text(match["file"], int(match["line"]), match["function"], after)
        elif match := _ARROW.match(line):
            yield Frame("<cell>", int(match["line"]), None, match["text"].strip())
        elif (match := _CELL.match(line)) and not any(_ARROW.match(other) for other in lines):
            yield Frame("<cell>", int(match["line"]))


def _with_text(file: str, line: int, function: str | None, after: list[str]) -> Frame:
    shown = after[0] if after and after[0].startswith((" ", "\t")) and not _FRAME.match(after[0]) else ""
    column, end = _carets(shown, after[1] if shown and len(after) > 1 else "")
    name = None if function in {None, "<module>"} else function
    return Frame(file, line, name, shown.strip(), column, end)


def _carets(shown: str, marks: str) -> tuple[int | None, int | None]:
    if not marks.strip() or not _CARETS.fullmatch(marks):
        return None, None
    indent = len(shown) - len(shown.lstrip())
    start = len(marks) - len(marks.lstrip()) - indent
    return (start, start + len(marks.strip())) if start >= 0 else (None, None)
