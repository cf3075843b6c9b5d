"""Exercises as data: what a student reads, what they begin with, and by what their program is judged."""

import ast
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from learnflow.curriculum.cards import MisconceptionId
from learnflow.curriculum.literals import read_literal
from learnflow.curriculum.translations import SOURCE_LANGUAGE
from learnflow.curriculum.variants import AS_WRITTEN, Variant, choose, missing, swapped

Kind = Literal["write", "fix", "predict", "parsons", "project"]
PROGRAMS: frozenset[Kind] = frozenset({"write", "fix", "project"})
"""The kinds of which a program is handed in, and judged by tests."""
Difficulty = Literal["easy", "medium", "hard"]
Program = Annotated[str, Field(max_length=6_000)]
Printed = Annotated[str, Field(max_length=4_000)]
Skill = Annotated[str, Field(pattern=r"^[a-z][a-z0-9 -]*$", max_length=40)]
Given = Annotated[str, Field(max_length=20_000)]
_PART = r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}"
FileName = Annotated[str, Field(pattern=rf"^{_PART}(/{_PART}){{0,3}}$")]
"""A file beside the program; those of the grader have these names: main.py, job.json, preamble.py, handed_in.py."""
OWN_FILES = frozenset({"main.py", "job.json", "preamble.py", "handed_in.py"})

SWAPPED = ("title", "statement", "starter", "reference", "preamble", "program", "distractors", "also", "tests", "hints",
           "require", "forbid")  # fmt: skip
"""Where a variant has other words; in wrong programs too, but not in the names of their misconceptions."""

CONSTRUCTS = frozenset(
    {"for", "while", "while-true", "if", "else", "elif", "break", "continue", "ternary", "match", "nested-loop"}
    | {"def", "return", "lambda", "yield", "recursion", "default-parameter", "global", "nonlocal"}
    | {"class", "inheritance", "super", "try", "except", "finally", "raise", "with", "assert", "import", "from"}
    | {"comprehension", "list-comprehension", "dict-comprehension", "set-comprehension", "generator"}
    | {"f-string", "slice", "and", "or", "not", "in", "is"}
)
"""The constructs of `require` and `forbid` beside calls (`sum()`), methods (`.sort()`) and operators (`+=`, `//`)."""
_CALL_OR_OPERATOR = re.compile(r"\.?[A-Za-z_]\w*\(\)|[-+*/%=<>!&|^~@]+")


def require_constructs(names: Iterable[str]) -> None:
    """ValueError when one of them is no construct that can be asked for."""
    for name in names:
        if name not in CONSTRUCTS and not _CALL_OR_OPERATOR.fullmatch(name):
            raise ValueError(f"{name!r} is no construct; use one of {', '.join(sorted(CONSTRUCTS))}, or `sum()`")


class TaskPart(BaseModel):
    """Base of all that an exercise is made of: read strictly, and nothing unknown in it."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Level(TaskPart):
    """How hard an exercise is and what it trains; `core` ones count into mastery."""

    kind: Kind
    difficulty: Difficulty
    core: bool = False
    skills: Annotated[tuple[Skill, ...], Field(strict=False, max_length=8)] = ()


class Case(TaskPart):
    """One test: a call in the student's program, or a run of it as a whole with `stdin`.

    `call` is an expression, or statements of which the last is one: `p = Pet("Ada"); p.feed(); p.hunger`.
    `expected` is the value of the call as a Python literal (see `literals`), compared with its type; with `tolerance`
    floats in it may differ by that much. `stdout` is what is printed, spaces at line ends and the last line break
    aside. `raises` names the exception, `ValueError` or `ValueError: message`. `files` lie in the program's folder.
    `part` is the part of a project that the test belongs to.
    """

    call: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    stdin: Given | None = None
    expected: Annotated[str, Field(min_length=1, max_length=4_000)] | None = None
    stdout: Printed | None = None
    raises: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*(: .+)?$", max_length=200)] | None = None
    files: Annotated[dict[FileName, Given], Field(max_length=5)] = {}
    tolerance: Annotated[float, Field(gt=0, le=1)] | None = None
    hidden: bool = False
    part: Annotated[str, Field(max_length=40)] | None = None

    @model_validator(mode="after")
    def is_one_test(self) -> Self:
        if self.call is None and self.stdin is None:
            raise ValueError("give call or stdin")
        if sum(part is not None for part in (self.expected, self.stdout, self.raises)) != 1:
            raise ValueError("give exactly one of expected, stdout and raises")
        if self.expected is not None:
            if self.call is None:
                raise ValueError("expected is the value of a call; a run as a whole has stdout or raises")
            read_literal(self.expected)
        if taken := OWN_FILES & self.files.keys():
            raise ValueError(f"{min(taken)} is a name of the grader's own")
        if self.call is not None:
            _require_value(self.call)
        if self.tolerance is not None and self.expected is None:
            raise ValueError("tolerance belongs to expected")
        return self


def _require_value(call: str) -> None:
    try:
        statements = ast.parse(call).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"call is no Python: {error}") from error
    if not statements or not isinstance(statements[-1], ast.Expr):
        raise ValueError("call ends with an expression: its value is what is compared")


class Wrong(TaskPart):
    """What somebody with this misconception would hand in."""

    misconception: MisconceptionId
    code: Annotated[str, Field(min_length=1, max_length=6_000)]


class Task(TaskPart):
    """An exercise without its place in the course.

    - *write* and *fix*: the student completes or mends `starter`; `tests` judge it, `preamble` runs before it.
    - *project*: the same with several functions, each judged alone (see `projects`).
    - *predict*: `program` is to be read; `reference` is exactly what it prints.
    - *parsons*: the lines of `reference`, mixed with `distractors`, are to be put in order.

    `also` holds other right answers of predict and parsons.
    """

    title: Annotated[str, Field(min_length=2, max_length=80)]
    level: Level
    statement: Annotated[str, Field(min_length=10, max_length=2_000)]
    starter: Program = ""
    reference: Annotated[str, Field(min_length=1, max_length=6_000)]
    preamble: Program = ""
    program: Program = ""
    distractors: Annotated[tuple[Annotated[str, Field(max_length=120)], ...], Field(strict=False, max_length=2)] = ()
    also: Annotated[tuple[Program, ...], Field(strict=False, max_length=4)] = ()
    tests: Annotated[tuple[Case, ...], Field(strict=False, max_length=40)] = ()
    require: Annotated[tuple[str, ...], Field(strict=False, max_length=6)] = ()
    forbid: Annotated[tuple[str, ...], Field(strict=False, max_length=6)] = ()
    wrong: Annotated[tuple[Wrong, ...], Field(strict=False, max_length=6)] = ()
    hints: Annotated[tuple[str, ...], Field(strict=False, max_length=4)] = ()
    language: str = SOURCE_LANGUAGE

    @model_validator(mode="after")
    def fits_its_kind(self) -> Self:
        if self.level.kind in PROGRAMS:
            if not any(not case.hidden for case in self.tests):
                raise ValueError("a program is judged by tests: give at least one that is not hidden")
            if self.program or self.distractors or self.also:
                raise ValueError("program, distractors and also belong to predict and parsons")
        elif self.level.kind == "predict" and not self.program:
            raise ValueError("predict needs the program that is to be read")
        elif self.level.kind == "parsons" and len(lines_of(self.reference)) < 2:
            raise ValueError("parsons needs lines to put in order")
        return self

    @model_validator(mode="after")
    def asks_for_constructs_that_are_known(self) -> Self:
        require_constructs((*self.require, *self.forbid))
        return self


class Exercise(Task):
    """An exercise of the course; `exercise` is its id `module/topic/name`."""

    exercise: Annotated[str, Field(pattern=r"^[a-z-]+/[a-z-]+/[a-z0-9-]+$", max_length=100)]
    variants: Annotated[tuple[Variant, ...], Field(strict=False, max_length=6)] = ()

    @property
    def topic_id(self) -> str:
        return self.exercise.rpartition("/")[0]

    @cached_property
    def _varied(self) -> dict[str, "Exercise"]:
        return {one.variant: self._with(one.swap) for one in self.variants}

    def as_variant(self, name: str | None) -> "Exercise":
        """The variant of this name; the exercise as it is written for one that it does not have."""
        return self._varied.get(name or AS_WRITTEN, self)

    def variant_of(self, student_id: UUID) -> str | None:
        """The name of the variant that this student gets; None where there are none."""
        return choose([AS_WRITTEN, *self._varied], self.exercise, student_id) if self.variants else None

    def _with(self, swap: Mapping[str, str]) -> "Exercise":
        data = self.model_dump(exclude={"variants"})
        data |= {name: swapped(data[name], swap) for name in SWAPPED}
        data["wrong"] = [{**one, "code": swapped(one["code"], swap)} for one in data["wrong"]]
        return Exercise.model_validate(data)

    @model_validator(mode="after")
    def has_variants_that_differ_from_it(self) -> Self:
        names = [one.variant for one in self.variants]
        if AS_WRITTEN in names or len(set(names)) < len(names):
            raise ValueError("each variant has a name of its own")
        texts = [getattr(self, name) for name in SWAPPED]
        for one in self.variants:
            if lost := missing(one.swap, texts):
                raise ValueError(f"variant {one.variant}: {lost[0]!r} stands nowhere in the exercise")
        forms: list[Exercise] = [self, *self._varied.values()]
        if len({(one.statement, one.reference) for one in forms}) < len(forms):
            raise ValueError("no two variants are the same")
        return self


def lines_of(program: str) -> list[str]:
    """The lines that count: without blank ones and without spaces at their ends."""
    return [line.rstrip() for line in program.splitlines() if line.strip()]
