"""The languages of the course: English is what it is written in, every other one is a folder of texts beside it.

No code knows which languages there are. Whoever shows a text of the course holds it `InLanguages` and asks for it `at`
the tag of the reader; that is the one place where a language is chosen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from learnflow.curriculum.catalogue import ROOT
from learnflow.curriculum.translations import SOURCE_LANGUAGE, Loaded_co

T = TypeVar("T")


@cache
def languages(root: Path = ROOT) -> tuple[str, ...]:
    """The tags of all languages, English first."""
    folder = root / "languages"
    others = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    return (SOURCE_LANGUAGE, *others)


@dataclass(frozen=True, slots=True)
class InLanguages(Generic[T]):
    """The same part of the course, once for each language; what has no translation is English in all of them."""

    by_language: Mapping[str, T]

    @property
    def source(self) -> T:
        """As it was written."""
        return self.by_language[SOURCE_LANGUAGE]

    def at(self, tag: str) -> T:
        """For a reader of this language tag: `es-MX` reads `es`; a language that is not there reads English."""
        found = self.by_language.get(tag.lower()) or self.by_language.get(tag.lower().partition("-")[0])
        return self.source if found is None else found


class LoadedBy(Protocol[Loaded_co]):
    """Makes a part of the course in a language."""

    def __call__(self, *, language: str) -> Loaded_co: ...


def in_languages(load: LoadedBy[T]) -> InLanguages[T]:
    """What `load` makes for each language of the course."""
    return InLanguages({language: load(language=language) for language in languages()})
