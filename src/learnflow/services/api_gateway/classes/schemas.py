"""HTTP shapes of classes and rosters."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from learnflow.contracts.text import Text, storable
from learnflow.services.api_gateway.accounts.rules import EmailAddress

ClassName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(storable)
]
ClassCode = Annotated[Text, Field(min_length=1, max_length=40)]


class NewClass(BaseModel):
    """A class to be made; it is yours."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Python 9b"}]})

    name: ClassName


class JoinClass(BaseModel):
    """The code that the teacher gave, in whatever way it is typed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"class_code": "K7QX-2MNB"}]})

    class_code: ClassCode


class ClassSettings(BaseModel):
    """What a class allows its students; null is no limit. A day begins at midnight where its owner is."""

    model_config = ConfigDict(extra="forbid")

    hint_ceiling: int | None = Field(default=None, ge=1, le=4, description="The highest rung of hints")
    questions_per_day: int | None = Field(default=None, ge=1, le=500)
    model_off: bool | None = Field(default=None, description="No model answers, as during a test")


class CoTeachers(BaseModel):
    """Teachers by their address: who shares the class from now on, and who no longer does."""

    model_config = ConfigDict(extra="forbid")

    add: list[EmailAddress] = Field(default=[], max_length=20)
    remove: list[EmailAddress] = Field(default=[], max_length=20)


class ChangeClass(BaseModel):
    """What to change about a class; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"settings": {"hint_ceiling": 2, "questions_per_day": 20}}]}
    )

    name: ClassName | None = None
    settings: ClassSettings | None = None
    co_teachers: CoTeachers | None = None
    archived: bool | None = None
    new_code: bool = Field(default=False, description="Make a new code; the one until now joins nobody any more")


class RosterPerson(BaseModel):
    """A student on a roster; name and address are checked line by line."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Text, Field(max_length=1_000)]
    email: Annotated[Text, Field(max_length=1_000)]


class Roster(BaseModel):
    """A class's students; nobody is invited while a line is wrong."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"students": [{"name": "Ada Lovelace", "email": "ada@example.org"}]}]},
    )

    students: list[RosterPerson] = Field(min_length=1, max_length=500)


class RosterResult(BaseModel):
    """What became of one line."""

    line: int
    name: str
    email: str
    result: Literal["invited", "invited_already", "in_class"]


class RosterResults(BaseModel):
    """Every line of a roster; there is never a next page."""

    items: list[RosterResult]
    total: int
    next: str | None = None


class TeacherName(BaseModel):
    """One who teaches a class."""

    id: UUID
    name: str
    is_owner: bool


class ClassView(BaseModel):
    """A class. Its code and the counts are for its teachers; who is invited gets the code too, to join by it."""

    id: UUID
    name: str
    state: Literal["taught", "joined", "invited"]
    teachers: list[TeacherName]
    settings: ClassSettings
    class_code: str | None
    is_owner: bool
    students: int | None
    invited: int | None
    created_at: datetime
    archived_at: datetime | None


class ClassPage(BaseModel):
    """A page of classes; `next` is the address of the following one."""

    items: list[ClassView]
    total: int
    next: str | None
