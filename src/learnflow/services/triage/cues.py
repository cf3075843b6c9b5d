"""The wordings that speak for an intent, read from the table `cues.toml` beside this file."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from learnflow.contracts.events.base import Intent


@dataclass(frozen=True, slots=True)
class Cue:
    """One row: if `pattern` is found in the lower-case question, `intent` gains `weight` for `reason`.

    A `symptom` halves what wordings say for other intents; `cancels` are the reasons that this one makes void.
    `with_code` counts only beside a program, `about_python` only beside Python's words and outside an exercise.
    """

    intent: Intent
    weight: float
    reason: str
    pattern: re.Pattern[str]
    symptom: bool = False
    cancels: tuple[str, ...] = ()
    with_code: bool = False
    about_python: bool = False


def _read() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "cues.toml").read_text(encoding="utf-8"))


_TABLE = _read()

CUES: tuple[Cue, ...] = tuple(
    Cue(pattern=re.compile("|".join(row.pop("wordings"))), cancels=tuple(row.pop("cancels", ())), **row)
    for row in _TABLE["cue"]
)
"""All wordings; `routing` adds their weights up."""

VOCABULARY = frozenset(_TABLE["vocabulary"].split())
"""Words that a question about Python itself is likely to hold."""
