"""The code by which a student joins a class: made at random, read in whatever way it is typed."""

import secrets

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without I, O, 0 and 1, which look like others."""
_LENGTH = 8


def new_code() -> str:
    """Eight letters and digits: 40 bits, too many to guess within the limits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def as_typed(code: str) -> str:
    """The code in its one spelling: capitals, no blanks or hyphens."""
    return "".join(filter(str.isalnum, code)).upper()
