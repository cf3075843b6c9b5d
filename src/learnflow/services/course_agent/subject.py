"""Which topic or module a question names: the longest name of the course that stands in it; pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from learnflow.curriculum import Curriculum

_WORDS = re.compile(r"[a-z0-9_]+")
_SHORTEST = 3
_COMMON = frozenset(
    {
        "and",
        "end",
        "for",
        "give",
        "index",
        "lesson",
        "lessons",
        "name",
        "next",
        "not",
        "object",
        "order",
        "pair",
        "part",
    }
    | {"reason", "repeat", "skip", "text", "total", "type", "values", "while", "first programs", "count", "continue"}
    | {"the", "output", "position", "condition", "decision", "self", "even", "local", "replace", "look up", "call"}
)
"""Names of the course that are also words of any other question about lessons; alone they name nothing."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a lesson is to be about: a topic, or a module as a whole."""

    module_id: str
    topic_id: str | None = None


class Subjects:
    """All names that topics and modules go by."""

    def __init__(self, curriculum: Curriculum) -> None:
        names: dict[tuple[str, ...], Subject] = {}
        for topic in curriculum.catalogue.topics.values():
            own = [topic.title, topic.id.rpartition("/")[2].replace("-", " "), *topic.words]
            own += [name for card in curriculum.cards.values() if card.topic_id == topic.id for name in card.aliases]
            _add(names, own, Subject(topic.module_id, topic.id))
        for module in curriculum.catalogue.modules:
            _add(names, [module.title, module.id.replace("-", " ")], Subject(module.id))
        self._names: Mapping[tuple[str, ...], Subject] = names
        self._longest = max(map(len, names))

    def find(self, question: str) -> Subject | None:
        """The subject with the longest name in the question; the first of equally long ones. None without any."""
        words = _stems(question)
        for length in range(self._longest, 0, -1):
            for start in range(len(words) - length + 1):
                if found := self._names.get(words[start : start + length]):
                    return found
        return None


def _add(names: dict[tuple[str, ...], Subject], own: Iterable[str], subject: Subject) -> None:
    for name in own:
        words = _stems(name)
        if words and name.lower() not in _COMMON and len("".join(words)) >= _SHORTEST:
            names.setdefault(words, subject)


def _stems(text: str) -> tuple[str, ...]:
    """Lower-case words; `loops` and `loop` are one."""
    return tuple(_stem(word) for word in _WORDS.findall(text.lower()))


def _stem(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and len(word) > 3 and not word.endswith("ss") else word
