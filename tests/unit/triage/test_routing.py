"""Who answers: held against questions of our own wording, and against the rules of the tutor's design."""

import time
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from learnflow.contracts.events.base import Intent
from learnflow.services.triage.cues import CUES
from learnflow.services.triage.features import Question
from learnflow.services.triage.routing import INTENTS, TARGETS, choose_agent

QUESTIONS: dict[Intent, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "questions.yaml").read_text(encoding="utf-8")
)
ROWS = [(intent, row) for intent, rows in QUESTIONS.items() for row in rows]
TRACEBACK = (
    'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nIndexError: list index out of range'
)
BROKEN = "for i in range(3)\n    print(i)\n"


def decide(row: dict[str, Any]) -> Intent:
    return choose_agent(Question(row["query"], row.get("code"), row.get("error"), row.get("exercise"))).intent


def macro_f1() -> float:
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for intent, row in ROWS:
        chosen = decide(row)
        if chosen == intent:
            right[intent] += 1
        else:
            wrong.update([chosen, intent])
    return sum(2 * right[i] / (2 * right[i] + wrong[i]) for i in INTENTS) / len(INTENTS)


def test_seven_intents_have_a_service_each() -> None:
    assert set(get_args(Intent)) == set(INTENTS) == set(TARGETS) == set(QUESTIONS)


@pytest.mark.plan("P-RULE-intents")
def test_our_own_questions_reach_the_right_agent_with_macro_f1_over_nine_tenths() -> None:
    assert len(ROWS) >= 120
    assert macro_f1() >= 0.9


@pytest.mark.parametrize("query", ["What is a list?", "please review my code", "how do I begin this task?", "hello"])
def test_a_traceback_outweighs_any_wording(query: str) -> None:
    assert choose_agent(Question(query, error=TRACEBACK)).intent == "debug"
    assert choose_agent(Question(f"{query}\n{TRACEBACK}")).intent == "debug"


@pytest.mark.parametrize("query", ["What is a list?", "please review my code", "give me the solution", "hello"])
def test_code_that_python_cannot_read_outweighs_wording(query: str) -> None:
    assert choose_agent(Question(query, code=BROKEN)).intent == "debug"


@given(st.lists(st.sampled_from([row["query"] for _, row in ROWS]), min_size=1, max_size=6))
def test_no_pile_of_words_outweighs_an_error_message(queries: list[str]) -> None:
    assert choose_agent(Question(" ".join(queries), error="NameError: name 'x' is not defined")).intent == "debug"


def test_a_question_about_progress_keeps_its_agent_while_half_a_line_stands_in_the_editor() -> None:
    assert choose_agent(Question("How far am I?", code=BROKEN)).intent == "progress"


@pytest.mark.parametrize("query", ["why 45 %?", "Why am I only at 45%?", "why do I have 9 percent", "why only 7 %?"])
def test_why_a_percentage_is_what_it_is_is_no_question_about_the_operator(query: str) -> None:
    assert choose_agent(Question(query)).intent == "progress"


@pytest.mark.parametrize("query", ["why is 17 % 5 two?", "what does % do?"])
def test_the_operator_stays_an_idea(query: str) -> None:
    assert choose_agent(Question(query)).intent == "concepts"


def test_a_greeting_is_not_sent_to_an_agent() -> None:
    assert choose_agent(Question("Good morning!")).target.name == "triage"


@pytest.mark.parametrize("query", ["   ", "?", "\n\n", "🙂", "ㅠㅠ", "१२३"])
def test_a_question_without_words_is_asked_back(query: str) -> None:
    assert choose_agent(Question(query)).intent == "clarify"


def test_the_curly_apostrophe_counts_as_the_straight_one() -> None:
    assert choose_agent(Question("it doesn\u2019t work")) == choose_agent(Question("it doesn't work"))


def test_a_vague_question_is_unsure_and_names_a_runner_up() -> None:
    decision = choose_agent(Question("the thing with the numbers in the middle part"))
    assert not decision.is_sure
    assert decision.runner_up != decision.intent


def test_reasons_are_sentences_of_the_table_and_never_the_students_words() -> None:
    decision = choose_agent(Question("why does zanzibarium crash?", code="zanzibarium = 1\nprint(zanzibarium[0])"))
    assert decision.reasons
    assert "zanzibarium" not in " ".join(decision.reasons)


@given(st.text(max_size=300), st.one_of(st.none(), st.text(max_size=200)), st.one_of(st.none(), st.text(max_size=200)))
def test_any_text_gets_a_decision_with_reasons(query: str, code: str | None, error: str | None) -> None:
    decision = choose_agent(Question(query, code, error))
    assert decision.intent in INTENTS
    assert 1 / len(INTENTS) <= round(decision.confidence + 0.001, 3) <= 1.001
    assert 1 <= len(decision.reasons) <= 4


@pytest.mark.parametrize("code", ["(" * 9_000, "-" * 9_999, "x = " + "[" * 150 + "]" * 150, "\\" * 9_999, "a\x0bb"])
def test_hostile_code_is_only_code_that_cannot_be_read_or_can(code: str) -> None:
    assert choose_agent(Question("why?", code=code)).intent in INTENTS


def test_a_question_of_five_thousand_characters_is_decided_by_its_ends() -> None:
    filler = "lorem ipsum dolor " * 270
    assert choose_agent(Question(f"Can you review my code? {filler}"[:5_000])).intent == "code_review"
    assert choose_agent(Question(f"{filler}Can you review my code?"[-5_000:])).intent == "code_review"


@pytest.mark.soak
def test_deciding_takes_far_less_than_five_milliseconds() -> None:
    times = []
    for _, row in ROWS * 4:
        started = time.perf_counter()
        decide(row)
        times.append(time.perf_counter() - started)
    assert sorted(times)[int(len(times) * 0.99)] < 0.005


@pytest.mark.soak
def test_no_wording_of_the_table_needs_more_than_linear_patience() -> None:
    for text in ("a" * 900, "don't " * 150, "is " * 300, "how do i " * 100, "but " * 225, "x" + " " * 900):
        started = time.perf_counter()
        for cue in CUES:
            cue.pattern.search(text)
        assert time.perf_counter() - started < 0.1
