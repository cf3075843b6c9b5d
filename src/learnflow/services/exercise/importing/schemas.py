"""HTTP shapes of the import and export of exercises."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from learnflow.contracts.text import storable
from learnflow.curriculum.imports import Entry


def _storable(entries: list[Entry]) -> list[Entry]:
    for text in _texts([entry.model_dump() for entry in entries]):
        storable(text)
    return entries


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts(list(value.items()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


class ImportRequest(BaseModel):
    """The entries of a file, all or nothing."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "exercises": [
                        {
                            "slug": "double-it",
                            "topic_id": "functions/return-values",
                            "title": "Double it",
                            "statement": "Return `number` times two, as a whole number.",
                            "starter": "def double(number):\n    return 0\n",
                            "reference": "def double(number):\n    return number * 2\n",
                            "tests": [{"call": "double(4)", "expected": "8"}],
                        }
                    ]
                }
            ]
        },
    )

    exercises: Annotated[list[Entry], Field(min_length=1, max_length=200), AfterValidator(_storable)]


class Imported(BaseModel):
    """The ids of what was stored, in the order of the file."""

    ids: list[str]


class Exported(BaseModel):
    """Exercises in the form in which they are imported."""

    exercises: list[Entry]
