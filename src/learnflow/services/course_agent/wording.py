"""Small pieces of Markdown and of sentences."""

from collections.abc import Sequence

from learnflow.curriculum import ChoiceCheck
from learnflow.curriculum.phrases import LessonPhrases

NEW_LINE = " \u21b5 "


def listed(parts: Sequence[str], last: str = "and") -> str:
    """`a`, `b` and `c`."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + f" {last} " + parts[-1]


def block(code: str, language: str = "python") -> str:
    """Lines of code or output; the course's own texts hold no fence."""
    return f"```{language}\n{code}\n```"


def typed(stdin: str, says: LessonPhrases) -> str:
    """What somebody types into the program above, where it reads something."""
    return f"\n\n{says.typed}\n\n{block(stdin.rstrip(), 'text')}" if stdin else ""


def span(text: str) -> str:
    """Code within a sentence; lines stand side by side."""
    text = NEW_LINE.join(text.splitlines())
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def about_lines(shown: Sequence[str], says: LessonPhrases) -> str:
    """What the sign for a new line means, where one of these answers has it."""
    return f" {says.new_line.format(sign=NEW_LINE.strip())}" if any(NEW_LINE in answer for answer in shown) else ""


def options(check: ChoiceCheck) -> list[str]:
    """All answers in an order that does not tell which is right."""
    return sorted([check.right, *check.wrong], key=lambda answer: (len(answer) % 3, answer))
