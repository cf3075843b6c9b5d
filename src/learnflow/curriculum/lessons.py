"""Lessons as data: the short steps of a topic, each at three depths, with code that is run before it is believed."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from learnflow.curriculum.cards import MisconceptionId, Sentence
from learnflow.curriculum.catalogue import Slug, load_catalogue
from learnflow.curriculum.exercises import Case, Level, Task, require_constructs
from learnflow.curriculum.loader import load_beliefs
from learnflow.curriculum.quizzes import ASK_PREDICT, Option
from learnflow.curriculum.topic_files import Placed, in_language, read_topic_file_each
from learnflow.curriculum.translations import LESSON_TEXTS, SOURCE_LANGUAGE, loaded_once
from learnflow.curriculum.yaml_files import CurriculumError

Depth = Literal["low", "mid", "high"]
"""How much is told: up to 40 % mastery, up to 70, above."""
StepKind = Literal["idea", "example", "predict", "try", "mistake", "recap"]
MOST_LINES = 8
MOST_WORDS = 60
_CODE = re.compile(r"`[^`]*`")
_WORD = re.compile(r"[A-Za-z0-9']+")


def _few_lines(text: str) -> str:
    if len(text.splitlines()) > MOST_LINES:
        raise ValueError(f"at most {MOST_LINES} lines, here are {len(text.splitlines())}")
    return text


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", populate_by_name=True)

    @field_validator("code", "output", "solution", check_fields=False)
    @classmethod
    def fits_a_small_screen(cls, text: str | None) -> str | None:
        return text if text is None else _few_lines(text)


Code = Annotated[str, Field(min_length=1, max_length=600)]
Output = Annotated[str, Field(max_length=400)]


class Words(_Data):
    """What is said at each depth: `mid` and `high` are added to `low`."""

    low: Sentence
    mid: Sentence | None = None
    high: Sentence | None = None

    def at(self, depth: Depth) -> str:
        """The text for somebody of this depth."""
        added = {"low": (), "mid": (self.mid,), "high": (self.mid, self.high)}[depth]
        return " ".join(part for part in (self.low, *added) if part)


class Idea(Words):
    """One idea; here all three depths have something to say."""

    mid: Sentence
    high: Sentence


class Example(_Data):
    """A program and exactly what it prints; `labels` name its parts, `say` is what to look at."""

    code: Code
    output: Output
    stdin: str = ""
    labels: Annotated[tuple[Annotated[str, Field(max_length=60)], ...], Field(strict=False, max_length=4)] = ()
    say: Sentence
    mid: Sentence | None = None
    high: Sentence | None = None

    @property
    def words(self) -> Words:
        return Words(low=self.say, mid=self.mid, high=self.high)


class Predict(_Data):
    """A program to be read before it is run: one of the outputs is right, each other one names its belief."""

    code: Code
    stdin: str = ""
    ask: Sentence = ASK_PREDICT
    options: Annotated[tuple[Option, ...], Field(strict=False, min_length=3, max_length=4)]

    @model_validator(mode="after")
    def has_one_right_output(self) -> Self:
        if any(option.output is None for option in self.options):
            raise ValueError("the options of predict are outputs")
        if len({option.output for option in self.options}) < len(self.options):
            raise ValueError("two options are equal")
        if sum(option.right is not None for option in self.options) != 1:
            raise ValueError("one option has to be right")
        return self


class Try(_Data):
    """A change to make; it is done when the program prints `output`, with the constructs of `require`.

    It begins with `code`, or with the program of the last example. `solution` is one way to do it, never shown before.
    """

    change: Annotated[str, Field(min_length=10, max_length=300)]
    code: Code | None = None
    stdin: str = ""
    output: Output
    require: Annotated[tuple[str, ...], Field(strict=False, max_length=6)] = ()
    solution: Code

    @field_validator("require")
    @classmethod
    def is_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        require_constructs(names)
        return names

    def task(self, last_example: str) -> Task:
        """The step as an exercise of one test, so that the grader of exercises judges it."""
        return Task(
            title="Try it",
            level=Level(kind="write", difficulty="easy"),
            statement=self.change,
            starter=self.code or last_example,
            reference=self.solution,
            tests=(Case(stdin=self.stdin, stdout=self.output),),
            require=self.require,
        )


class Mistake(_Data):
    """What many write: the program prints `output`, and stops with the error `raises` when there is one."""

    misconception: MisconceptionId
    code: Code
    stdin: str = ""
    output: Output | None = None
    raises: Annotated[str, Field(pattern=r"^[A-Z]\w+$")] | None = None
    symptom: Sentence
    mend: Sentence

    @model_validator(mode="after")
    def can_be_seen(self) -> Self:
        if self.output is None and self.raises is None:
            raise ValueError("give output or raises, or both")
        return self


class Recap(Words):
    """What to keep, and a last question with its answer."""

    ask: Sentence
    answer: Sentence


class LessonStep(_Data):
    """One step: exactly one of its kinds."""

    idea: Idea | None = None
    example: Example | None = None
    predict: Predict | None = None
    attempt: Try | None = Field(default=None, alias="try")
    mistake: Mistake | None = None
    recap: Recap | None = None

    @model_validator(mode="after")
    def is_of_one_kind(self) -> Self:
        if len(self._kinds()) != 1:
            raise ValueError("give exactly one of idea, example, predict, try, mistake and recap")
        return self

    def _kinds(self) -> list[StepKind]:
        parts: dict[StepKind, object] = {
            "idea": self.idea,
            "example": self.example,
            "predict": self.predict,
            "try": self.attempt,
            "mistake": self.mistake,
            "recap": self.recap,
        }
        return [kind for kind, part in parts.items() if part is not None]

    @property
    def kind(self) -> StepKind:
        return self._kinds()[0]

    def misconceptions(self) -> Iterator[tuple[tuple[int | str, ...], str]]:
        """The beliefs that the step names, each with its place in the step."""
        if self.mistake is not None:
            yield ("mistake", "misconception"), self.mistake.misconception
        for number, option in enumerate(self.predict.options if self.predict is not None else ()):
            if option.misconception is not None:
                yield ("predict", "options", number, "misconception"), option.misconception

    def texts(self) -> Iterator[str]:
        """Every text of it that somebody reads."""
        for words in (self.idea, self.recap, self.example.words if self.example else None):
            if words is not None:
                yield from (part for part in (words.low, words.mid, words.high) if part)
        if self.recap is not None:
            yield from (self.recap.ask, self.recap.answer)
        if self.predict is not None:
            yield from (self.predict.ask, *(option.explanation for option in self.predict.options))
        if self.attempt is not None:
            yield self.attempt.change
        if self.mistake is not None:
            yield from (self.mistake.symptom, self.mistake.mend)

    def words(self) -> int:
        """How many somebody reads who makes one choice."""
        texts = list(self.texts())
        if self.predict is not None:
            # one reads the question and what is said about one's own choice
            texts = [texts[0], max(texts[1:], key=_count)]
        return sum(_count(text) for text in texts)


def _count(text: str) -> int:
    return len(_WORD.findall(_CODE.sub("code", text)))


class Lesson(_Data):
    """The lesson of a topic, which is its id. `uses` are earlier topics that come back in it."""

    lesson: Annotated[str, Field(pattern=r"^[a-z-]+/[a-z-]+$")]
    theme: Annotated[str, Field(min_length=3, max_length=40)]
    uses: Annotated[tuple[Slug, ...], Field(strict=False, max_length=5)]
    steps: Annotated[tuple[LessonStep, ...], Field(strict=False, min_length=5, max_length=9)]
    language: str = SOURCE_LANGUAGE

    @field_validator("steps")
    @classmethod
    def are_in_order(cls, steps: tuple[LessonStep, ...]) -> tuple[LessonStep, ...]:
        kinds = [step.kind for step in steps]
        if missing := {"example", "predict", "try"} - set(kinds):
            raise ValueError(f"a lesson has a step of the kind {min(missing)}")
        if kinds[0] != "idea" or kinds[-2:] != ["mistake", "recap"] or {"mistake", "recap"} & set(kinds[:-2]):
            raise ValueError("a lesson begins with an idea and ends with one mistake and one recap")
        if kinds.index("example") > kinds.index("try"):
            raise ValueError("an example comes before something to try")
        return steps

    def tries(self) -> Iterator[tuple[int, Task]]:
        """What is to be tried, with the position of its step."""
        last = ""
        for position, step in enumerate(self.steps):
            if step.example is not None:
                last = step.example.code
            if step.attempt is not None:
                yield position, step.attempt.task(last)


@loaded_once
def load_lessons(root: Path, language: str) -> dict[str, Lesson]:
    """The lessons by topic, in the order of the course; raises CurriculumError with file and line of every fault."""
    if language != SOURCE_LANGUAGE:
        return in_language(load_lessons(root), "lesson.yaml", None, LESSON_TEXTS, language, root)
    catalogue = load_catalogue(root)
    placed = read_topic_file_each("lesson.yaml", Lesson, catalogue, root)
    beliefs = load_beliefs(root)
    earlier: dict[str, set[str]] = {}
    names: set[str] = set()
    for topic_id in catalogue.topics:
        earlier[topic_id] = set(names)
        names.add(topic_id.rpartition("/")[2])
    faults = [fault for one in placed for fault in _faults(one, beliefs, earlier[one.topic_id])]
    faults += _same_themes(placed)
    if faults:
        raise CurriculumError(faults)
    return {one.topic_id: one.item for one in placed}


def _faults(one: Placed[Lesson], beliefs: dict[str, str], earlier: set[str]) -> Iterator[str]:
    if one.item.lesson != one.topic_id:
        yield one.fault("lesson", f"must be {one.topic_id}")
    for name in one.item.uses:
        if name not in earlier:
            yield one.fault("uses", f"there is no earlier topic {name!r}")
    if len(one.item.uses) < min(2, len(earlier)):
        yield one.fault("uses", "a lesson uses two earlier topics")
    yield from _too_long(one)
    for position, step in enumerate(one.item.steps):
        for place, name in step.misconceptions():
            if name not in beliefs:
                yield one.document.at(["steps", position, *place], f"there is no misconception {name!r}")


def _too_long(one: Placed[Lesson]) -> Iterator[str]:
    """The limit is for the English: another language may need more words."""
    for position, step in enumerate(one.item.steps):
        if (words := step.words()) > MOST_WORDS:
            yield one.document.at(
                ["steps", position], f"steps.{position}: at most {MOST_WORDS} words, here are {words}"
            )


def _same_themes(placed: list[Placed[Lesson]]) -> Iterator[str]:
    first: dict[str, str] = {}
    for one in placed:
        if (other := first.setdefault(one.item.theme, one.topic_id)) != one.topic_id:
            yield one.fault("theme", f"{one.item.theme!r} is already the theme of {other}")
