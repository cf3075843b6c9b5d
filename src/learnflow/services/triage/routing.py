"""Who answers a question: facts about it, rules with weights, and a confidence that says how sure that is.

Weights are log-odds; the confidence is the best intent's share after a softmax. Wording alone can add up
to a limit for each intent, and a traceback, a given error or code that Python cannot read weighs more than
that limit: what the program shows beats what the student calls it.
"""

import math
from dataclasses import dataclass

from learnflow.contracts import services
from learnflow.contracts.events.base import Intent
from learnflow.contracts.services import Service
from learnflow.services.triage.cues import CUES, Cue
from learnflow.services.triage.distress import DistressCue, Kind, distress_in
from learnflow.services.triage.features import Features, Question
from learnflow.services.triage.languages import other_language

INTENTS: tuple[Intent, ...] = ("concepts", "debug", "exercise", "code_review", "progress", "lesson", "clarify")

TARGETS: dict[Intent, Service] = {
    "concepts": services.CONCEPTS,
    "debug": services.DEBUG,
    "exercise": services.EXERCISE,
    "code_review": services.CODE_REVIEW,
    "progress": services.PROGRESS,
    "lesson": services.COURSE_AGENT,
    "clarify": services.TRIAGE,
}
"""The service that answers each intent."""

SURE = 0.5
"""Below this confidence the student is asked one question beside the best guess's answer."""

WORDING_LIMIT = 5.0
"""What all wordings together can add to an intent; evidence from the program weighs more."""

_TRACEBACK_WEIGHT = 9.0
_BROKEN_CODE_WEIGHT = 7.0
_BESIDE_A_SYMPTOM = 0.6
_MOST_REASONS = 4
_CERTAIN = 0.99


@dataclass(frozen=True, slots=True)
class Evidence:
    """A step for or against an intent, and the sentence that says why; it never quotes the student."""

    intent: Intent
    weight: float
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Who answers: `confidence` 0-1, `reasons` strongest first, `runner_up` the second best intent.

    `distress` says how unwell the student is, `language` that the question is plainly not in English.
    """

    intent: Intent
    confidence: float
    reasons: tuple[str, ...]
    runner_up: Intent
    distress: Kind | None = None
    language: str | None = None

    @property
    def target(self) -> Service:
        return TARGETS[self.intent]

    @property
    def is_sure(self) -> bool:
        return self.confidence >= SURE


def choose_agent(question: Question) -> Decision:
    """Decide who answers; pure, and quick enough to run for every keystroke."""
    distress = distress_in(question.query)
    features = Features(question)
    if distress and distress.kind != "frustration":
        return _to_triage(distress.reason, distress=distress.kind)
    language = other_language(features.wording)
    if language and not _shows_program(features):
        return _to_triage("is in another language", language=language)
    return _weighed(features, distress, language)


def _to_triage(reason: str, *, distress: Kind | None = None, language: str | None = None) -> Decision:
    return Decision("clarify", _CERTAIN, (reason,), "concepts", distress, language)


def _shows_program(features: Features) -> bool:
    return features.has_code or features.has_error or features.shows_traceback or features.quotes_code


def _weighed(features: Features, distress: DistressCue | None, language: str | None) -> Decision:
    evidence = [*_limited(_from_wording(features)), *_from_form(features), *_from_program(features)]
    if distress:
        evidence.append(Evidence("debug", 2.6, distress.reason))
    if language:
        evidence.append(Evidence("debug", _TRACEBACK_WEIGHT, "shows a program beside words of another language"))
    scores = _scores(evidence)
    best, second = sorted(INTENTS, key=lambda intent: -scores[intent])[:2]
    total = sum(math.exp(score - scores[best]) for score in scores.values())
    kind = distress.kind if distress else None
    return Decision(best, round(1 / total, 3), _reasons(best, evidence), second, kind, language)


def _scores(evidence: list[Evidence]) -> dict[Intent, float]:
    scores = dict.fromkeys(INTENTS, 0.0)
    for item in evidence:
        scores[item.intent] += item.weight
    return scores


def _reasons(best: Intent, evidence: list[Evidence]) -> tuple[str, ...]:
    speaking = sorted((item for item in evidence if item.intent == best and item.weight > 0), key=lambda e: -e.weight)
    reasons = tuple(dict.fromkeys(item.reason for item in speaking))[:_MOST_REASONS]
    return reasons or ("nothing in it points to another agent",)


def _from_wording(features: Features) -> list[Evidence]:
    found = [cue for cue in CUES if _counts(cue, features) and cue.pattern.search(features.wording)]
    void = {reason for cue in found for reason in cue.cancels}
    found = [cue for cue in found if cue.reason not in void]
    symptoms = {cue.intent for cue in found if cue.symptom}
    return [Evidence(cue.intent, cue.weight * _share(cue, symptoms), cue.reason) for cue in found]


def _counts(cue: Cue, features: Features) -> bool:
    if cue.with_code and not (features.has_code or features.quotes_code):
        return False
    return not cue.about_python or bool(features.python_words and not features.question.exercise_id)


def _share(cue: Cue, symptoms: set[Intent]) -> float:
    """A symptom beats the rest: beside it, wordings for other intents count for less."""
    return _BESIDE_A_SYMPTOM if symptoms and cue.intent not in symptoms else 1.0


def _limited(evidence: list[Evidence]) -> list[Evidence]:
    """The same reasons, scaled down where their sum for an intent is over the limit."""
    sums = _scores(evidence)
    return [
        Evidence(item.intent, item.weight * min(1.0, WORDING_LIMIT / sums[item.intent]), item.reason)
        for item in evidence
    ]


def _from_form(features: Features) -> list[Evidence]:
    found = [Evidence("clarify", 0.4, "nothing in it points to an agent")]
    words = len(features.words)
    if features.python_words:
        found.append(Evidence("concepts", 0.7, "uses words of Python"))
    if features.asks_about_own_name:
        found.append(Evidence("concepts", 0.8, "asks about a name in the program"))
    if features.question.exercise_id:
        found.append(Evidence("exercise", 1.0, "an exercise is open"))
    if words <= 2 and not features.python_words and not features.has_code:
        found.append(Evidence("clarify", 1.6, "is too short to stand alone"))
    if not features.is_question and words <= 4:
        found.append(Evidence("clarify", 0.7, "is no question"))
    if not words:
        found.append(Evidence("clarify", 2.0, "holds no words"))
    return found


def _from_program(features: Features) -> list[Evidence]:
    found: list[Evidence] = []
    if features.shows_traceback or features.has_error:
        found.append(Evidence("debug", _TRACEBACK_WEIGHT, "an error message is given"))
    if features.names_exception:
        found.append(Evidence("debug", 1.5, "an exception is named"))
    if features.is_broken:
        found.append(Evidence("debug", _BROKEN_CODE_WEIGHT, "Python cannot read the code"))
        found.extend(_kept_despite_broken_code(features))
    elif features.has_code:
        found.append(Evidence("debug", 0.7, "a program is given"))
        found.append(Evidence("code_review", 0.6, "the code can be read by Python"))
    return found


def _kept_despite_broken_code(features: Features) -> list[Evidence]:
    """A question that is plainly not about the program keeps its agent while half a line is being typed."""
    return [
        Evidence(cue.intent, _BROKEN_CODE_WEIGHT, cue.reason)
        for cue in CUES
        if cue.intent in ("progress", "lesson") and cue.weight > 3.5 and cue.pattern.search(features.wording)
    ]
