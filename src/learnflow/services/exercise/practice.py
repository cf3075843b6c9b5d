"""Which exercises fit what somebody asks for: the topic in their words, then what they have not solved yet."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from learnflow.contracts.events.exercise import Difficulty
from learnflow.curriculum import Curriculum
from learnflow.services.exercise.bank import Item
from learnflow.services.exercise.repository import Standing

OFFERED = 3
_WORD = re.compile(r"[a-z_]+(?:\(\))?")
_SAID: dict[str, Difficulty] = {
    "easy": "easy", "easier": "easy", "simple": "easy", "beginner": "easy", "start": "easy", "first": "easy",
    "medium": "medium", "normal": "medium",
    "hard": "hard", "harder": "hard", "difficult": "hard", "challenge": "hard", "challenging": "hard",
}  # fmt: skip
_DIFFICULTIES: tuple[Difficulty, ...] = get_args(Difficulty)


@dataclass(frozen=True, slots=True)
class Offer:
    """An exercise with the reason why it is offered."""

    item: Item
    why: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What a question asks for: a topic if one was named, and how hard it may be."""

    topic_id: str | None
    difficulty: Difficulty | None


class Lexicon:
    """The words by which a topic is known: its title, what people call it, and the names of its concepts."""

    def __init__(self, curriculum: Curriculum) -> None:
        self._topics: dict[tuple[str, ...], str] = {}
        topics = curriculum.catalogue.topics
        for topic in topics.values():
            self._add(topic.id, (topic.title, topic.id.rpartition("/")[2].replace("-", " "), *topic.words))
        for card in curriculum.cards.values():
            self._add(card.topic_id, (card.title, *card.aliases))
        self._longest = max(map(len, self._topics))

    def _add(self, topic_id: str, phrases: Iterable[str]) -> None:
        for phrase in phrases:
            if words := words_of(phrase):
                self._topics.setdefault(words, topic_id)

    def read(self, text: str, here: str | None) -> Wish:
        """The wish in a text; `here` is the topic where the student is, and counts when no other is named."""
        words = words_of(text)
        difficulty = next((_SAID[word] for word in words if word in _SAID), None)
        scores: dict[str, int] = {}
        for size in range(1, self._longest + 1):
            for start in range(len(words) - size + 1):
                topic_id = self._topics.get(words[start : start + size])
                if topic_id is not None:
                    scores[topic_id] = scores.get(topic_id, 0) + size * size
        best = max(scores, key=lambda name: (scores[name], name == here), default=None)
        return Wish(best or here, difficulty)


def words_of(text: str) -> tuple[str, ...]:
    """The words without the s of a plural."""
    found = _WORD.findall(text.lower().replace("-", " "))
    return tuple(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in found
    )


def offers(items: Sequence[Item], standings: Mapping[str, Standing], difficulty: Difficulty | None) -> list[Offer]:
    """Up to three of these exercises: unsolved ones first, as hard as is wished for, easier ones before harder."""
    ranked = sorted(items, key=lambda item: _rank(item, standings, difficulty))
    return [Offer(item, _why(item, standings.get(item.exercise_id, Standing()))) for item in ranked[:OFFERED]]


def _rank(item: Item, standings: Mapping[str, Standing], difficulty: Difficulty | None) -> tuple[bool, int, bool, int]:
    standing = standings.get(item.exercise_id, Standing())
    level = _DIFFICULTIES.index(item.task.level.difficulty)
    away = abs(level - _DIFFICULTIES.index(difficulty)) if difficulty else 0
    return standing.passed, away, not item.core, level


def _why(item: Item, standing: Standing) -> str:
    if standing.passed:
        return "You have solved it. Solve it once more from memory."
    trained = ", ".join(item.task.level.skills[:3])
    about = f" It trains {trained}." if trained else ""
    if standing.attempts:
        times = "once" if standing.attempts == 1 else f"{standing.attempts} times"
        return f"You tried it {times}. It is not solved yet.{about}"
    return f"It is new for you{' and counts for this topic' if item.core else ''}.{about}"
