"""BM25 over a few short texts (Robertson and Zaragoza 2009)."""

import math
from collections import Counter
from collections.abc import Mapping

from learnflow.services.concepts.wording import content, tokens

K1, B = 1.2, 0.6  # BM25: how fast a repeated word stops counting; how much a long text is held against it


class TextIndex:
    """The weight of every word in every text, worked out once."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        counts = {name: Counter(content(tokens(text))) for name, text in texts.items()}
        lengths = {name: sum(count.values()) for name, count in counts.items()}
        mean = sum(lengths.values()) / max(len(lengths), 1)
        seen_in = Counter(word for count in counts.values() for word in count)
        self._weights: dict[str, dict[str, float]] = {}
        for name, count in counts.items():
            norm = K1 * (1 - B + B * lengths[name] / mean)
            for word, times in count.items():
                rarity = math.log(1 + (len(counts) - seen_in[word] + 0.5) / (seen_in[word] + 0.5))
                self._weights.setdefault(word, {})[name] = rarity * times * (K1 + 1) / (times + norm)

    def scores(self, words: list[str]) -> dict[str, float]:
        """The score of every text that has one of the words, times the share of the words that it has.

        Without the share a long complaint would find a card by the one word that it has in common with it.
        """
        found: dict[str, float] = {}
        shared: Counter[str] = Counter()
        for word in set(words):
            for name, weight in self._weights.get(word, {}).items():
                found[name] = found.get(name, 0.0) + weight
                shared[name] += 1
        # one word alone is half an agreement at most
        return {name: score * shared[name] / max(2, len(set(words))) for name, score in found.items()}
