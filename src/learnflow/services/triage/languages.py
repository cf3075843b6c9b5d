"""Is a question plainly in another language than English? By the small words of `languages.toml` beside this file."""

import re
import tomllib
import unicodedata
from pathlib import Path
from typing import Any

_READ_CHARACTERS = 600
_LEAST_HITS = 2
_LEAST_SHARE = 0.3
_OTHER = "other"
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_LATIN_END = "\u024f"


def _read() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "languages.toml").read_text(encoding="utf-8"))


_TABLE = _read()
_ENGLISH = frozenset(_TABLE["english"].split())
_WORDS: dict[str, frozenset[str]] = {row["code"]: frozenset(row["words"].split()) for row in _TABLE["language"]}
_SENTENCES: dict[str, str] = {row["code"]: row["sentence"] for row in _TABLE["language"] if "sentence" in row}


def other_language(text: str) -> str | None:
    """The code of the language that `text` is plainly in, `other` for one not in the table; None for English."""
    text = unicodedata.normalize("NFC", text[:_READ_CHARACTERS]).lower().replace("\u2019", "'")
    words = _WORD.findall(text)
    if _is_of_another_script(words):
        return _OTHER
    hits = {code: sum(word in known for word in words) for code, known in _WORDS.items()}
    best = max(hits, key=lambda code: hits[code])
    english = sum(word in _ENGLISH for word in words)
    is_plain = hits[best] >= max(_LEAST_HITS, english + 2 if english else 0, _LEAST_SHARE * len(words))
    return best if is_plain else None


def answer_to(code: str) -> str:
    """That only English is understood, in English and, where the table has it, in that language."""
    return "\n\n".join(filter(None, (_TABLE["answer"], _SENTENCES.get(code))))


def _is_of_another_script(words: list[str]) -> bool:
    letters = "".join(words)
    foreign = sum(letter > _LATIN_END for letter in letters)
    return len(words) >= _LEAST_HITS and foreign * 2 > len(letters)
