"""Variants of an exercise: the same task with other names and numbers, so that neighbours cannot copy.

Whole words are exchanged in every text and program of the exercise at once, so statement, tests, reference and wrong
programs go on fitting each other; `./learnflow test content` replays each variant like an exercise of its own.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

AS_WRITTEN = "as-written"
"""The name of the exercise itself among its variants."""
Word = Annotated[str, Field(min_length=1, max_length=60)]


class Variant(BaseModel):
    """One variant: each whole word of `swap` becomes the other one, all at once."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    variant: Annotated[str, Field(pattern=r"^[a-z0-9-]+$", max_length=40)]
    swap: Annotated[dict[Word, Word], Field(min_length=1, max_length=16)]


def swapped(value: Any, swap: Mapping[str, str]) -> Any:
    """The same text, or list or mapping of texts, with the words exchanged; the keys of mappings stay."""
    if isinstance(value, str):
        return _words(swap).sub(lambda found: swap[found.group()], value)
    if isinstance(value, Mapping):
        return {key: swapped(part, swap) for key, part in value.items()}
    return [swapped(part, swap) for part in value] if isinstance(value, list | tuple) else value


def missing(swap: Mapping[str, str], texts: Any) -> list[str]:
    """The words that stand in none of the texts."""
    found = set(_words(swap).findall("\0".join(_texts_in(texts))))
    return [word for word in swap if word not in found]


def choose(names: Sequence[str], exercise_id: str, student_id: UUID) -> str:
    """The same one for the same student for ever; a variant that is added moves only those who get it."""
    return max(names, key=lambda name: hashlib.sha256(f"{student_id} {exercise_id} {name}".encode()).digest())


def _words(swap: Mapping[str, str]) -> re.Pattern[str]:
    longest_first = "|".join(_alone(word) for word in sorted(swap, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{longest_first})(?!\w)")


def _alone(word: str) -> str:
    """A number is no part of a longer one: neither the 1 nor the 5 of 1.5."""
    return rf"(?<!\d\.){word}(?!\.\d)" if word.isdigit() else re.escape(word)


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, BaseModel):
        yield from _texts_in(value.model_dump())
    elif isinstance(value, Mapping):
        yield from _texts_in(list(value.values()))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts_in(part)
