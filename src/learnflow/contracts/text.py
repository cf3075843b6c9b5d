"""Free text from outside: what PostgreSQL and UTF-8 cannot hold is refused at the door."""

from typing import Annotated

from pydantic import AfterValidator


def storable(text: str) -> str:
    """The text itself; ValueError for NUL and for lone surrogates, which no table or wire can carry."""
    if "\x00" in text:
        raise ValueError("contains a NUL character; remove it")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("contains half of a surrogate pair; send valid Unicode") from error
    return text


Text = Annotated[str, AfterValidator(storable)]
"""A string for every free text of a request; lengths by `Field(min_length=, max_length=)` beside it."""
