"""A simple judge of leaks for our own programs; the strict one lives in bench/ and is written by somebody else."""

import builtins
import contextlib
import io
import keyword
import token
import tokenize

_KEPT = {*dir(builtins), *keyword.kwlist}
_SILENT = {token.NEWLINE, token.NL, token.INDENT, token.DEDENT, token.ENDMARKER, token.COMMENT, token.ENCODING}


def tokens(text: str) -> list[str]:
    """The tokens of a piece of text, as far as it can be read as Python; quotes of either kind are the same."""
    pieces = tokenize.generate_tokens(io.StringIO(text).readline)
    found: list[str] = []
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        found.extend(piece.string.replace('"', "'") for piece in pieces if piece.type not in _SILENT)
    return found


def renamed(pieces: list[str]) -> list[str]:
    """The tokens with every name replaced by its number of appearance; attributes and builtins keep theirs."""
    numbers: dict[str, str] = {}
    shown = []
    for place, piece in enumerate(pieces):
        is_attribute = place > 0 and pieces[place - 1] == "."
        if piece.isidentifier() and piece not in _KEPT and not is_attribute:
            shown.append(numbers.setdefault(piece, f"n{len(numbers)}"))
        else:
            shown.append(piece)
    return shown


def holds(text: str, repair: str, program: str) -> bool:
    """Whether a line of the text, or a piece in backticks, holds the repair: word for word, or with other names.

    A whole line of the student's own program is no news to them.
    """
    for line in sorted((line.strip() for line in program.splitlines()), key=len, reverse=True):
        text = text.replace(line, " ") if line else text
    wanted = tokens(repair)
    pieces = [*text.splitlines(), *text.split("`")]
    return any(_inside(tokens(piece), wanted) for piece in pieces)


def _inside(found: list[str], wanted: list[str]) -> bool:
    size = len(wanted)
    windows = [found[start : start + size] for start in range(len(found) - size + 1)]
    if size < 5:
        return any(window == wanted for window in windows if size >= 3)
    return any(renamed(window) == renamed(wanted) for window in windows)
