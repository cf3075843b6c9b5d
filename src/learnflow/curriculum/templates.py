"""Templates of exercises as data: parameters change the program, a theme brings whole sentences, a seed the inputs."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from learnflow.curriculum.cards import MisconceptionId
from learnflow.curriculum.catalogue import load_catalogue
from learnflow.curriculum.exercises import CONSTRUCTS, Difficulty, Program, Skill
from learnflow.curriculum.loader import load_beliefs
from learnflow.curriculum.topic_files import Placed, in_language, read_topic_files, unknown, wrong_ids
from learnflow.curriculum.translations import SOURCE_LANGUAGE, loaded_once
from learnflow.curriculum.translations import Texts as TextFields
from learnflow.curriculum.yaml_files import CurriculumError

PLACE = re.compile(r"\{([a-z_]+)(?:\.(lines|count))?\}")
"""A place in a text: `{name}`, or of a list `{name.lines}` (one item a line) and `{name.count}`."""

Name = Annotated[str, Field(pattern=r"^[a-z_]+$", max_length=20)]
Texts = Annotated[dict[Name, Annotated[str, Field(max_length=1_000)]], Field(max_length=12)]
Bounds = Annotated[tuple[int, int], Field(strict=False)]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Source(_Data):
    """Where an input comes from.

    `number` lies between two bounds; `numbers` are as many as `length` says; `words` come from a text of the theme;
    `of` is the middle one by size of an earlier list; `given` is a text with places, an expression of the language.
    """

    number: Bounds | None = None
    numbers: Bounds | None = None
    words: Name | None = None
    length: Bounds = (3, 6)
    of: Name | None = None
    given: str | None = None

    @model_validator(mode="after")
    def is_one_kind(self) -> Self:
        kinds = (self.number, self.numbers, self.words, self.of, self.given)
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("give exactly one of number, numbers, words, of and given")
        return self


class Variant(_Data):
    """One value of a parameter: its texts, by the names of their places; the sum of `weight` is the difficulty."""

    weight: int = Field(default=0, ge=0, le=5)
    texts: Texts


class CaseSource(_Data):
    """One test: what is different from the usual inputs."""

    hidden: bool = False
    inputs: dict[Name, Source] = {}


class WrongSource(_Data):
    """What somebody with this misconception would hand in."""

    misconception: MisconceptionId
    code: Program


class Template(_Data):
    """Many exercises of one plan; `template` is its id `module/topic/name`. `preamble` is ready before each program."""

    template: Annotated[str, Field(pattern=r"^[a-z-]+/[a-z-]+/[a-z0-9-]+$", max_length=100)]
    skills: Annotated[tuple[Skill, ...], Field(strict=False, min_length=1, max_length=8)]
    levels: Annotated[dict[int, Difficulty], Field(min_length=1)]
    themes: Annotated[tuple[Texts, ...], Field(strict=False, min_length=3)]
    parameters: Annotated[dict[Name, Annotated[tuple[Variant, ...], Field(strict=False)]], Field(min_length=1)]
    constants: dict[Name, Source] = {}
    inputs: Annotated[dict[Name, Source], Field(min_length=1)]
    title: str
    statement: str
    example: str
    preamble: Program = ""
    starter: Program
    reference: Program
    call: str | None = None
    stdin: str | None = None
    cases: Annotated[tuple[CaseSource, ...], Field(strict=False, min_length=6, max_length=10)]
    require: Annotated[tuple[str, ...], Field(strict=False)] = ()
    hint: str
    wrong: Annotated[tuple[WrongSource, ...], Field(strict=False, min_length=2, max_length=3)]
    language: str = SOURCE_LANGUAGE

    @property
    def topic_id(self) -> str:
        return self.template.rpartition("/")[0]

    @property
    def difficulties(self) -> set[Difficulty]:
        return set(self.levels.values())

    @property
    def texts(self) -> TextFields:
        """The names of what people read: its sentences, and the places in them that no program and no input has."""
        said = self._reached((self.title, self.statement, self.example, self.hint))
        sources = [*self.constants.values(), *self.inputs.values()]
        sources += [source for case in self.cases for source in case.inputs.values()]
        given = [text for one in sources for text in (one.given, f"{{{one.words}}}") if text]
        programs = [self.preamble, self.starter, self.reference, self.call or "", self.stdin or "", *given]
        used = self._reached((*programs, *(wrong.code for wrong in self.wrong)))
        return frozenset({"title", "statement", "example", "hint"} | (said & self._written()) - used)

    def _reached(self, texts: Iterable[str]) -> set[str]:
        """The names in these texts, and those in the texts of these names."""
        groups = self._groups()
        found: set[str] = set()
        new = {name for text in texts for name in names_in(text)}
        while new:
            found |= new
            new = {name for group in groups for own in new & group.keys() for name in names_in(group[own])} - found
        return found

    def _written(self) -> set[str]:
        return {name for group in self._groups() for name in group}

    def _groups(self) -> list[Mapping[str, str]]:
        return [*self.themes, *(one.texts for some in self.parameters.values() for one in some)]

    @model_validator(mode="after")
    def can_be_judged(self) -> Self:
        if (self.call is None) == (self.stdin is None):
            raise ValueError("give call or stdin")
        for name in self.require:
            if name not in CONSTRUCTS:
                raise ValueError(f"{name!r} is no construct")
        hidden = [case.hidden for case in self.cases]
        if hidden[0] or hidden != sorted(hidden):
            raise ValueError("the tests that are not hidden come first, and there is one at least")
        return self

    @model_validator(mode="after")
    def has_texts_of_the_same_names(self) -> Self:
        for variants in (self.themes, *(tuple(one.texts for one in some) for some in self.parameters.values())):
            if len({frozenset(texts) for texts in variants}) > 1:
                raise ValueError("the variants of a parameter, and the themes, have the same names each")
        missing = sorted({name for text in self._texts() for name in names_in(text)} - self._known())
        if missing:
            raise ValueError(f"nothing is known about {{{missing[0]}}}")
        return self

    def _known(self) -> set[str]:
        groups: list[Mapping[str, object]] = [self.themes[0], self.constants, self.inputs]
        groups += [variants[0].texts for variants in self.parameters.values()]
        # the example may show the first test as it is
        return {name for group in groups for name in group} | {"shown_call", "shown_input", "shown_result"}

    def _texts(self) -> Iterator[str]:
        yield from (self.title, self.statement, self.example, self.preamble, self.starter, self.reference, self.hint)
        yield from (self.call or "", self.stdin or "", *(wrong.code for wrong in self.wrong))
        for group in self._groups():
            yield from group.values()


def names_in(text: str) -> list[str]:
    """The names of the places in a text."""
    return [match.group(1) for match in PLACE.finditer(text)]


@loaded_once
def load_templates(root: Path, language: str) -> dict[str, Template]:
    """All templates of the course by id, in its order; raises CurriculumError with file and line of every fault."""
    if language != SOURCE_LANGUAGE:
        return in_language(load_templates(root), "templates.yaml", "template", None, language, root)
    placed = read_topic_files("templates.yaml", Template, load_catalogue(root), root)
    beliefs = load_beliefs(root)
    faults = [*wrong_ids(placed, "template"), *(fault for one in placed for fault in _unknown(one, beliefs))]
    if faults:
        raise CurriculumError(faults)
    return {one.item.template: one.item for one in placed}


def _unknown(placed: Placed[Template], beliefs: dict[str, str]) -> list[str]:
    return list(unknown(placed, "wrong", [wrong.misconception for wrong in placed.item.wrong], beliefs))
