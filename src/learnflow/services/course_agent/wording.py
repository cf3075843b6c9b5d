"""Small pieces of Markdown and of sentences."""

from collections.abc import Sequence

from learnflow.curriculum import ChoiceCheck

NEW_LINE = " \u21b5 "


def listed(parts: Sequence[str], last: str = "and") -> str:
    """`a`, `b` and `c`."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + f" {last} " + parts[-1]


def block(code: str, language: str = "python") -> str:
    """Lines of code or output; the course's own texts hold no fence."""
    return f"```{language}\n{code}\n```"


def span(text: str) -> str:
    """Code within a sentence; lines stand side by side."""
    text = NEW_LINE.join(text.splitlines())
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def options(check: ChoiceCheck) -> list[str]:
    """All answers in an order that does not tell which is right."""
    return sorted([check.right, *check.wrong], key=lambda answer: (len(answer) % 3, answer))
