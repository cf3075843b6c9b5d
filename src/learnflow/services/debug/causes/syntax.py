"""SyntaxError and IndentationError: an own look at quotes, brackets, words and indentation, beside Python's message."""

import keyword
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from learnflow.services.debug.case import Case
from learnflow.services.debug.finding import Finding
from learnflow.services.debug.tracebacks import plain_message
from learnflow.services.debug.wording import code

_OPENERS = re.compile(r"\s*(?:if|elif|else|for|while|def|class|try|except|finally|with|match|case)\b")
_CONDITION = re.compile(r"\s*(?:if|elif|while)\b.*[^=!<>]=[^=]")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_LOOK_ALIKE = re.compile("[\u201c\u201d\u2018\u2019\u2013\u2014]")

_FOREIGN = (
    (r"\belse\s+if\b", "else if"),
    (r"\w\+\+|\w--\s*$", "++"),
    (r"&&", "&&"),
    (r"\|\|", "||"),
    (r"=>", "=>"),
    (r"=<", "=<"),
    (r"(?<![=!<>])!(?![=])\w", "!"),
    (r"\{\s*$", "{"),
    (r"^\s*elseif\b", "elseif"),
)


@dataclass(frozen=True, slots=True)
class Text:
    """The program as lines, with the line at which Python stopped."""

    lines: Sequence[str]
    line: int
    message: str

    @property
    def here(self) -> str:
        return self.lines[self.line - 1] if 0 < self.line <= len(self.lines) else ""


def explain(case: Case) -> list[Finding]:
    """What keeps Python from reading the program, best first; nothing when the message stands alone, without a line."""
    if case.line is None:
        return []
    text = Text(case.program.source.splitlines() or case.program.lines, case.line or 0, case.message)
    found = [detect(text) for detect in _DETECTORS]
    return [_with_run(finding, case) for finding in found if finding is not None]


def _with_run(finding: Finding, case: Case) -> Finding:
    # Reading is all that Python itself does here: the parser's verdict is the run.
    return Finding(finding.misconception, finding.line, finding.fact, finding.question, finding.cause,
                   finding.confidence, finding.region, is_seen=case.ran, is_specific=finding.is_specific)  # fmt: skip


def _fact(text: Text, what: str = "") -> str:
    shown = f", {code(text.here.strip()[:60])}" if text.here.strip() else ""
    return f"Python could not read line {text.line}{shown}, so nothing ran. {what}".strip()


def _brackets(text: Text) -> Finding | None:
    match = re.search(
        r"'([(\[{])' was never closed|unmatched '([)\]}])'|closing parenthesis '(.)' does not match", text.message
    )
    if match is None:
        return None
    if match[1]:
        cause = f"The {code(match[1])} that opens on line {text.line} has no partner that closes it."
        question = f"Which brackets open on line {text.line}, and where does each of them close?"
        return Finding("bracket-not-closed", text.line, _fact(text), question, cause, 0.95)
    sign = match[2] or match[3]
    cause = (
        f"Line {text.line} closes with {code(sign)}. "
        f"No open {code(_PAIRS.get(sign, '('))} is left for it at that place."
    )
    question = f"Count the brackets of line {text.line} in pairs. Which one has no partner?"
    return Finding("bracket-too-many", text.line, _fact(text), question, cause, 0.95)


def _quotes(text: Text) -> Finding | None:
    apostrophe = _apostrophe(text.here)
    if apostrophe is not None:
        cause = (
            f"The text on line {text.line} begins with {code(chr(39))}. "
            f"Python takes the one after {code(apostrophe)} for its end."
        )
        question = f"Where does the text on line {text.line} end for Python? Which sign tells it so?"
        return Finding("apostrophe-ends-text", text.line, _fact(text), question, cause, 0.95)
    if "unterminated" not in text.message and "EOL while scanning" not in text.message:
        return None
    cause = f"On line {text.line} a text begins with a quote and the line ends before the text does."
    question = f"How many quotes are on line {text.line}? Which kind begins the text, and which kind ends it?"
    return Finding("quote-not-closed", text.line, _fact(text), question, cause, 0.9)


def _apostrophe(line: str) -> str | None:
    """The piece before an apostrophe that ends a text too early: `'it's'` gives `it`."""
    match = re.search(r"(?<![\w'])'([^'\"]*\w)'(?:s|t|m|re|ve|ll|d)\b[^']*'?", line)
    return match[1].split()[-1] if match and match[1].split() else None


def _odd_character(text: Text) -> Finding | None:
    if "invalid character" not in text.message and "invalid non-printable" not in text.message:
        return None
    odd = _LOOK_ALIKE.search(text.here)
    sign = odd[0] if odd is not None else next((c for c in text.here if not c.isascii()), "")
    cause = f"Line {text.line} holds the character {code(sign)}, which only looks like one that Python knows."
    question = f"Was line {text.line} copied from another place? Which of its signs look unusual?"
    return Finding("odd-character", text.line, _fact(text), question, cause, 0.9)


def _indentation(text: Text) -> Finding | None:
    width = len(text.here) - len(text.here.lstrip())
    if "expected an indented block" in text.message:
        owner = re.search(r"on line (\d+)", text.message)
        above = owner[1] if owner else str(text.line - 1)
        cause = (
            f"Line {above} opens a block. Line {text.line} comes next and does not belong to it: it is not further in."
        )
        return Finding("block-is-empty", text.line, _fact(text), f"Which lines belong to line {above}?", cause, 0.95)
    if "unindent does not match" in text.message:
        cause = f"Line {text.line} begins after {width} spaces. No open block above begins in that column."
        question = f"To which line above does line {text.line} belong? In which column do its neighbours begin?"
        return Finding("indent-does-not-match", text.line, _fact(text), question, cause, 0.95)
    if "unexpected indent" in text.message:
        cause = f"Line {text.line} begins after {width} spaces. The line before it opens no block."
        question = f"Which line above opens the block that line {text.line} belongs to?"
        return Finding("indent-without-block", text.line, _fact(text), question, cause, 0.95)
    if "inconsistent use of tabs" in text.message:
        cause = f"Line {text.line} begins with other characters than its neighbours: tabs here, spaces there."
        return Finding(
            "tabs-and-spaces",
            text.line,
            _fact(text),
            "Which key made the space at the start of each line?",
            cause,
            0.95,
        )
    return None


def _colon(text: Text) -> Finding | None:
    if "expected ':'" not in text.message and not (_OPENERS.match(text.here) and "invalid syntax" in text.message
                                                    and ":" not in text.here):  # fmt: skip
        return None
    word = text.here.split()[0] if text.here.split() else "this word"
    cause = (
        f"Line {text.line} begins with {code(word)}, so it opens a block. The sign that announces the block is missing."
    )
    question = f"How does a line that begins with {code(word)} end? Compare it with another one that works."
    return Finding("colon-missing", text.line, _fact(text), question, cause, 0.9)


def _one_equals(text: Text) -> Finding | None:
    is_condition = _CONDITION.match(text.here)
    if "Maybe you meant '=='" not in text.message and not is_condition:
        return None
    cause = f"Line {text.line} uses {code('=')} inside a condition. That sign stores a value, it does not ask."
    question = f"What should line {text.line} do: store a value, or ask whether two are equal?"
    return Finding("one-equals-asks", text.line, _fact(text), question, cause, 0.95)


def _foreign(text: Text) -> Finding | None:
    for pattern, sign in _FOREIGN:
        if re.search(pattern, _outside_quotes(text.here)):
            cause = f"Line {text.line} says {code(sign)}. Other languages write it so. Python has no such form."
            question = f"What should {code(sign)} do on line {text.line}, and how does Python write that?"
            return Finding("words-of-another-language", text.line, _fact(text), question, cause, 0.9)
    return None


def _outside_quotes(line: str) -> str:
    return re.sub(r"'[^']*'|\"[^\"]*\"|#.*", "''", line)


def _print(text: Text) -> Finding | None:
    if "Missing parentheses in call to 'print'" not in text.message and not re.match(r"\s*print\s+[\w\"']", text.here):
        return None
    cause = (
        f"Line {text.line} says {code('print')} and then what to show, side by side. It reads as two things in a row."
    )
    question = f"How do you call a function in Python? What belongs around the things that {code('print')} shows?"
    return Finding("print-needs-brackets", text.line, _fact(text), question, cause, 0.95)


def _target(text: Text) -> Finding | None:
    if "cannot assign to" not in text.message or _CONDITION.match(text.here):
        return None
    left = text.here.split("=")[0].strip()
    cause = f"On line {text.line} {code(left)} stands on the left of {code('=')}. A value cannot be stored under that."
    question = f"On line {text.line}: which side is the name, and which side is the value?"
    return Finding("target-is-no-name", text.line, _fact(text), question, cause, 0.9)


def _name(text: Text) -> Finding | None:
    words = re.findall(r"[^\W\d]\w*", _outside_quotes(text.here))
    taken = re.search(r"(?:^\s*|\bfor\s+|\bdef\s+|,\s*)(\w+)\s*(?:=[^=]|\bin\b|\()", text.here)
    if "invalid decimal literal" in text.message or re.match(r"\s*\d+[A-Za-z_]\w*\s*=", text.here):
        cause = (
            f"Line {text.line} has a word that begins with a digit. "
            "Python reads a number there, and then does not understand the rest."
        )
        return Finding("name-starts-with-digit", text.line, _fact(text), "With what may a name begin?", cause, 0.85)
    if taken is not None and keyword.iskeyword(taken[1]) and taken[1] in words:
        cause = f"Line {text.line} wants to use {code(taken[1])} as a name. That word belongs to Python."
        return Finding(
            "word-is-reserved", text.line, _fact(text), f"What does {code(taken[1])} mean in Python?", cause, 0.85
        )
    return None


def _comma(text: Text) -> Finding | None:
    if "Perhaps you forgot a comma" not in text.message:
        return None
    cause = f"On line {text.line} two things stand side by side with no sign between them."
    question = f"Which things on line {text.line} belong together, and what parts them?"
    return Finding("comma-missing", text.line, _fact(text), question, cause, 0.75)


def _outside(text: Text) -> Finding | None:
    match = re.search(
        r"'(return|break|continue|yield|await)'? .*(?:outside|not properly in)|'(\w+)' outside", text.message
    )
    if match is None:
        return None
    word = match[1] or match[2]
    where = "a loop" if word in {"break", "continue"} else "a function"
    cause = f"Line {text.line} says {code(word)}, and it stands outside of {where}."
    question = f"To which block does line {text.line} belong? Look at the column in which it begins."
    return Finding("outside-its-place", text.line, _fact(text), question, cause, 0.95)


def _line_above(text: Text) -> Finding | None:
    """An open bracket on a line above makes the next line look wrong."""
    for number in range(text.line - 1, max(text.line - 4, 0), -1):
        above = _outside_quotes(text.lines[number - 1])
        if sum(above.count(c) for c in "([{") > sum(above.count(c) for c in ")]}"):
            cause = f"Line {text.line} is read as a part of line {number}: a bracket that opens there has no partner."
            question = f"Is line {number} complete? Count its brackets in pairs."
            return Finding("bracket-not-closed", number, _fact(text), question, cause, 0.8)
    return None


def _plain(text: Text) -> Finding | None:
    question = f"Read line {text.line} aloud, piece by piece. Which piece would Python not expect there?"
    cause = (
        f"Python says: {code(plain_message(text.message))}. It stopped at line {text.line}. "
        "The slip stands there or just before."
    )
    return Finding("not-python", text.line, _fact(text), question, cause, 0.4, is_specific=False)


_DETECTORS: tuple[Callable[[Text], Finding | None], ...] = (
    _indentation, _outside, _odd_character, _foreign, _target,
    _one_equals, _print, _brackets, _line_above, _quotes,
    _name, _colon, _comma, _plain,
)  # fmt: skip
