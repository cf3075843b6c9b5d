"""Quizzes as data: the questions of each topic, with an explanation for each option."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from learnflow.curriculum.cards import MisconceptionId, Sentence
from learnflow.curriculum.catalogue import load_catalogue
from learnflow.curriculum.loader import load_beliefs
from learnflow.curriculum.topic_files import Placed, in_language, read_topic_files, unknown
from learnflow.curriculum.translations import QUIZ_TEXTS, SOURCE_LANGUAGE, loaded_once
from learnflow.curriculum.yaml_files import CurriculumError

QuestionKind = Literal["single", "multiple", "predict", "order"]
DRAWN = 5
"""How many questions an attempt has."""
FEWEST = 8
"""A topic has at least this many, so that two attempts differ."""
ASK_PREDICT = "What does this program print?"


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Option(_Data):
    """One answer: `output` of a program, else `text`. A right one says why in `right`, a wrong one in `why`."""

    text: Annotated[str, Field(min_length=1, max_length=160)] | None = None
    output: Annotated[str, Field(max_length=200)] | None = None
    right: Sentence | None = None
    misconception: MisconceptionId | None = None
    why: Sentence | None = None

    @model_validator(mode="after")
    def is_right_or_wrong(self) -> Self:
        if (self.text is None) == (self.output is None):
            raise ValueError("give text or output")
        if (self.right is None) == (self.why is None):
            raise ValueError("give right or why")
        if (self.why is None) != (self.misconception is None):
            raise ValueError("a wrong answer has why and misconception, a right one neither")
        return self

    @property
    def shown(self) -> str:
        return self.text if self.text is not None else self.output or ""

    @property
    def explanation(self) -> str:
        return self.right or self.why or ""


class Line(_Data):
    """One line of a program that is to be put in order, and why it stands where it stands."""

    line: Annotated[str, Field(min_length=1, max_length=80)]
    why: Sentence


class Question(_Data):
    """One question; `id` is its name in the topic.

    - *single*: one option is right. *multiple*: one or more are, all of them have to be chosen.
    - *predict*: the options are outputs of `code`, one is what it prints.
    - *order*: `lines` stand in the right order, which prints `output` and is the only one that does.
    """

    question: QuestionKind
    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
    ask: Sentence = ASK_PREDICT
    code: Annotated[str, Field(max_length=600)] | None = None
    options: Annotated[tuple[Option, ...], Field(strict=False, max_length=5)] = ()
    lines: Annotated[tuple[Line, ...], Field(strict=False, max_length=6)] = ()
    output: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    language: str = SOURCE_LANGUAGE

    @model_validator(mode="after")
    def fits_its_kind(self) -> Self:
        if self.question == "order":
            self._has_lines()
        else:
            self._has_options()
        if self.question == "predict" and (self.code is None or any(one.output is None for one in self.options)):
            raise ValueError("predict has code, and its options are outputs")
        if self.question != "predict" and any(one.output is not None for one in self.options):
            raise ValueError("only predict has outputs as options")
        if self.question != "predict" and self.ask == ASK_PREDICT:
            raise ValueError("write the question in ask")
        return self

    def _has_lines(self) -> None:
        if len(self.lines) < 3 or self.output is None or self.options:
            raise ValueError("order has three lines or more, what they print, and no options")
        if len({one.line for one in self.lines}) < len(self.lines):
            raise ValueError("two lines are equal, so their order cannot be judged")

    def _has_options(self) -> None:
        if len(self.options) < 3 or self.lines or self.output is not None:
            raise ValueError("give three options or more, and no lines")
        if len({one.shown for one in self.options}) < len(self.options):
            raise ValueError("two options are equal")
        right = sum(one.right is not None for one in self.options)
        if not right or (self.question != "multiple" and right > 1):
            raise ValueError("one option has to be right, and only multiple may have more")
        if self.question == "multiple" and right == len(self.options):
            raise ValueError("one option has to be wrong")


@loaded_once
def load_quizzes(root: Path, language: str) -> dict[str, tuple[Question, ...]]:
    """The questions of every topic that has a quiz, by its id; raises CurriculumError with file and line."""
    if language != SOURCE_LANGUAGE:
        return _in_language(load_quizzes(root), language, root)
    placed = read_topic_files("quiz.yaml", Question, load_catalogue(root), root)
    beliefs = load_beliefs(root)
    by_topic: dict[str, list[Placed[Question]]] = {}
    for one in placed:
        by_topic.setdefault(one.topic_id, []).append(one)
    faults = [fault for ones in by_topic.values() for fault in _faults(ones, beliefs)]
    if faults:
        raise CurriculumError(faults)
    return {topic_id: tuple(one.item for one in ones) for topic_id, ones in by_topic.items()}


def _in_language(
    quizzes: dict[str, tuple[Question, ...]], language: str, root: Path
) -> dict[str, tuple[Question, ...]]:
    flat = {f"{topic_id}/{one.id}": one for topic_id, ones in quizzes.items() for one in ones}
    told = in_language(flat, "quiz.yaml", "id", QUIZ_TEXTS, language, root)
    return {topic_id: tuple(told[f"{topic_id}/{one.id}"] for one in ones) for topic_id, ones in quizzes.items()}


def _faults(ones: list[Placed[Question]], beliefs: dict[str, str]) -> list[str]:
    faults: list[str] = []
    if len(ones) < FEWEST:
        faults.append(ones[-1].fault("question", f"a quiz has at least {FEWEST} questions, here are {len(ones)}"))
    seen: set[str] = set()
    for one in ones:
        if one.item.id in seen:
            faults.append(one.fault("id", f"{one.item.id!r} is already taken"))
        seen.add(one.item.id)
        names = [option.misconception for option in one.item.options if option.misconception]
        faults += unknown(one, "options", names, beliefs)
    return faults
