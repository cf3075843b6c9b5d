"""A question that is plainly not English is answered as such, and a program is looked at in any language."""

import pytest

from learnflow.services.triage.features import Question
from learnflow.services.triage.languages import other_language
from learnflow.services.triage.replies import own_reply
from learnflow.services.triage.routing import choose_agent
from tests.unit.triage.test_routing import ROWS

FOREIGN = [
    ("es", "\u00bfC\u00f3mo puedo leer un archivo en Python?"),
    ("es", "que es una lista"),
    ("de", "Was ist eine Liste?"),
    ("de", "Wie funktioniert eine for-Schleife in Python?"),
    ("fr", "Qu\u2019est-ce que c\u2019est qu\u2019une liste ?"),
    ("fr", "Comment lire un fichier ?"),
    ("it", "Cos'\u00e8 una lista e come si usa?"),
    ("pt", "O que \u00e9 uma fun\u00e7\u00e3o?"),
    ("nl", "Hoe werkt een lijst in dit programma?"),
    ("other", "\u0427\u0442\u043e \u0442\u0430\u043a\u043e\u0435 \u0441\u043f\u0438\u0441\u043e\u043a?"),
]


@pytest.mark.parametrize(("code", "query"), FOREIGN)
def test_a_question_in_another_language_is_told_that_only_english_is_understood(code: str, query: str) -> None:
    decision = choose_agent(Question(query))
    assert (decision.intent, decision.language) == ("clarify", code)
    reply = own_reply(decision)
    assert reply is not None
    assert "only understand English" in reply.answer
    assert ("\n\n" in reply.answer) == (code in {"es", "de", "fr", "it", "pt"})


@pytest.mark.parametrize(("code", "query"), FOREIGN)
def test_a_program_or_an_error_goes_to_debug_in_any_language(code: str, query: str) -> None:
    assert choose_agent(Question(query, code="print(1)\n")).intent == "debug"
    assert choose_agent(Question(query, error="NameError: name 'x' is not defined")).intent == "debug"


def test_no_english_question_of_ours_is_taken_for_another_language() -> None:
    assert [row["query"] for _, row in ROWS if other_language(row["query"])] == []


@pytest.mark.parametrize("query", ["list del pop", "print es", "me no understand", "def f(a): return a", "es"])
def test_few_or_mixed_words_count_as_english(query: str) -> None:
    assert other_language(query) is None
