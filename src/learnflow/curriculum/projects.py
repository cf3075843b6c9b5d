"""Projects as data: an hour of work at the end of a module, several functions that are judged each alone."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from learnflow.curriculum.exercises import Case, Exercise, Level, Program, Skill, TaskPart, Wrong
from learnflow.curriculum.phrases import Phrases, load_phrases
from learnflow.curriculum.translations import SOURCE_LANGUAGE

FEWEST_PARTS, MOST_PARTS = 3, 5


class Part(TaskPart):
    """One function or class of a project. The first test is its worked case; hidden ones follow the public ones."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$", max_length=40)]
    does: Annotated[str, Field(min_length=10, max_length=400)]
    tests: Annotated[tuple[Case, ...], Field(strict=False, min_length=3, max_length=8)]

    @model_validator(mode="after")
    def is_judged_alone(self) -> Self:
        if self.tests[0].hidden or sum(case.hidden for case in self.tests) < 2:
            raise ValueError("a part has a public test to begin with, and two hidden ones or more")
        if any(case.call is None for case in self.tests):
            raise ValueError("a part is judged by calls, so that a mistake costs no other part")
        return self

    def text(self, phrases: Phrases) -> str:
        """What is to be done, with the worked case."""
        return f"`{self.name}`: {self.does} {phrases.test.say(self.tests[0])}"


class Project(TaskPart):
    """The project of a module; `project` is its id `module/topic/name` with the last topic of the module.

    A wrong program is given by the functions that are wrong in it: they take the place of the reference's.
    """

    project: Annotated[str, Field(pattern=r"^[a-z-]+/[a-z-]+/[a-z0-9-]+$", max_length=100)]
    title: Annotated[str, Field(min_length=2, max_length=80)]
    story: Annotated[str, Field(min_length=20, max_length=600)]
    skills: Annotated[tuple[Skill, ...], Field(strict=False, max_length=8)] = ()
    starter: Program
    reference: Annotated[str, Field(min_length=1, max_length=6_000)]
    preamble: Program = ""
    parts: Annotated[tuple[Part, ...], Field(strict=False, min_length=FEWEST_PARTS, max_length=MOST_PARTS)]
    wrong: Annotated[tuple[Wrong, ...], Field(strict=False, min_length=3, max_length=6)]
    language: str = SOURCE_LANGUAGE

    @model_validator(mode="after")
    def names_each_part_once(self) -> Self:
        if len({part.name for part in self.parts}) < len(self.parts):
            raise ValueError("two parts have the same name")
        return self

    @property
    def exercise(self) -> Exercise:
        """The project as the exercise that it is served and graded as."""
        phrases = load_phrases(language=self.language)
        parts = [f"{number}. {part.text(phrases)}" for number, part in enumerate(self.parts, start=1)]
        return Exercise(
            exercise=self.project,
            title=self.title,
            level=Level(kind="project", difficulty="hard", skills=self.skills),
            statement="\n".join([self.story, "", *parts]),
            starter=self.starter,
            reference=self.reference,
            preamble=self.preamble,
            language=self.language,
            tests=tuple(case.model_copy(update={"part": part.name}) for part in self.parts for case in part.tests),
            wrong=tuple(one.model_copy(update={"code": f"{self.reference}\n\n{one.code}"}) for one in self.wrong),
        )
