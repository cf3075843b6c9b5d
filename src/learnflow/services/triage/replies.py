"""What triage says itself: a question back when unsure, and an honest answer when nobody else can give one."""

from dataclasses import dataclass

from learnflow.contracts.events.base import Intent
from learnflow.services.triage.distress import ANSWERS
from learnflow.services.triage.languages import answer_to
from learnflow.services.triage.routing import Decision

_WANTS: dict[Intent, str] = {
    "concepts": "have something explained",
    "debug": "find out what goes wrong in your program",
    "exercise": "get on with a task or have something to practise",
    "code_review": "hear how good your working code is",
    "progress": "know how far you are",
    "lesson": "be taught a topic from the start",
    "clarify": "ask about something else",
}

_WORKS_NOW = (
    "What works now: ask what something in Python means or why it is so. "
    "Send a program that goes wrong, or its error message, and I help you find the cause. "
    "Send one that works, and ask for a review. "
    'Ask for a lesson or an exercise on a topic. Or ask "what should I learn next?" or "how far am I?".'
)

_ASK_BACK = "What would you like to know about Python, or which program gives you trouble?"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of triage's own and the question it asks back; none of somebody who is unwell."""

    answer: str
    clarification: str | None


def clarifying_question(decision: Decision) -> str | None:
    """One question that tells the two best guesses apart, and a kind word to the frustrated; None without both."""
    kind_word = ANSWERS["frustration"] if decision.distress == "frustration" else None
    return " ".join(filter(None, (kind_word, _which_of_two(decision)))) or None


def _which_of_two(decision: Decision) -> str | None:
    if decision.is_sure or decision.intent == "clarify":
        return None
    if decision.runner_up == "clarify":
        return f"I took it that you want to {_WANTS[decision.intent]}. If not: what is it about?"
    return f"Do you want to {_WANTS[decision.intent]}, or to {_WANTS[decision.runner_up]}?"


def own_reply(decision: Decision) -> Reply | None:
    """What triage answers itself; None when another service is there to answer."""
    if decision.distress in ("self_harm", "despair"):
        return Reply(ANSWERS[decision.distress], None)
    if decision.intent == "clarify" and decision.language:
        return Reply(answer_to(decision.language), None)
    if decision.intent == "clarify":
        answer = f"I could not tell from this what you would like to know. {_WORKS_NOW}"
        return Reply(answer, _ASK_BACK)
    return None
