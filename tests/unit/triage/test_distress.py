"""Students are minors: words of despair get an answer of their own, and words about a program do not."""

import re

import pytest

from learnflow.services.triage.distress import ANSWERS, DISTRESS_CUES
from learnflow.services.triage.features import Question
from learnflow.services.triage.replies import clarifying_question, own_reply
from learnflow.services.triage.routing import choose_agent

SELF_HARM = [
    "I want to kill myself",
    "i wanna die",
    "I don't want to live anymore",
    "I don\u2019t want to be alive",
    "i dont wanna live any more",
    "How do I read a file? Also I keep hurting myself at night",
    "what is a list\n\ni want\nto die",
    "everyone would be better off without me",
    "I'm going to end my life",
    "I\u2019m thinking about suicide",
    "I wish I was never born",
    "please give me an exercise, I WANT TO KILL MYSELF!!!",
    "I cut myself",
    "my friend wants to kill herself",
    "I just want to end it all",
    "kms",
    "self-harm",
    "quiero morir",
    "ich will sterben",
    "My program wants to die and I want to die too",
    "there is no reason to live",
    "I wish I was dead",
    "I feel like dying",
    "thinking of ending it all",
    "I don\u2019t wanna be here anymore",
    "i dont want to exist",
    "I'm going to jump off a bridge",
    "je veux mourir",
    "voglio morire",
    "quero morrer",
    "ich will mich umbringen",
]
DESPAIR = [
    "I am so sad I want to give up",
    "I hate my life",
    "I\u2019m so hopeless",
    "nobody loves me",
    "I want to give up on life",
    "i can't go on anymore",
    "im depressed",
    "I hate myself because my code fails",
]
ABOUT_A_PROGRAM = [
    "How do I kill the process?",
    "my program wants to die",
    "I give up on this loop",
    "How do I kill a thread in Python?",
    "The enemy should die when the player hits it",
    "this loop is killing me",
    "How do I roll a die?",
    "I am sad because my code doesn't work",
    "How do I end it all in one line?",
    "How can I plot suicide rates from a csv?",
    "my snake has to die when it hits the wall",
    "Why does the child process die?",
    "I want to end my life counter at zero",
    "does the player kill himself when he falls?",
    "the kernel died",
]


@pytest.mark.parametrize("query", SELF_HARM)
def test_words_of_self_harm_are_answered_by_triage_itself_and_win_over_everything(query: str) -> None:
    for question in (Question(query), Question(query, code="print(x", error="NameError: x", exercise_id="sum-list")):
        decision = choose_agent(question)
        assert (decision.intent, decision.target.name, decision.distress) == ("clarify", "triage", "self_harm")
        reply = own_reply(decision)
        assert reply is not None
        assert reply.answer == ANSWERS["self_harm"]
        assert reply.clarification is None
        assert decision.reasons == ("speaks of self-harm",)


@pytest.mark.parametrize("query", DESPAIR)
def test_words_of_despair_are_answered_by_triage_itself(query: str) -> None:
    decision = choose_agent(Question(query))
    assert (decision.target.name, decision.distress) == ("triage", "despair")
    reply = own_reply(decision)
    assert reply is not None
    assert reply.answer == ANSWERS["despair"]


@pytest.mark.parametrize("query", ABOUT_A_PROGRAM)
def test_words_plainly_about_a_program_are_a_question_about_the_program(query: str) -> None:
    assert choose_agent(Question(query)).distress in (None, "frustration")


@pytest.mark.parametrize("query", ["I give up on this loop", "this loop is killing me", "I hate this code"])
def test_frustration_with_code_is_answered_by_debug_and_kindly(query: str) -> None:
    decision = choose_agent(Question(query, code="while True:\n    print(1)\n"))
    assert decision.intent == "debug"
    assert (clarifying_question(decision) or "").startswith(ANSWERS["frustration"])


def test_words_in_the_middle_of_a_long_question_are_seen() -> None:
    filler = "lorem ipsum dolor sit amet. " * 60
    assert choose_agent(Question(f"{filler} I want to kill myself. {filler}")).distress == "self_harm"


@pytest.mark.parametrize("kind", ["self_harm", "despair"])
def test_the_answer_sends_to_a_person_and_names_no_number(kind: str) -> None:
    answer = next(text for name, text in ANSWERS.items() if name == kind)
    for word in ("program", "parent", "teacher", "friend", "emergency number", "crisis line"):
        assert word in answer
    assert not re.search(r"\d", answer)


def test_every_row_has_a_kind_with_an_answer() -> None:
    assert {cue.kind for cue in DISTRESS_CUES} == set(ANSWERS)
