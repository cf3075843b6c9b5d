"""Four parts of 0-100 and the quality score: correctness 40, style 25, efficiency 20, readability 15."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from learnflow.contracts.questions import ReviewPart
from learnflow.services.code_review.hits import Hit
from learnflow.services.code_review.rulebook import Rule

WEIGHTS: Mapping[ReviewPart, int] = {"correctness": 40, "style": 25, "efficiency": 20, "readability": 15}
_COUNTED = 3


@dataclass(frozen=True, slots=True)
class Scores:
    """Whole percentages."""

    correctness: int
    style: int
    efficiency: int
    readability: int

    @property
    def quality(self) -> int:
        """The weighted mean, half up."""
        weighted = sum(weight * int(getattr(self, part)) for part, weight in WEIGHTS.items())
        return (weighted + 50) // 100


NOTHING = Scores(0, 0, 0, 0)
"""Of a text that Python cannot read, or that does nothing: there is nothing to judge yet."""


def score(hits: Iterable[Hit], rules: Mapping[str, Rule], share: float | None) -> Scores:
    """Each part's 100 less what was found; correctness is the share of tests passed where there are tests."""
    seen: Counter[str] = Counter()
    taken: Counter[ReviewPart] = Counter()
    for hit in hits:
        rule = rules[hit.rule]
        if seen[hit.rule] < _COUNTED:
            taken[rule.part] += rule.cost >> seen[hit.rule]
        seen[hit.rule] += 1
    left = {part: max(100 - taken[part], 0) for part in WEIGHTS}
    if share is not None:
        left["correctness"] = int(min(max(share, 0), 100) + 0.5)
    return Scores(**left)
