"""Texts of the course in another language, laid over the English item and checked against it.

`languages/<tag>/` has the same files as the course, and in them the texts alone, in the same shape: an item is found by
its id, a step or an option by its place. Code, outputs and names stay those of the English, so what was checked by
running stays checked. A key that the English does not have, a text that is missing, and a text with other code, places
or numbers than the English is a fault with its file and line.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, wraps
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from learnflow.curriculum.yaml_files import CurriculumError, Document

M = TypeVar("M", bound=BaseModel)
Loaded_co = TypeVar("Loaded_co", covariant=True)
ROOT = Path(__file__).parent
SOURCE_LANGUAGE = "en"
"""What the course is written in; every other language is data in `languages/`."""
Texts = frozenset[str]
"""The names of the fields of a file that hold texts for people."""

CARD_TEXTS: Texts = frozenset(["title", "idea", "model", "symptom", "contrast", "end", "ask", "low", "mid", "high"])
LESSON_TEXTS: Texts = frozenset(["low", "mid", "high", "labels", "say", "ask", "answer", "right", "why"])
LESSON_TEXTS |= {"change", "symptom", "mend"}
EXERCISE_TEXTS: Texts = frozenset(["title", "statement", "hints"])
QUIZ_TEXTS: Texts = frozenset(["ask", "text", "right", "why"])
PROJECT_TEXTS: Texts = frozenset(["title", "story", "does"])
CATALOGUE_TEXTS: Texts = frozenset(["title", "summary"])

_SPAN = re.compile(r"(`+)(.+?)\1", re.DOTALL)
_PLACE = re.compile(r"\{[a-z_]+(?:\.[a-z]+)?\}")
_ONLY_A_PLACE = re.compile(r"`\{[a-z_]+\}`")
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_FEW_WORDS = 3


class Loader(Protocol[Loaded_co]):
    """Reads a part of the course below `root`, in a language."""

    def __call__(self, root: Path = ..., language: str = ...) -> Loaded_co: ...


def loaded_once(load: Callable[[Path, str], Loaded_co]) -> Loader[Loaded_co]:
    """The same function, which reads each part once, however its arguments are given."""
    once = cache(load)

    @wraps(load)
    def loaded(root: Path = ROOT, language: str = SOURCE_LANGUAGE) -> Loaded_co:
        return once(root, language)

    return loaded


def differences(source: str, text: str) -> Iterator[str]:
    """What a translation has changed that is no matter of language."""
    here, there = _spans(text), _spans(source)
    yield from (f"{span} is missing" for span in there - here)
    yield from (f"{span} does not stand in the English" for span in here - there if not _ONLY_A_PLACE.fullmatch(span))
    if (places := set(_PLACE.findall(source))) != set(_PLACE.findall(text)):
        yield f"has other places than {', '.join(sorted(places)) or 'none'}"
    bare, said = _SPAN.sub(" ", source), _SPAN.sub(" ", text)
    if (numbers := set(_NUMBER.findall(bare))) != set(_NUMBER.findall(said)):
        yield f"has other numbers than {', '.join(sorted(numbers)) or 'none'}"
    if source == text and len(_WORD.findall(_PLACE.sub(" ", bare))) >= _FEW_WORDS:
        yield "is still the English text"


def _spans(text: str) -> Counter[str]:
    return Counter(match.group(0) for match in _SPAN.finditer(text))


class _Overlay:
    """One English item under its translation; every fault is gathered."""

    def __init__(self, document: Document, texts: Texts) -> None:
        self._document = document
        self._texts = texts
        self.faults: list[str] = []

    def over(self, source: Any, given: Any, place: Sequence[int | str]) -> Any:
        """`source` with the texts of `given`."""
        if isinstance(source, Mapping):
            return self._mapping(source, given, place)
        if not isinstance(given, list) or len(given) != len(source):
            self._fault(place, f"a list of {len(source)} is expected here, as in the English")
            return source
        return [self.over(one, other, [*place, at]) for at, (one, other) in enumerate(zip(source, given, strict=True))]

    def _mapping(self, source: Mapping[Any, Any], given: Any, place: Sequence[int | str]) -> dict[Any, Any]:
        if not isinstance(given, dict):
            self._fault(place, "keys with texts are expected here")
            return dict(source)
        for key in given.keys() - source.keys():
            self._fault([*place, key], f"the English has no {key!r} here")
        return {key: self._part(source, key, given, [*place, key]) for key in source}

    def _part(self, mapping: Mapping[Any, Any], key: Any, given: Mapping[Any, Any], place: Sequence[int | str]) -> Any:
        value = mapping[key]
        if self._is_text(mapping, key):
            return self._text(value, given.get(key), place)
        if self._holds_text(value):
            return self.over(value, given.get(key, [] if isinstance(value, list | tuple) else {}), place)
        if key in given and given[key] != value:
            self._fault(place, "is no text: leave it out")
        return value

    def _is_text(self, mapping: Mapping[Any, Any], key: Any) -> bool:
        if key in {"right", "wrong"} and "ask" in mapping:
            # the answers of a card's question, unless they are outputs or are typed
            return "code" not in mapping and "eval" not in mapping
        return key in self._texts

    def _holds_text(self, value: Any) -> bool:
        if isinstance(value, Mapping):
            return any(self._is_text(value, key) or self._holds_text(value[key]) for key in value)
        return isinstance(value, list | tuple) and any(map(self._holds_text, value))

    def _text(self, source: Any, given: Any, place: Sequence[int | str]) -> Any:
        if source in ("", None) and given in ("", None):
            return source
        if isinstance(source, Mapping):
            said = self._text(list(source), given, place)
            return dict(zip(said, source.values(), strict=True))
        if isinstance(source, list | tuple):
            return self._texts_of(source, given, place)
        if not isinstance(given, str) or not given.strip():
            self._fault(place, "is missing" if given is None else "a text is expected here")
            return source
        for fault in differences(source, given):
            self._fault(place, fault)
        return given

    def _texts_of(self, source: Sequence[str], given: Any, place: Sequence[int | str]) -> list[str]:
        if (given or []) == [] and not source:
            return []
        if not isinstance(given, list) or len(given) != len(source):
            self._fault(place, f"a list of {len(source)} is expected here, as in the English")
            return list(source)
        return [self._text(one, other, [*place, at]) for at, (one, other) in enumerate(zip(source, given, strict=True))]

    def _fault(self, place: Sequence[int | str], message: str) -> None:
        name = ".".join(map(str, place)) or "here"
        self.faults.append(self._document.at(place, f"{name}: {message}"))


def translated(
    item: M, document: Document, given: Any, texts: Texts, language: str, place: Sequence[int | str] = ()
) -> M:
    """`item` with the texts of `given`; raises CurriculumError with file and line of every fault."""
    source = item.model_dump(by_alias=True, exclude_none=True)
    overlay = _Overlay(document, texts)
    merged = overlay.over(source, given, place)
    if overlay.faults:
        raise CurriculumError(overlay.faults)
    return document.parse(type(item), merged | {"language": language}, place)


def translated_file(
    own: Mapping[str, M], document: Document, key: str | None, texts: Texts | None, language: str
) -> dict[str, M]:
    """Items by id under their texts: a list in which `key` names each, or without `key` one item alone."""
    faults: list[str] = []
    found: dict[str, M] = {}
    places = {} if key is None else _places(document, key)
    for name, item in own.items():
        at = None if key is None else places.pop(str(getattr(item, key)), None)
        if key is not None and at is None:
            faults.append(document.at([], f"{key} {getattr(item, key)!r} is missing"))
            continue
        given, place = (document.data, []) if at is None else (document.data[at], [at])
        fields = texts if texts is not None else item.texts  # type: ignore[attr-defined]
        try:
            found[name] = translated(item, document, given, fields, language, place)
        except CurriculumError as error:
            faults += error.faults
    faults += [document.at([at], f"the English has no {key} {name!r}") for name, at in places.items()]
    if faults:
        raise CurriculumError(faults)
    return found


def _places(document: Document, key: str) -> dict[str, int]:
    if not isinstance(document.data, list):
        raise CurriculumError([document.at([], "a list is expected here")])
    return {
        str(item.get(key) if isinstance(item, dict) else f"number {at + 1}"): at
        for at, item in enumerate(document.data)
    }
