"""From what was found to what is said: scores, at most three remarks, one praise. Pure: the same in, the same out."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from learnflow.contracts.questions import ReviewPart
from learnflow.services.code_review.evidence import Verdict
from learnflow.services.code_review.habits import find_habits
from learnflow.services.code_review.hits import Hit
from learnflow.services.code_review.praise import praise_of
from learnflow.services.code_review.program import Program
from learnflow.services.code_review.rulebook import Rule, Severity, load_rules
from learnflow.services.code_review.scores import NOTHING, Scores, score

MOST_REMARKS = 3
_RANKS: dict[Severity, int] = {"essential": 0, "actionable": 1, "informative": 2}
_BY_A_NONE = {"missing-return", "none-returned", "nothing-returned"}
_GENERAL = ("run-error", "does-not-end", "stopped", "failed-tests")
"""What a run or a test showed; a rule that names the cause says more, and goes before."""
_SAME = (
    {"one-round", "never-runs"},
    {"E711", "E712", "SIM222"},
    {"lost-result", "lost-value", "B018", "B015"},
    {"F821", "run-error"},
    {"F823", "run-error"},
    {"unchanged-condition", "does-not-end"},
    {"missing-return", "nothing-returned"},
    {"E701", "E702", "E703"},
    {"E302", "E305", "E303"},
    {"E225", "E231", "E211"},
    {"many-ways", "long-function"},
)


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to look at."""

    line: int
    column: int
    rule: str
    severity: Severity
    message: str
    why: str
    question: str


@dataclass(frozen=True, slots=True)
class Review:
    """The whole judgement; `is_whole` says that nothing which belongs to it was out of reach."""

    scores: Scores
    pep8_compliant: bool
    remarks: tuple[Remark, ...]
    praise: str
    verdict: Verdict
    note: str
    is_whole: bool


def review(
    program: Program, linted: Sequence[Hit] | None, verdict: Verdict, focus: Collection[ReviewPart] = ()
) -> Review:
    """Judge a program by what ruff and our own rules found in it and by what its tests or its run showed."""
    rules = load_rules()
    if verdict.checked_by == "parser":
        remarks = tuple(_remark(hit, rules[hit.rule], "essential") for hit in verdict.hits)
        return Review(NOTHING, False, remarks, praise_of(program, frozenset()), verdict, verdict.note, True)
    hits = [*verdict.hits, *find_habits(program), *(linted or ())]
    found = frozenset(hit.rule for hit in hits)
    note = verdict.note if linted is not None else f"{verdict.note} I could not check the style this time."
    return Review(
        scores=score(_once(hits, verdict), rules, verdict.share),
        pep8_compliant=linted is not None and not any(rules[rule].pep8 for rule in found),
        remarks=_chosen(hits, verdict, focus),
        praise=praise_of(program, found),
        verdict=verdict,
        note=note,
        is_whole=linted is not None and verdict.is_seen,
    )


def _chosen(hits: Iterable[Hit], verdict: Verdict, focus: Collection[ReviewPart]) -> tuple[Remark, ...]:
    """The three that matter most, each about something else, in the order of their weight."""
    rules = load_rules()
    rated = [(hit, rules[hit.rule], _severity(hit, rules[hit.rule], verdict)) for hit in hits]
    chosen: list[tuple[Hit, Rule, Severity]] = []
    for one in sorted(rated, key=lambda one: _weight(one, focus)):
        if len(chosen) < MOST_REMARKS and not any(_is_same(one[0], other[0]) for other in chosen):
            chosen.append(one)
    return tuple(_remark(*one) for one in chosen)


def _once(hits: Iterable[Hit], verdict: Verdict) -> list[Hit]:
    """Without what only names the cause of a fault that the run showed: one mistake costs once."""
    return [
        hit
        for hit in hits
        if hit in verdict.hits or not any(_is_same(hit, seen) for seen in verdict.hits if seen.rule in _GENERAL)
    ]


def _severity(hit: Hit, rule: Rule, verdict: Verdict) -> Severity:
    """What all tests contradict is no fault that shows: the exercise may bring a name along, or the line never runs."""
    if verdict.share is not None and verdict.share >= 100 and rule.severity == "essential":
        return "actionable"
    is_shown = verdict.shows_none and hit.rule in _BY_A_NONE
    is_cause = hit.rule == "unchanged-condition" and any(seen.rule == "does-not-end" for seen in verdict.hits)
    return "essential" if is_shown or is_cause else rule.severity


def _weight(found: tuple[Hit, Rule, Severity], focus: Collection[ReviewPart]) -> tuple[Any, ...]:
    hit, rule, severity = found
    general = _GENERAL.index(hit.rule) + 1 if hit.rule in _GENERAL else 0
    is_beside = bool(focus) and rule.part not in focus
    return (severity != "essential", general, is_beside, _RANKS[severity], -rule.cost, hit.line, hit.column, hit.rule)


def _is_same(one: Hit, other: Hit) -> bool:
    """One remark for each rule; and one for two rules that mean the same, where they mean the same place or habit."""
    if one.rule == other.rule:
        return True
    is_alike = any({one.rule, other.rule} <= alike for alike in _SAME)
    return is_alike and (one.line == other.line or "run-error" not in {one.rule, other.rule})


def _remark(hit: Hit, rule: Rule, severity: Severity) -> Remark:
    named = {"name": _quoted(hit), "other": _plain(hit)}
    sentences = (sentence.format(**named) for sentence in (rule.message, rule.why, rule.question))
    return Remark(hit.line, hit.column, hit.rule, severity, *(_capital(sentence) for sentence in sentences))


_AS_IT_IS = {"syntax-error", "run-error", "stopped", "failed-tests"}


def _quoted(hit: Hit) -> str:
    if hit.rule in _AS_IT_IS:
        return hit.name
    return f"`{hit.name}`" if hit.name else "this"


def _plain(hit: Hit) -> str:
    return f"`{hit.other}`" if hit.other.isidentifier() else hit.other


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
