"""The catalogue: which modules and topics there are, and their order."""

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from learnflow.curriculum.yaml_files import CurriculumError, Document

ROOT = Path(__file__).parent
Slug = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    title: str = Field(min_length=2, max_length=60)
    summary: str = Field(min_length=10, max_length=160)


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

    @property
    def topics(self) -> dict[str, Topic]:
        """Every topic by its id, in the order of the course."""
        return {topic.id: topic for module in self.modules for topic in module.topics}


@cache
def load_catalogue(root: Path = ROOT) -> Catalogue:
    """The catalogue of `root/catalogue.yaml`; raises CurriculumError with file and line."""
    document = Document(root / "catalogue.yaml", root)
    rows = document.parse_list(_ModuleRow, document.data, [])
    modules = tuple(_module(position, row) for position, row in enumerate(rows, start=1))
    _refuse_repeats(document, modules)
    return Catalogue(modules=modules)


def _module(position: int, row: _ModuleRow) -> Module:
    topics = tuple(
        Topic(
            id=f"{row.module}/{topic.topic}",
            module_id=row.module,
            position=number,
            title=topic.title,
            summary=topic.summary,
            words=topic.words,
        )
        for number, topic in enumerate(row.topics, start=1)
    )
    return Module(id=row.module, position=position, title=row.title, summary=row.summary, topics=topics)


def _refuse_repeats(document: Document, modules: tuple[Module, ...]) -> None:
    places: list[tuple[str, list[int | str]]] = []
    for index, module in enumerate(modules):
        places.append((module.id, [index, "module"]))
        places += [(topic.id, [index, "topics", number, "topic"]) for number, topic in enumerate(module.topics)]
    first = dict(reversed(places))
    faults = [document.at(where, f"{name!r} is already taken") for name, where in places if first[name] is not where]
    if faults:
        raise CurriculumError(faults)
