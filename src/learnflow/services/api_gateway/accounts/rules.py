"""What a person may be called and sign in with: the rules of every road into `users`."""

import re
import unicodedata
from functools import cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from learnflow.contracts.errors import Invalid
from learnflow.contracts.text import Text, storable

UserRole = Literal["student", "teacher", "admin"]
UserState = Literal["active", "guest", "awaiting_consent"]
DEMO_DOMAIN = "demo.learnflow.example"
"""Where the demo class lives: a name that nobody can own (RFC 2606)."""
GUEST_NAME = "Guest"
_BREAKS = frozenset({"Cc", "Zl", "Zp"})
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Overrides and isolates of Unicode's bidirectional algorithm; joiners (Persian, Hindi, emoji) are welcome."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _address(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False, globally_deliverable=False).normalized
    except EmailNotValidError as error:
        raise ValueError("is not an e-mail address") from error


def _language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise ValueError("is not a language tag such as en or pt-BR")
    return value


def _time_zone(value: str) -> str:
    if value not in _time_zones():
        raise ValueError("is not a time zone such as Europe/Berlin")
    return value


def _name(value: str) -> str:
    if any(unicodedata.category(character) in _BREAKS or character in _TURNS for character in value):
        raise ValueError("contains a character that breaks lines or changes the direction of writing; remove it")
    if not any(unicodedata.category(character).startswith("L") for character in value):
        raise ValueError("has no letter")
    return value


EmailAddress = Annotated[Text, Field(min_length=3, max_length=254), AfterValidator(_address)]
Password = Annotated[Text, Field(min_length=8, max_length=128)]
PersonName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=2, max_length=100),
    AfterValidator(storable),
    AfterValidator(_name),
]
Language = Annotated[Text, Field(max_length=8), AfterValidator(_language)]
TimeZone = Annotated[Text, Field(max_length=64), AfterValidator(_time_zone)]


class NewUser(BaseModel):
    """What a new account needs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: EmailAddress
    password: Password
    name: PersonName
    language: Language = "en"
    timezone: TimeZone = "UTC"


Code = Annotated[Text, Field(min_length=1, max_length=40)]


class NewAccount(NewUser):
    """What somebody may say about themselves who registers; a guardian is named for a child under 13, and only then."""

    class_code: Code | None = None
    invitation_code: Code | None = None
    under_13: bool = False
    guardian_email: Annotated[EmailAddress | None, Field(validate_default=True)] = None

    @field_validator("under_13")
    @classmethod
    def _is_a_student(cls, under_13: bool, info: ValidationInfo) -> bool:
        if under_13 and info.data.get("invitation_code"):
            raise ValueError("is for students; leave it out with an invitation code")
        if under_13 and info.data.get("class_code"):
            raise ValueError("goes without a class code; join the class when your parent or guardian has agreed")
        return under_13

    @field_validator("guardian_email")
    @classmethod
    def _goes_with_a_child(cls, guardian: str | None, info: ValidationInfo) -> str | None:
        under_13 = bool(info.data.get("under_13"))
        if under_13 and guardian is None:
            raise ValueError("is needed for a student under 13; give a parent's or guardian's address")
        if guardian is not None and not under_13:
            raise ValueError("is asked for students under 13 only; leave it out")
        if guardian is not None and guardian.casefold() == str(info.data.get("email", "")).casefold():
            raise ValueError("is your own address; give your parent's or guardian's")
        return guardian


def new_user(email: str, password: str, name: str, language: str, timezone: str) -> NewUser:
    """The checked values; Invalid names the first field that is wrong."""
    try:
        return NewUser(email=email, password=password, name=name, language=language, timezone=timezone)
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(str(first["msg"]), field=str(first["loc"][0])) from None


def is_demo(email: str) -> bool:
    """Whether this is an account whose password everybody knows."""
    return email.strip().lower().endswith("@" + DEMO_DOMAIN)
