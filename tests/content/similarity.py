"""How alike two texts are, names and numbers aside: the Dice coefficient of their pairs of words (Dice 1945)."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

_NUMBER = re.compile(r"\d+")
_NAMES = re.compile(r"\b(Ada|Ben|Ira|Kim|Leo|Mia|Noor|Omar|Ravi|Tomo)\b")
_WORD = re.compile(r"[A-Za-z#_]+")
FEWEST_WORDS = 5
"""Two sentences of four words are alike by chance."""


def masked(text: str) -> tuple[str, ...]:
    """The words of a text; names of people and numbers are one word each."""
    plain = _NUMBER.sub(" # ", _NAMES.sub(" # ", text))
    return tuple(word.lower() for word in _WORD.findall(plain))


def alike(one: Counter[tuple[str, str]], other: Counter[tuple[str, str]]) -> float:
    """0 to 1: the share of pairs of neighbouring words that both have."""
    return 2 * sum((one & other).values()) / max(sum(one.values()) + sum(other.values()), 1)


def pairs_of(words: Sequence[str]) -> Counter[tuple[str, str]]:
    return Counter(pairwise(words))


def too_alike(texts: Sequence[tuple[str, str]], limit: float) -> Iterator[tuple[float, str, str]]:
    """The pairs of (owner, text) of different owners that are above the limit, with how alike they are.

    Two texts can only be that alike when they share a rare pair of words, so that only those are compared.
    """
    counted = [(owner, text, pairs_of(masked(text))) for owner, text in texts if len(masked(text)) >= FEWEST_WORDS]
    frequency = Counter(pair for _, _, pairs in counted for pair in pairs)
    by_pair: dict[tuple[str, str], list[int]] = {}
    for place, (owner, text, pairs) in enumerate(counted):
        rare = sorted(pairs, key=lambda pair: frequency[pair])[: int(len(pairs) * (1 - limit)) + 2]
        near = {other for pair in rare for other in by_pair.get(pair, ())}
        for other in sorted(near):
            share = alike(pairs, counted[other][2])
            if counted[other][0] != owner and share > limit:
                yield share, f"{counted[other][0]}: {counted[other][1]}", f"{owner}: {text}"
        for pair in pairs:
            by_pair.setdefault(pair, []).append(place)
