"""Is the student unwell, or only fed up with a program? Read from the table `distress.toml` beside this file."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Kind = Literal["self_harm", "despair", "frustration"]

_APOSTROPHES = re.compile("['\u2018\u2019\u201b\u02bc\u2032\u00b4`\uff07]")
_OTHER_MARKS = re.compile(r"[^\w.!? ]+|_+")


@dataclass(frozen=True, slots=True)
class DistressCue:
    """One row: wordings of a kind of distress, void beside words about a program where it says so."""

    kind: Kind
    reason: str
    patterns: tuple[re.Pattern[str], ...]
    unless_program: bool = False
    stems: tuple[str, ...] = ()

    def speaks_in(self, text: str) -> bool:
        if self.stems and not any(stem in text for stem in self.stems):
            return False
        return any(pattern.search(text) for pattern in self.patterns)


def _read() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "distress.toml").read_text(encoding="utf-8"))


_TABLE = _read()
_HARMLESS = re.compile("|".join(_TABLE["harmless"]))
_PROGRAM = re.compile(_TABLE["program"])


def _row(row: dict[str, Any]) -> DistressCue:
    wordings, stems = row.pop("wordings"), tuple(row.pop("stems", ()))
    patterns = wordings if stems else ["|".join(wordings)]
    return DistressCue(patterns=tuple(map(re.compile, patterns)), stems=stems, **row)


DISTRESS_CUES: tuple[DistressCue, ...] = tuple(map(_row, _TABLE["cue"]))
"""All rows, the gravest first."""

ANSWERS: dict[Kind, str] = {kind: text.strip() for kind, text in _TABLE["answer"].items()}
"""What is said to each kind."""


def plain(text: str) -> str:
    """Lower case without apostrophes, each run of other marks one blank: every way to type it looks the same."""
    text = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text).lower())
    return " ".join(_OTHER_MARKS.sub(" ", text).split())


def distress_in(text: str) -> DistressCue | None:
    """The gravest row that speaks in the whole of `text`; None when nothing does."""
    whole = plain(text)
    return next((cue for cue in DISTRESS_CUES if cue.speaks_in(whole) and _is_meant(cue, whole)), None)


def _is_meant(cue: DistressCue, whole: str) -> bool:
    """Not only a harmless phrase; as frustration such a phrase ("this loop is killing me") counts all the same."""
    if cue.kind == "frustration":
        return True
    if cue.unless_program and _PROGRAM.search(whole):
        return False
    return cue.speaks_in(_HARMLESS.sub(" ", whole))
