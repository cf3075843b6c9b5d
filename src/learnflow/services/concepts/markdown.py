"""Small pieces of Markdown in which a student's own text stays text."""

from collections.abc import Iterable, Sequence

NEW_LINE = " \u21b5 "


def span(text: str) -> str:
    """Code within a sentence; backticks of the text itself do not end it."""
    text = NEW_LINE.join(text.splitlines()) if "\n" in text else text
    if "`" not in text:
        return f"`{text}`"
    return f"``` {text} ```" if "``" in text else f"`` {text} ``"


def block(code: str, language: str = "python") -> str:
    """Lines of code or output."""
    fence = "`" * max(3, _longest_run(code) + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar within a cell does not end the cell."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def listed(parts: Sequence[str], last: str = "and") -> str:
    """`a`, `b` and `c`."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + f" {last} " + parts[-1]


def _longest_run(text: str) -> int:
    longest = run = 0
    for letter in text:
        run = run + 1 if letter == "`" else 0
        longest = max(longest, run)
    return longest
