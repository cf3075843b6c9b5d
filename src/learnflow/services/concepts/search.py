"""Which card answers a question: aliases, names in the code, and BM25 over the cards' texts.

Everything that speaks for a card is added up, with a reason for each part. Below the threshold nothing fits, and
the search says so instead of showing a card that is about something else.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from learnflow.curriculum import Card, Curriculum
from learnflow.services.concepts.bm25 import TextIndex
from learnflow.services.concepts.program import Program
from learnflow.services.concepts.wording import content, stem, tokens

THRESHOLD = 3.0
PHRASE, WORD, COMMON_WORD, CALL = 4.0, 4.0, 1.5, 3.5
TEXT_MOST, TEXT_WEIGHT = 3.2, 0.55
HERE = 1.5
MENDED_WORDS = 20  # looking for slips costs time for each word, and in a long text one of them says little

# Python's words that are also English: they count when something beside them shows that Python is meant
SHARED = frozenset(map(stem, ("for", "if", "else", "and", "or", "not", "while", "with", "try", "set")))
# nouns of every day
COMMON = frozenset(
    map(stem, ("count", "total", "text", "value", "key", "cut", "end", "condition", "object", "file", "decision"))
)
MARKERS = frozenset(map(stem, ("loop", "statement", "keyword", "block", "clause", "operator", "command", "except")))
ARTICLES = frozenset({"a", "an", "the", "your", "my"})
ASKS_BEFORE, ASKS_AFTER = frozenset({"is", "doe", "does", "of"}), frozenset({"do", "doe", "does", "mean", "work"})

# how much a construct in the code says by itself, when the question does not name one
SAYS: Mapping[str, float] = {
    "comprehension": 5.0, "class": 5.0, "while": 4.5, "for": 4.4, "try": 4.3, "global": 4.0, "range()": 3.9,
    ".sort()": 3.8, "sorted()": 3.4, "def": 4.2, ".append()": 3.3, ".join()": 3.5, ".split()": 3.5, "break": 3.4,
    "continue": 3.4, "open()": 4.0, "slice": 3.3, "dict": 3.4, "set": 3.3, "if": 3.2, "+=": 2.5, "return": 2.0,
    "self": 2.0, "and": 1.5, "or": 1.5, "not": 1.2, "int()": 1.6, "list": 1.4, "tuple": 1.0, "parameter": 0.9,
    "print()": 0.7, "=": 0.6,
}  # fmt: skip
OTHER_SAYS = 1.1

_LINES = re.compile(r"\blines?\s+(\d{1,4})(?:\s*(?:-|to|and)\s*(\d{1,4}))?", re.IGNORECASE)
_CALLS = re.compile(r"(\.?)\b([a-z_]+)\(")
_QUOTED = re.compile(r"[`'\"]([a-z_ ]{1,30})[`'\"]")


@dataclass(frozen=True, slots=True)
class Query:
    """A question, with the program and the topic it was asked beside, if there were any."""

    text: str
    program: Program | None = None
    topic_id: str | None = None

    def lines(self) -> set[int]:
        """The lines that the question names."""
        found: set[int] = set()
        for first, last in _LINES.findall(self.text):
            found.update(range(int(first), min(int(last or first), int(first) + 200) + 1))
        return found

    def functions(self) -> list[str]:
        """The student's own functions that the question names."""
        if self.program is None:
            return []
        words = set(re.findall(r"[A-Za-z_]\w*", self.text))
        return [name for name in self.program.functions if name in words]


@dataclass(slots=True)
class Hit:
    """A card (or a topic without one) and what speaks for it."""

    target: str
    score: float = 0.0
    reasons: list[str] = field(default_factory=list)

    def add(self, score: float, reason: str) -> None:
        self.score += score
        self.reasons.append(reason)


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome: `hits` are the cards from best to worst; `card` is None when nothing fits."""

    card: Card | None
    hits: tuple[Hit, ...]
    nearest: tuple[str, ...]
    missing: str | None = None


class Search:
    """An index over the cards of a curriculum; immutable once made."""

    def __init__(self, curriculum: Curriculum) -> None:
        self._curriculum = curriculum
        self._aliases = _aliases(curriculum)
        self._longest = max(map(len, self._aliases))
        self._vocabulary = sorted({word for alias in self._aliases for word in alias if len(word) > 4})
        self._signs = {sign: card.card for card in curriculum.cards.values() for sign in card.seen_in}
        self._texts = TextIndex({name: _text(card) for name, card in curriculum.cards.items()})
        self._topics = TextIndex(
            {t.id: f"{t.title} {t.title} {t.summary}" for t in curriculum.catalogue.topics.values()}
        )

    def find(self, query: Query) -> Found:
        """The cards that fit a question, best first."""
        exact = self._curriculum.cards.get(query.text.strip())
        if exact is not None:
            return Found(exact, (Hit(exact.card, 10.0, ["asked for by its id"]),), ())
        hits = self._collect(query)
        ranked = tuple(sorted(hits.values(), key=lambda hit: -hit.score))
        cards = tuple(hit for hit in ranked if hit.target in self._curriculum.cards)
        if ranked and ranked[0].score >= THRESHOLD and ranked[0].target in self._curriculum.cards:
            return Found(self._curriculum.cards[ranked[0].target], cards, self._near(query, cards[1:]))
        missing = ranked[0].target if ranked and ranked[0].score >= THRESHOLD else None
        return Found(None, cards, self._near(query, cards), missing)

    def _collect(self, query: Query) -> dict[str, Hit]:
        hits: dict[str, Hit] = {}

        def add(target: str, score: float, reason: str) -> None:
            hits.setdefault(target, Hit(target)).add(score, reason)

        words = tokens(query.text)
        for target, score, reason in self._said(words, query.text):
            add(target, score, reason)
        if not hits and len(words) <= MENDED_WORDS and (mended := self._mended(words)) != words:
            for target, score, reason in self._said(mended, query.text):
                add(target, score, reason)
        for target, score in self._texts.scores(content(words)).items():
            add(target, min(TEXT_MOST, score * TEXT_WEIGHT), "its text is about the words of the question")
        is_clear = max((hit.score for hit in hits.values()), default=0.0) >= THRESHOLD
        for target, score, reason in self._in_code(query, is_clear=is_clear):
            add(target, score, reason)
        self._consider_topic(query, hits, is_clear=is_clear)
        return hits

    def _said(self, words: list[str], text: str) -> Iterator[tuple[str, float, str]]:
        """Aliases in the question, the longest first; a word is read once."""
        quoted = {word for part in _QUOTED.findall(text.lower()) for word in tokens(part)}
        taken: set[int] = set()
        said: set[str] = set()
        for size in range(min(self._longest, len(words)), 0, -1):
            for start in range(len(words) - size + 1):
                span, place = tuple(words[start : start + size]), range(start, start + size)
                target, alias = self._aliases.get(span, ("", ""))
                if not target or taken.intersection(place):
                    continue
                weight = self._weight(span, words, start, quoted)
                if weight:
                    taken.update(place)
                    # a second alias of the same card says little that is new
                    yield target, weight if target not in said else weight / 4, f"the question says “{alias}”"
                    said.add(target)
        for dot, name in _CALLS.findall(text):
            if (card := self._signs.get(f"{dot}{name}()")) and card not in said:
                yield card, CALL, f"the question names {dot}{name}()"

    def _weight(self, span: tuple[str, ...], words: list[str], start: int, quoted: set[str]) -> float:
        if len(span) > 1:
            return PHRASE + len(span)
        word = span[0]
        if word in COMMON:
            return WORD if word in quoted or len(content(words)) <= 1 else COMMON_WORD
        return WORD if word not in SHARED or word in quoted or _is_python(words, start) else 0.0

    def _mended(self, words: list[str]) -> list[str]:
        """Words with a slip of the finger, put right where there is one close word that we know."""
        known = set(self._vocabulary)
        mended = []
        for word in words:
            close = get_close_matches(word, self._vocabulary, 1, 0.84) if len(word) > 4 and word not in known else []
            mended.append(close[0] if close else word)
        return mended

    def _in_code(self, query: Query, *, is_clear: bool) -> Iterator[tuple[str, float, str]]:
        """Constructs of the program; where the question is clear they only tip the scales."""
        if query.program is None:
            return
        named = query.lines() or _function_lines(query)
        best: dict[str, tuple[float, str]] = {}
        for seen in query.program.seen:
            target = self._signs.get(seen.sign)
            if target is None or (named and seen.line not in named):
                continue
            score = SAYS.get(seen.sign, OTHER_SAYS)
            if score > best.get(target, (0.0, ""))[0]:
                best[target] = (score, f"line {seen.line} of the code has `{seen.sign}`")
        for target, (score, reason) in best.items():
            yield target, score * 0.2 if is_clear else score + 1.0, reason

    def _consider_topic(self, query: Query, hits: dict[str, Hit], *, is_clear: bool) -> None:
        cards = [name for name, card in self._curriculum.cards.items() if card.topic_id == query.topic_id]
        for name in cards:
            if name in hits:
                hits[name].add(HERE, "the student is at this topic")
        if cards and not is_clear and query.program is None and not content(tokens(query.text)):
            hits[cards[0]] = Hit(cards[0], THRESHOLD, ["the student is at this topic"])

    def _near(self, query: Query, hits: tuple[Hit, ...]) -> tuple[str, ...]:
        """Up to three topics that are nearest to the question."""
        ids = [self._curriculum.cards[hit.target].topic_id for hit in hits if hit.score >= 1.0]
        scores = self._topics.scores(content(tokens(query.text)))
        ids += sorted(scores, key=lambda topic: -scores[topic])
        return tuple(dict.fromkeys(ids))[:3]


def _aliases(curriculum: Curriculum) -> dict[tuple[str, ...], tuple[str, str]]:
    """Stemmed words -> what they lead to, and how they are written.

    What no card claims leads to its topic: to the topic's first card, or to the topic that has none yet.
    """
    found: dict[tuple[str, ...], tuple[str, str]] = {}
    topics = curriculum.catalogue.topics.values()
    first = {card.topic_id: card.card for card in reversed(curriculum.cards.values())}
    claims = [(alias, card.card) for card in curriculum.cards.values() for alias in card.aliases]
    claims += [(word, topic.id) for topic in topics for word in topic.words]
    claims += [(name, first.get(t.id, t.id)) for t in topics for name in (t.title, t.id.replace("/", " "))]
    for name, target in claims:
        found.setdefault(tuple(tokens(name)), (target, name))
    found.pop((), None)
    return found


def _text(card: Card) -> str:
    """A card's text for BM25; title and aliases count three times, the idea twice."""
    names = f"{card.title} {' '.join(card.aliases)} "
    depths = f"{card.depths.low} {card.depths.mid} {card.depths.high}"
    return f"{names * 3} {card.idea} {card.idea} {card.misconception.symptom} {card.contrast} {depths}"


def _is_python(words: list[str], start: int) -> bool:
    """A word like `if` is Python's when it stands alone or last, before `statement`, or after an article."""
    before, after = words[start - 1] if start else "", words[start + 1] if start + 1 < len(words) else ""
    if before in ARTICLES or after in MARKERS:
        return True
    if words[start] in {"and", "or", "not"}:
        return len(words) == 1 or (before in ASKS_BEFORE and after in ASKS_AFTER)
    return not after or (before in ASKS_BEFORE and after in ASKS_AFTER)


def _function_lines(query: Query) -> set[int]:
    if query.program is None:
        return set()
    nodes = [query.program.functions[name] for name in query.functions()]
    return {line for node in nodes for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
