"""The catalogue: which modules and topics there are, and their order."""

from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from learnflow.curriculum.translations import CATALOGUE_TEXTS, ROOT, SOURCE_LANGUAGE, loaded_once, translated_file
from learnflow.curriculum.yaml_files import CurriculumError, Document

__all__ = ["ROOT", "SOURCE_LANGUAGE", "Catalogue", "Module", "Slug", "Topic", "load_catalogue"]

Slug = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    title: str = Field(min_length=2, max_length=60)
    summary: str = Field(min_length=10, max_length=160)
    language: str = SOURCE_LANGUAGE


class _TopicPart(_Part):
    words: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(), description="what people say who mean something of this topic that has no card yet"
    )


class Topic(_TopicPart):
    """One topic; `id` is `module/topic`, `position` counts from 1 within the module."""

    id: str
    module_id: str
    position: int


class _TopicRow(_TopicPart):
    topic: Slug


class _ModuleRow(_Part):
    module: Slug
    topics: Annotated[tuple[_TopicRow, ...], Field(strict=False, min_length=1)]


class Module(_Part):
    """One module with its topics in order; `position` counts from 1."""

    id: str
    position: int
    topics: tuple[Topic, ...]

    @property
    def folder(self) -> str:
        """Its folder below `modules/`, as `02-control-flow`."""
        return f"{self.position:02d}-{self.id}"


class Catalogue(BaseModel):
    """All modules in order."""

    model_config = ConfigDict(frozen=True)

    modules: tuple[Module, ...]

    @cached_property
    def topics(self) -> dict[str, Topic]:
        """Every topic by its id, in the order of the course."""
        return {topic.id: topic for module in self.modules for topic in module.topics}


@loaded_once
def load_catalogue(root: Path, language: str) -> Catalogue:
    """The catalogue of `root/catalogue.yaml`; raises CurriculumError with file and line."""
    document = Document(root / "catalogue.yaml", root)
    rows = _in_language(document.parse_list(_ModuleRow, document.data, []), root, language)
    modules = tuple(_module(position, row) for position, row in enumerate(rows, start=1))
    _refuse_repeats(document, modules)
    return Catalogue(modules=modules)


def _in_language(rows: list[_ModuleRow], root: Path, language: str) -> list[_ModuleRow]:
    """The rows, those of `languages/<tag>/catalogue.yaml` in this language."""
    path = root / "languages" / language / "catalogue.yaml"
    if language == SOURCE_LANGUAGE or not path.exists():
        return rows
    document = Document(path, root)
    given = [part.get("module") for part in document.data or () if isinstance(part, dict)]
    own = {row.module: row for row in rows if row.module in given}
    told = translated_file(own, document, "module", CATALOGUE_TEXTS, language)
    return [told.get(row.module, row) for row in rows]


def _module(position: int, row: _ModuleRow) -> Module:
    topics = tuple(
        Topic(
            id=f"{row.module}/{topic.topic}",
            module_id=row.module,
            position=number,
            title=topic.title,
            summary=topic.summary,
            words=topic.words,
            language=row.language,
        )
        for number, topic in enumerate(row.topics, start=1)
    )
    return Module(
        id=row.module, position=position, title=row.title, summary=row.summary, language=row.language, topics=topics
    )


def _refuse_repeats(document: Document, modules: tuple[Module, ...]) -> None:
    places: list[tuple[str, list[int | str]]] = []
    for index, module in enumerate(modules):
        places.append((module.id, [index, "module"]))
        places += [(topic.id, [index, "topics", number, "topic"]) for number, topic in enumerate(module.topics)]
    first = dict(reversed(places))
    faults = [document.at(where, f"{name!r} is already taken") for name, where in places if first[name] is not where]
    if faults:
        raise CurriculumError(faults)
