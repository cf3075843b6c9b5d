"""Does a student say that they are stuck, or do not understand? Read from the table `stuck.toml` beside this file."""

import re
import tomllib
import unicodedata
from pathlib import Path

_TABLE = tomllib.loads((Path(__file__).parent / "stuck.toml").read_text(encoding="utf-8"))
_VOID = re.compile("|".join(_TABLE["void"]))
_SAID = [(row["what"], re.compile("|".join(row["wordings"]))) for row in _TABLE["said"]]

_APOSTROPHES = re.compile("['\u2018\u2019\u201b\u02bc\u2032\u00b4`\uff07]")
_OTHER_MARKS = re.compile(r"[^\w.!?\n ]+|_+")
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_PRINTED = re.compile(r"\(\s*[fr]?(\"[^\"\n]*\"|'[^\n]*?'(?=\s*[,)]))")
_STRING = re.compile(r"\"\"\".*?\"\"\"|'''.*?'''|\"[^\"\n]*\"|'[^'\n]*'", re.DOTALL)
_COMMENT = re.compile(r"#([^\n]*)")
READ = 6_000


def said_in(query: str) -> str | None:
    """Which of the two a question's own words say; None for neither. What a program in it prints is not said."""
    prose = _PRINTED.sub("(", _FENCE.sub(lambda fence: "\n" + _comments(fence[0]) + "\n", query[:READ]))
    return _said(prose)


def said_in_code(code: str) -> str | None:
    """The same for the comments of a program: students write there too."""
    return _said(_comments(code[: 2 * READ]))


def _comments(code: str) -> str:
    return " . ".join(_COMMENT.findall(_STRING.sub('""', code)))


def _said(text: str) -> str | None:
    plain = _plain(text)
    if not plain:
        return None
    whole = _VOID.sub(" ", plain)
    return next((what for what, wording in _SAID if wording.search(whole)), None)


def _plain(text: str) -> str:
    # before and after: an accent that stands alone is taken apart by the normal form
    text = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", _APOSTROPHES.sub("", text)).lower())
    lines = (" ".join(_OTHER_MARKS.sub(" ", line).split()) for line in text.splitlines())
    return " . ".join(line for line in lines if line)
