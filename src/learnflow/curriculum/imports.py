"""Exercises that come from outside, as a JSON list of entries: the shape, and the places of its faults."""

import json
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from learnflow.curriculum.catalogue import load_catalogue
from learnflow.curriculum.exercises import Case, Difficulty, Level, Program, Skill, Task, TaskPart

PREFIX = "imported/"


class Entry(TaskPart):
    """One exercise of an imported file. Its id becomes `imported/<slug>`; the same slug again takes its place.

    `expected` is a Python literal as text. Whatever is not said of its level is: write, medium, not core.
    """

    slug: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
    topic_id: Annotated[str, Field(max_length=100)]
    title: Annotated[str, Field(min_length=2, max_length=80)]
    statement: Annotated[str, Field(min_length=10, max_length=2_000)]
    starter: Program
    reference: Annotated[str, Field(min_length=1, max_length=6_000)]
    preamble: Program = ""
    tests: Annotated[tuple[Case, ...], Field(strict=False, min_length=1, max_length=20)]
    difficulty: Difficulty = "medium"
    skills: Annotated[tuple[Skill, ...], Field(strict=False, max_length=8)] = ()
    require: Annotated[tuple[str, ...], Field(strict=False, max_length=6)] = ()
    forbid: Annotated[tuple[str, ...], Field(strict=False, max_length=6)] = ()

    @model_validator(mode="after")
    def is_an_exercise_of_the_course_s_topics(self) -> Self:
        if self.topic_id not in load_catalogue().topics:
            raise ValueError(f"there is no topic {self.topic_id!r}")
        _ = self.task
        return self

    @property
    def exercise_id(self) -> str:
        return PREFIX + self.slug

    @property
    def task(self) -> Task:
        """The exercise itself."""
        level = Level(kind="write", difficulty=self.difficulty, skills=self.skills)
        given = self.model_dump(exclude={"slug", "topic_id", "difficulty", "skills"})
        return Task.model_validate({**given, "level": level, "tests": self.tests})


def entry_of(slug: str, topic_id: str, task: Task) -> Entry:
    """The entry that an exercise is exported as."""
    level = task.level
    names = ("title", "statement", "starter", "reference", "preamble", "tests", "require", "forbid")
    parts = {name: getattr(task, name) for name in names}
    return Entry(slug=slug, topic_id=topic_id, difficulty=level.difficulty, skills=level.skills, **parts)


def read_file(path: Path) -> list[Entry]:
    """The entries of a JSON file. ValueError with a sentence for each fault, `file:line: entry N: ...`."""
    text = path.read_text(encoding="utf-8")
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}:{error.lineno}: this is no JSON: {error.msg}") from error
    try:
        entries = TypeAdapter(list[Entry]).validate_python(data)
    except ValidationError as error:
        raise ValueError("\n".join(_fault(path, text, data, detail) for detail in error.errors())) from error
    if not entries:
        raise ValueError(f"{path}:1: the list is empty")
    slugs = [entry.slug for entry in entries]
    for number, slug in enumerate(slugs, start=1):
        if slug in slugs[: number - 1]:
            raise ValueError(
                f"{path}:{line_of(text, [number - 1, 'slug'])}: entry {number}: {slug!r} stands here twice"
            )
    return entries


def _fault(path: Path, text: str, data: object, detail: Any) -> str:
    where = detail["loc"]
    named = ".".join(str(part) for part in where[1:])
    number = f"entry {where[0] + 1}: " if where and isinstance(where[0], int) and isinstance(data, list) else ""
    return f"{path}:{line_of(text, where)}: {number}{named + ': ' if named else ''}{detail['msg']}"


def line_of(text: str, where: Any) -> int:
    """The line of a part of a JSON text. JSON is read as YAML, which knows its lines; 1 where it is not."""
    try:
        node: Any = yaml.compose(text.replace("\t", " "), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return 1
    for part in where:
        node = _child(node, part) or node
    return int(node.start_mark.line) + 1


def _child(node: Any, part: int | str) -> Any:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    return None
