"""What a program says about itself. It may say anything, so everything is checked, cleaned and cut to size here."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.functional_validators import BeforeValidator

MAX_LINE = 1_000_000
MAX_STEPS = 1_001


def _cleaned(limit: int) -> BeforeValidator:
    """Half surrogates and NUL cannot be sent or stored; what is too long is cut."""

    def clean(text: object) -> object:
        if not isinstance(text, str):
            return text
        return text[:limit].encode("utf-8", "replace").decode().replace("\x00", "\N{SYMBOL FOR NULL}")

    return BeforeValidator(clean)


Name = Annotated[str, _cleaned(100)]
Value = Annotated[str, _cleaned(200)]
Line = Annotated[int, Field(ge=0, le=MAX_LINE)]


class ErrorDetail(BaseModel):
    """How a program failed. Lines count from 1, columns in characters from 0; the end column is exclusive.

    `line` to `end_column` is the failing part of the line; `locals` are the values there, as text.
    """

    model_config = ConfigDict(frozen=True)

    type: Name
    message: Annotated[str, _cleaned(500)]
    line: Line | None = None
    column: Line | None = None
    end_line: Line | None = None
    end_column: Line | None = None
    function: Name | None = None
    locals: dict[Name, Value] = Field(default_factory=dict, max_length=40)


class Step(BaseModel):
    """One step: the line that is about to run in `function`, and the values before it, as text.

    The last step of the program's own level is `final` and holds the values at its end.
    """

    model_config = ConfigDict(frozen=True)

    line: Line
    function: Name = "<module>"
    values: dict[Name, Value] = Field(default_factory=dict, max_length=40)
    final: bool = False


class OutputFile(BaseModel):
    """A file that the program left in its folder; `size` in bytes. Binary ones, pictures among them, have no `text`
    but `base64`; what is too large is cut."""

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, _cleaned(255)]
    size: int
    text: Annotated[str, _cleaned(65_536)] | None
    base64: str | None = None
    truncated: bool = False
