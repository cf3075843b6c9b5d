"""Reads the whole course, or nothing: every fault of every file is gathered, then raised together."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from pydantic import RootModel

from learnflow.curriculum.cards import Card, ChoiceCheck, MisconceptionId
from learnflow.curriculum.catalogue import ROOT, Catalogue, load_catalogue
from learnflow.curriculum.topic_files import (
    FILES,
    PROJECT_FILE,
    Placed,
    in_language,
    read_topic_files,
    unknown,
    wrong_ids,
)
from learnflow.curriculum.translations import CARD_TEXTS, SOURCE_LANGUAGE, differences, loaded_once
from learnflow.curriculum.yaml_files import CurriculumError, Document


class _Beliefs(RootModel[dict[MisconceptionId, str]]):
    """Misconception ids and the belief each stands for."""


@dataclass(frozen=True, slots=True)
class Curriculum:
    """The catalogue, the cards by id in the order of the course, and what the misconceptions believe, by id."""

    catalogue: Catalogue
    cards: dict[str, Card]
    beliefs: dict[str, str]
    language: str = SOURCE_LANGUAGE


@loaded_once
def load_curriculum(root: Path, language: str) -> Curriculum:
    """The course below `root`; raises CurriculumError with file and line of every fault."""
    if language != SOURCE_LANGUAGE:
        english = load_curriculum(root)
        cards = in_language(english.cards, "cards.yaml", "card", CARD_TEXTS, language, root)
        beliefs = english.beliefs | _told_beliefs(english.beliefs, cards, language, root)
        return Curriculum(load_catalogue(root, language), cards, beliefs, language)
    catalogue = load_catalogue(root)
    beliefs = load_beliefs(root)
    faults = [*_strays(catalogue, root), *_stray_texts(root)]
    placed: list[Placed[Card]] = []
    try:
        placed = read_topic_files("cards.yaml", Card, catalogue, root)
    except CurriculumError as error:
        faults += error.faults
    # a link to a card of a broken file is no second fault
    if faults := faults or [*_identity(placed), *_links(placed), *_unknown_beliefs(placed, beliefs)]:
        raise CurriculumError(faults)
    return Curriculum(catalogue, {one.item.card: one.item for one in placed}, beliefs)


@cache
def load_beliefs(root: Path = ROOT) -> dict[str, str]:
    """What the misconceptions believe, by id."""
    misconceptions = Document(root / "misconceptions.yaml", root)
    return misconceptions.parse(_Beliefs, misconceptions.data, []).root


def _told_beliefs(english: dict[str, str], cards: dict[str, Card], language: str, root: Path) -> dict[str, str]:
    """The beliefs of `languages/<tag>/misconceptions.yaml`: at least those that the cards of this language name."""
    path = root / "languages" / language / "misconceptions.yaml"
    named = {card.misconception.id for card in cards.values() if card.language == language}
    if not path.exists() and not named:
        return {}
    document = Document(path, root)
    told = document.parse(_Beliefs, document.data, []).root
    faults = [document.at([name], f"the English has no {name!r}") for name in told.keys() - english.keys()]
    faults += [document.at([], f"{name!r} is missing") for name in sorted(named - told.keys())]
    for name in told.keys() & english.keys():
        faults += [document.at([name], f"{name}: {fault}") for fault in differences(english[name], told[name])]
    if faults:
        raise CurriculumError(faults)
    return told


def _strays(catalogue: Catalogue, root: Path) -> Iterator[str]:
    """A file in a folder that no topic has would never be read, and nobody would notice."""
    known = {
        f"{module.folder}/{topic.id.rpartition('/')[2]}" for module in catalogue.modules for topic in module.topics
    }
    for path in sorted((root / "modules").glob("*/*/*.yaml")):
        name = path.relative_to(root)
        if "/".join(name.parts[1:3]) not in known or path.name not in FILES:
            yield f"{name.as_posix()}:1: no topic of the catalogue has this file"
    folders = {module.folder for module in catalogue.modules}
    for path in sorted((root / "modules").glob("*/*.yaml")):
        if path.parent.name not in folders or path.name != PROJECT_FILE:
            yield f"{path.relative_to(root).as_posix()}:1: no module of the catalogue has this file"


def _stray_texts(root: Path) -> Iterator[str]:
    """Texts of another language for a file that the course does not have, and files of a topic without theirs."""
    for path in sorted((root / "languages").glob("*/**/*.yaml")):
        name = path.relative_to(root / "languages")
        if not root.joinpath(*name.parts[1:]).exists():
            yield f"languages/{name.as_posix()}:1: the course has no such file"
    for folder in sorted((root / "languages").glob("*/modules/*/*/")):
        name = folder.relative_to(root / "languages")
        for english in sorted(root.joinpath(*name.parts[1:]).glob("*.yaml")):
            if not (folder / english.name).exists():
                yield f"languages/{name.as_posix()}/{english.name}:1: this file is missing: a topic is translated whole"


def _identity(placed: list[Placed[Card]]) -> Iterator[str]:
    yield from wrong_ids(placed, "card")
    aliases: dict[str, str] = {}
    for one in placed:
        for alias in one.item.aliases:
            if (other := aliases.setdefault(alias, one.item.card)) != one.item.card:
                yield one.fault("aliases", f"{alias!r} already leads to {other}")


def _links(placed: list[Placed[Card]]) -> Iterator[str]:
    ids = {one.item.card: one for one in placed}
    for one in placed:
        for name in one.item.needed:
            if name not in ids:
                yield one.fault("needs", f"there is no card {name!r}")
    try:
        TopologicalSorter({one.item.card: one.item.needed for one in placed}).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        yield ids[cycle[0]].fault("needs", "these cards need each other: " + " -> ".join(cycle))


def _unknown_beliefs(placed: list[Placed[Card]], beliefs: dict[str, str]) -> Iterator[str]:
    for one in placed:
        yield from unknown(one, "misconception", [one.item.misconception.id], beliefs)
        names = [name for check in one.item.checks for name in check.wrong.values()]
        yield from unknown(one, "checks", names, beliefs)


def checks_with_code(card: Card) -> list[ChoiceCheck]:
    """The checks of a card whose right answer is what a program prints."""
    return [check for check in card.checks if isinstance(check, ChoiceCheck) and check.code is not None]
