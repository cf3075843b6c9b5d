"""What triage says itself."""

import pytest

from learnflow.contracts.events.base import Intent
from learnflow.services.triage.replies import clarifying_question, own_reply
from learnflow.services.triage.routing import INTENTS, Decision


def decision(intent: Intent, confidence: float = 0.9, runner_up: Intent = "debug") -> Decision:
    return Decision(intent, confidence, ("a reason",), runner_up)


@pytest.mark.parametrize("intent", [intent for intent in INTENTS if intent != "clarify"])
def test_an_agent_that_is_built_answers_itself(intent: Intent) -> None:
    assert own_reply(decision(intent)) is None


def test_a_greeting_is_answered_with_a_question() -> None:
    reply = own_reply(decision("clarify"))
    assert reply is not None
    assert (reply.clarification or "").endswith("?")


def test_a_sure_choice_asks_nothing_back() -> None:
    assert clarifying_question(decision("concepts")) is None


@pytest.mark.parametrize("intent", [intent for intent in INTENTS if intent != "clarify"])
@pytest.mark.parametrize("runner_up", INTENTS)
def test_an_unsure_choice_asks_one_question(intent: Intent, runner_up: Intent) -> None:
    if intent == runner_up:
        return
    question = clarifying_question(decision(intent, 0.3, runner_up))
    assert question is not None
    assert question.count("?") == 1
