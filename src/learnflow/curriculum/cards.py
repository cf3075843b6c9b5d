"""A concept card: one idea, small enough for the screen of a phone."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from learnflow.curriculum.translations import SOURCE_LANGUAGE

Sentence = Annotated[str, Field(min_length=3, max_length=300)]
Code = Annotated[str, Field(min_length=1, max_length=600)]
Output = Annotated[str, Field(max_length=400)]
MisconceptionId = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)+$")]
Sign = Annotated[str, Field(pattern=r"^(\.?[a-z_]+\(\)|[a-z -]+|[^a-z\s]+)$")]
"""What shows a concept in a program: a statement (`for`), a call (`range()`), a method (`.sort()`), an operator."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Example(_Data):
    """A program and exactly what it prints, without the last line break; `stdin` is what it reads."""

    code: Code
    output: Output
    stdin: str = ""


class Misconception(_Data):
    """What many believe (an id of `misconceptions.yaml`) and the symptom by which one notices it."""

    id: MisconceptionId
    symptom: Sentence


class Rounds(_Data):
    """The rounds of the example's loop as a table.

    A column is a name with its value when the round begins, or `name after` with its value when the round ends. A row
    holds these values as Python shows them and, last, what the round printed.
    """

    columns: Annotated[tuple[str, ...], Field(strict=False, min_length=1, max_length=4)]
    rows: Annotated[tuple[Annotated[tuple[str, ...], Field(strict=False)], ...], Field(strict=False, min_length=2)]
    end: Sentence


class ChoiceCheck(_Data):
    """A question with one right answer; each wrong one names the belief behind it.

    With `code` the right answer is what that program prints.
    """

    ask: Sentence
    code: Code | None = None
    right: Annotated[str, Field(min_length=1, max_length=120)]
    wrong: Annotated[dict[str, MisconceptionId], Field(min_length=2, max_length=3)]


class EvalCheck(_Data):
    """An answer to be typed: `eval` is true for a right one put in place of `{answer}`; `sample` is one of those."""

    ask: Sentence
    eval: Annotated[str, Field(pattern=r"\{answer\}")]
    sample: str
    wrong: dict[str, MisconceptionId] = {}


class Depths(_Data):
    """One more sentence for each level: `low` up to 40 % mastery, `mid` up to 70, `high` above."""

    low: Sentence
    mid: Sentence
    high: Sentence


class Card(_Data):
    """One concept. `card` is its id `module/topic/name`; `needs` are cards to know before, in the topic or by id."""

    card: Annotated[str, Field(pattern=r"^[a-z-]+/[a-z-]+/[a-z-]+$")]
    title: Annotated[str, Field(min_length=2, max_length=50)]
    aliases: Annotated[tuple[str, ...], Field(strict=False, min_length=2)]
    needs: Annotated[tuple[str, ...], Field(strict=False)]
    seen_in: Annotated[tuple[Sign, ...], Field(strict=False)] = ()
    idea: Sentence
    model: Sentence
    example: Example
    rounds: Rounds | None = None
    misconception: Misconception
    contrast: Sentence
    checks: Annotated[tuple[ChoiceCheck | EvalCheck, ...], Field(strict=False, min_length=2, max_length=2)]
    depths: Depths
    language: str = SOURCE_LANGUAGE

    @property
    def topic_id(self) -> str:
        return self.card.rpartition("/")[0]

    @property
    def needed(self) -> tuple[str, ...]:
        """The ids of the cards to know before."""
        return tuple(name if "/" in name else f"{self.topic_id}/{name}" for name in self.needs)
