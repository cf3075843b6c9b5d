"""What a teacher types, as "create easy exercises on list comprehensions", read into a topic, a difficulty and a count.

The topic stays in the teacher's words: the exercise service knows by which of them a topic goes.
"""

import re
from dataclasses import dataclass

from learnflow.contracts.errors import Invalid
from learnflow.contracts.events.exercise import Difficulty

MOST = 5
_SEVERAL = 3
"""How many are made when no number is named: drafts to choose from."""
_DIFFICULTIES: dict[Difficulty, frozenset[str]] = {
    "easy": frozenset({"easy", "easier", "simple", "simpler", "basic", "beginner", "beginners", "gentle"}),
    "medium": frozenset({"medium", "normal", "average", "intermediate", "moderate"}),
    "hard": frozenset({"hard", "harder", "difficult", "challenging", "advanced", "tough", "tricky"}),
}
_NUMBERS = {"a": 1, "an": 1, "one": 1, "another": 1, "two": 2, "couple": 2, "three": 3, "few": 3, "four": 4, "five": 5}
_KIND = re.compile(r"\b(exercises?|tasks?|problems?|questions?|drills?|practice|puzzles?)\b", re.IGNORECASE)
_LEADS = re.compile(r"\b(?:on|about|regarding|covering|around)\b", re.IGNORECASE)
_WEAK_LEADS = re.compile(r"\b(?:for(?!\s+loops?\b)|with|using|in|to practi[cs]e)\b", re.IGNORECASE)
"""These may say something else too; without the word exercises they are none: for loops."""
_WORD = re.compile(r"\d+|[^\W\d_]+")
_FILLERS = frozenset({
    "please", "can", "could", "would", "you", "i", "we", "want", "need", "like", "to", "me", "us", "my", "our", "the",
    "some", "more", "new", "make", "create", "generate", "give", "write", "prepare", "set", "up", "of", "and", "class",
    "student", "students", "kids", "pupils",
})  # fmt: skip
_TAIL = re.compile(
    r"\s+(?:please|for (?:my|the|our|this) (?:\w+ )?(?:class|students?|pupils?|kids|group)"
    r"|for (?:him|her|them|us|me))\b.*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ExerciseWish:
    """What is to be made; `topic` in the teacher's own words."""

    topic: str
    difficulty: Difficulty
    count: int


def read_wish(text: str) -> ExerciseWish:
    """The wish in a sentence; Invalid when no topic is named or more are wanted than are made at once."""
    sentence = " ".join(text.split()).rstrip(".!?")
    kind = _KIND.search(sentence)
    count = _count(sentence[: kind.start()] if kind else sentence, kind)
    if not 1 <= count <= MOST:
        raise Invalid(f"One to {MOST} exercises are made at once. Ask for fewer, and again for more.", field="request")
    topic = _topic(sentence, kind)
    if len(topic) < 2:
        raise Invalid("Name the topic, as in: create easy exercises on list comprehensions.", field="request")
    return ExerciseWish(topic, _difficulty(sentence), count)


def _difficulty(sentence: str) -> Difficulty:
    """The first one that is named; medium without one."""
    for word in _words(sentence):
        for difficulty, names in _DIFFICULTIES.items():
            if word in names:
                return difficulty
    return "medium"


def _count(before: str, kind: "re.Match[str] | None") -> int:
    for word in reversed(_words(before)):
        if word.isdecimal():
            return int(word[:6])
        if word in _NUMBERS:
            return _NUMBERS[word]
    is_one = kind is not None and kind.group().lower() in {"exercise", "task", "problem", "question", "drill", "puzzle"}
    return 1 if is_one else _SEVERAL


def _topic(sentence: str, kind: "re.Match[str] | None") -> str:
    """What follows "exercises on"; else what stands before "exercises" and says nothing else: *for loop* exercises."""
    after = sentence[kind.end() :] if kind else sentence
    lead = _LEADS.search(after) or (_WEAK_LEADS.search(after) if kind else None)
    if lead:
        return _without_tail(after[lead.end() :])
    return _bare(sentence[: kind.start()] if kind else sentence) or (_without_tail(after) if kind else "")


def _without_tail(topic: str) -> str:
    found = _TAIL.sub("", topic).strip(" ,:;\"'")
    return " ".join(word for word in found.split() if not _is_difficulty(word.lower().strip(",")))


def _bare(text: str) -> str:
    kept = [word for word in text.split() if not _says_nothing_else(word.lower().strip(",:;\"'"))]
    return " ".join(kept).strip(" ,:;\"'")


def _says_nothing_else(word: str) -> bool:
    return word in _FILLERS or word in _NUMBERS or word.isdecimal() or _is_difficulty(word)


def _is_difficulty(word: str) -> bool:
    return any(word in names for names in _DIFFICULTIES.values())


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
