"""Reads the whole course, or nothing: every fault of every file is gathered, then raised together."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from pydantic import RootModel

from learnflow.curriculum.cards import Card, ChoiceCheck, MisconceptionId
from learnflow.curriculum.catalogue import ROOT, Catalogue, load_catalogue
from learnflow.curriculum.yaml_files import CurriculumError, Document


class _Beliefs(RootModel[dict[MisconceptionId, str]]):
    """Misconception ids and the belief each stands for."""


@dataclass(frozen=True, slots=True)
class Curriculum:
    """The catalogue, the cards by id in the order of the course, and what the misconceptions believe, by id."""

    catalogue: Catalogue
    cards: dict[str, Card]
    beliefs: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A card with the place it came from."""

    card: Card
    document: Document
    index: int

    def fault(self, field: str, message: str) -> str:
        return self.document.at([self.index, field], message)


@cache
def load_curriculum(root: Path = ROOT) -> Curriculum:
    """The course below `root`; raises CurriculumError with file and line of every fault."""
    catalogue = load_catalogue(root)
    misconceptions = Document(root / "misconceptions.yaml", root)
    beliefs = misconceptions.parse(_Beliefs, misconceptions.data, []).root
    placed, faults = _read_cards(catalogue, root)
    # a link to a card of a broken file is no second fault
    if faults := faults or [*_identity(placed), *_links(placed), *_unknown_beliefs(placed, beliefs)]:
        raise CurriculumError(faults)
    return Curriculum(catalogue, {one.card.card: one.card for one in placed}, beliefs)


def _read_cards(catalogue: Catalogue, root: Path) -> tuple[list[_Placed], list[str]]:
    placed: list[_Placed] = []
    faults = list(_strays(catalogue, root))
    for module in catalogue.modules:
        for topic in module.topics:
            path = root / "modules" / module.folder / topic.id.rpartition("/")[2] / "cards.yaml"
            if not path.exists():
                continue
            try:
                placed += _read_file(path, root, topic.id)
            except CurriculumError as error:
                faults += error.faults
    return placed, faults


def _read_file(path: Path, root: Path, topic_id: str) -> list[_Placed]:
    document = Document(path, root)
    placed = [_Placed(card, document, i) for i, card in enumerate(document.parse_list(Card, document.data, []))]
    if faults := [p.fault("card", f"must begin with {topic_id}/") for p in placed if p.card.topic_id != topic_id]:
        raise CurriculumError(faults)
    return placed


def _strays(catalogue: Catalogue, root: Path) -> Iterator[str]:
    """A file in a folder that no topic has would never be read, and nobody would notice."""
    known = {
        f"{module.folder}/{topic.id.rpartition('/')[2]}" for module in catalogue.modules for topic in module.topics
    }
    for path in sorted((root / "modules").glob("*/*/*.yaml")):
        name = path.relative_to(root)
        if "/".join(name.parts[1:3]) not in known or path.name != "cards.yaml":
            yield f"{name.as_posix()}:1: no topic of the catalogue has this file"


def _identity(placed: list[_Placed]) -> Iterator[str]:
    ids: set[str] = set()
    aliases: dict[str, str] = {}
    for one in placed:
        if one.card.card in ids:
            yield one.fault("card", f"{one.card.card!r} is already taken")
        ids.add(one.card.card)
        for alias in one.card.aliases:
            if (other := aliases.setdefault(alias, one.card.card)) != one.card.card:
                yield one.fault("aliases", f"{alias!r} already leads to {other}")


def _links(placed: list[_Placed]) -> Iterator[str]:
    ids = {one.card.card: one for one in placed}
    for one in placed:
        for name in one.card.needed:
            if name not in ids:
                yield one.fault("needs", f"there is no card {name!r}")
    try:
        TopologicalSorter({one.card.card: one.card.needed for one in placed}).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        yield ids[cycle[0]].fault("needs", "these cards need each other: " + " -> ".join(cycle))


def _unknown_beliefs(placed: list[_Placed], beliefs: dict[str, str]) -> Iterator[str]:
    for one in placed:
        used = {"misconception": [one.card.misconception.id]}
        used["checks"] = [name for check in one.card.checks for name in check.wrong.values()]
        for field, names in used.items():
            for name in names:
                if name not in beliefs:
                    yield one.fault(field, f"there is no misconception {name!r}")


def checks_with_code(card: Card) -> list[ChoiceCheck]:
    """The checks of a card whose right answer is what a program prints."""
    return [check for check in card.checks if isinstance(check, ChoiceCheck) and check.code is not None]
