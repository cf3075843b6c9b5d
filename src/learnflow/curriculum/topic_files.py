"""One kind of file in the folders of the topics: a list of models, each with an id that begins with its topic."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from learnflow.curriculum.catalogue import Catalogue, load_catalogue
from learnflow.curriculum.translations import Texts, translated_file
from learnflow.curriculum.yaml_files import CurriculumError, Document

M = TypeVar("M", bound=BaseModel)

FILES = frozenset({"cards.yaml", "exercises.yaml", "quiz.yaml", "templates.yaml", "lesson.yaml"})
"""What may lie in the folder of a topic: another file would never be read, and nobody would notice."""
PROJECT_FILE = "project.yaml"
"""What may lie in the folder of a module."""


@dataclass(frozen=True, slots=True)
class Placed(Generic[M]):
    """One item of a topic's file, with the place it came from."""

    item: M
    topic_id: str
    document: Document
    index: int

    def fault(self, field: str, message: str) -> str:
        """`file:line: message` for a field of this item."""
        return self.document.at([self.index, field], message)


def read_topic_files(file_name: str, model: type[M], catalogue: Catalogue, root: Path) -> list[Placed[M]]:
    """All items of this kind in the order of the course; raises CurriculumError with every fault of every file."""
    return _read(file_name, lambda document: document.parse_list(model, document.data, []), catalogue, root)


def read_topic_file_each(file_name: str, model: type[M], catalogue: Catalogue, root: Path) -> list[Placed[M]]:
    """The same for files that hold one item, not a list of them."""
    return _read(file_name, lambda document: [document.parse(model, document.data, [])], catalogue, root)


def _read(file_name: str, items_of: Callable[[Document], list[M]], catalogue: Catalogue, root: Path) -> list[Placed[M]]:
    placed: list[Placed[M]] = []
    faults: list[str] = []
    for topic_id, path in _files_of(file_name, catalogue, root):
        try:
            document = Document(path, root)
            items = items_of(document)
        except CurriculumError as error:
            faults += error.faults
        else:
            placed += [Placed(item, topic_id, document, index) for index, item in enumerate(items)]
    if faults:
        raise CurriculumError(faults)
    return placed


def _files_of(file_name: str, catalogue: Catalogue, folder: Path) -> Iterator[tuple[str, Path]]:
    """The files of this name below `folder`, each with its topic, in the order of the course."""
    for module in catalogue.modules:
        for topic in module.topics:
            path = folder / "modules" / module.folder / topic.id.rpartition("/")[2] / file_name
            if path.exists():
                yield topic.id, path


def wrong_ids(placed: list[Placed[M]], field: str) -> Iterator[str]:
    """Ids that stand twice, or in the folder of another topic."""
    seen: set[str] = set()
    for one in placed:
        name = str(getattr(one.item, field))
        if name.rpartition("/")[0] != one.topic_id:
            yield one.fault(field, f"must begin with {one.topic_id}/")
        if name in seen:
            yield one.fault(field, f"{name!r} is already taken")
        seen.add(name)


def unknown(placed: Placed[M], field: str, names: list[str], beliefs: dict[str, str]) -> Iterator[str]:
    """Misconceptions that `misconceptions.yaml` does not have."""
    for name in names:
        if name not in beliefs:
            yield placed.fault(field, f"there is no misconception {name!r}")


def in_language(
    english: Mapping[str, M], file_name: str, key: str | None, texts: Texts | None, language: str, root: Path
) -> dict[str, M]:
    """Items by id in this language where there is a file of their texts, else as they are.

    An id begins with its topic; `key` is the field that names an item in its file, None where the file holds one item.
    Without `texts` each item says itself which of its fields are texts: `item.texts`.
    """
    found = dict(english)
    faults: list[str] = []
    for topic_id, path in _files_of(file_name, load_catalogue(root), root / "languages" / language):
        own = {name: item for name, item in english.items() if f"{name}/".startswith(f"{topic_id}/")}
        try:
            found |= translated_file(own, Document(path, root), key, texts, language)
        except CurriculumError as error:
            faults += error.faults
    if faults:
        raise CurriculumError(faults)
    return found
