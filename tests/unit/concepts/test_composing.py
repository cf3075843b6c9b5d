"""What an answer says, and in which order."""

import re
import statistics
import time

import pytest

from learnflow.curriculum import ChoiceCheck, load_curriculum
from learnflow.services.concepts.composing import NOT_RUN, OwnCode, decline, explain, options, related
from learnflow.services.concepts.levels import Level
from learnflow.services.concepts.markdown import block, listed, span
from learnflow.services.concepts.program import read_program
from learnflow.services.concepts.search import Query, Search
from learnflow.services.concepts.walk import Run, Step
from tests.content.reading import grade, longest_sentence

CURRICULUM = load_curriculum()
SEARCH = Search(CURRICULUM)
FOR = CURRICULUM.cards["control-flow/for-loops/for"]
LEVELS: tuple[Level, ...] = ("low", "mid", "high")
LOOP = "songs = ['Sun', 'Rain']\nfor song in songs:\n    print(song)\n"
STEPS = (
    Step(1, {}),
    Step(2, {"songs": "['Sun', 'Rain']"}),
    Step(3, {"songs": "['Sun', 'Rain']", "song": "'Sun'"}),
    Step(2, {"songs": "['Sun', 'Rain']", "song": "'Sun'"}),
    Step(3, {"songs": "['Sun', 'Rain']", "song": "'Rain'"}),
    Step(2, {"songs": "['Sun', 'Rain']", "song": "'Rain'"}),
    Step(2, {"songs": "['Sun', 'Rain']", "song": "'Rain'"}, final=True),
)


def answer(text: str, code: str | None = None, run: Run | None = None, level: Level = "low") -> str:
    own = OwnCode(read_program(code), run) if code is not None else None
    query = Query(text, own.readable if own else None)
    found = SEARCH.find(query)
    return explain(CURRICULUM, found.card, level, query, own) if found.card else decline(CURRICULUM, found, own)


def prose(markdown: str) -> str:
    """The sentences of an answer: no code, no tables, no options."""
    without_code = re.sub(r"```.*?```", "", markdown, flags=re.DOTALL)
    lines = [line for line in without_code.splitlines() if not line.startswith(("|", "-"))]
    return " ".join(lines).replace("**", "")


def test_how_do_for_loops_work_is_answered_with_idea_example_rounds_mistake_and_a_question() -> None:
    text = answer("How do for loops work?")

    parts = [
        "**A `for` loop runs the same lines once for each item.**",
        "```python\nfor name in",
        "It prints:\n\n```text\nHello, Ada",
        "**Round by round**",
        "| 2 | `'Ben'` | `Hello, Ben` |",
        "**A common mistake**",
        "**Do not mix up.**",
        "**Your turn.**",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_with_code_the_first_sentence_is_about_the_students_own_line() -> None:
    text = answer("How does my loop work?", LOOP, Run("ok", STEPS))

    assert text.startswith(
        "Line 2 of your code begins a loop. Before each round, the next item of `songs` goes into `song`."
    )
    assert "**Your code, as it ran**" in text
    assert "| 1 | `'Sun'` |\n| 2 | `'Rain'` |" in text
    assert "**Round by round**" not in text


def test_when_the_sandbox_is_away_the_answer_says_so_and_goes_on() -> None:
    text = answer("How does my loop work?", LOOP)

    assert text.startswith("Line 2 of your code")
    assert NOT_RUN in text
    assert "**Your turn.**" in text


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (Run("timeout", STEPS), "After one second it was still running, so I stopped it."),
        (Run("error", STEPS, "IndexError", 3), "Then it stops on line 3 with an `IndexError`."),
        (Run("error", STEPS, "NameError", None), "Then it stops with a `NameError`."),
        (Run("error", STEPS, "EOFError", 1), "Then it waits for input. I have none here, so it stops."),
    ],
)
def test_a_run_that_did_not_end_well_is_told_as_it_was(run: Run, said: str) -> None:
    assert said in answer("How does my loop work?", LOOP, run)


def test_code_that_cannot_be_read_is_said_with_its_line() -> None:
    assert answer("how do for loops work", "x = 1\nfor a in b\n    pass").startswith(
        "Python cannot read line 2 of your code"
    )
    assert answer("explain this", "for a in b\n    pass").startswith("Python cannot read line 1 of your code")


def test_a_function_that_the_question_names_is_described() -> None:
    code = "def area(a, b):\n    return a * b\n\nprint(area(2, 3))\n"

    assert answer("Please explain the area function", code).startswith(
        "Line 1 of your code makes the function `area`. It takes `a` and `b`. Line 4 calls it: `area(2, 3)`. "
        "It gives back `a * b` (line 2)."
    )


def test_a_function_that_cannot_be_seen_is_asked_for() -> None:
    assert answer("What does the is_valid function do?").startswith("I cannot see `is_valid` from here.")


def test_the_result_of_sort_that_gets_a_name_is_followed_to_the_name() -> None:
    run = Run("ok", (Step(1, {}), Step(2, {"n": "[2, 1]"}), Step(3, {"n": "None"}), Step(3, {"n": "None"}, final=True)))
    text = answer("why is it None", "n = [2, 1]\nn = n.sort()\nprint(n)\n", run)

    assert text.startswith("Line 2 of your code works out `n.sort()`. Then `n` stands for the result.")
    assert "| 2 | `n = n.sort()` | `n` is `None` |" in text


def test_no_card_means_no_guess_but_the_nearest() -> None:
    text = answer("How do I use a generator?")

    assert text.startswith("I have no card for that yet. It belongs to the topic **For loops**.")
    assert "**The `for` loop**" in text
    assert answer("What is the capital of France?").startswith("I have no card for that yet, so I will not guess.")


@pytest.mark.parametrize("question", ["What is the meaning of life?", "Explain quantum computing"])
def test_where_nothing_is_near_no_topic_is_named_and_the_answer_says_how_to_ask(question: str) -> None:
    text = answer(question)

    assert "nearest" not in text
    assert "I can explain ideas of Python: First programs," in text
    assert "and Libraries." in text
    assert "Ask for one by its name" in text


def test_a_title_that_is_a_question_keeps_its_mark_in_quotes() -> None:
    text = answer("what does return do")
    assert "?." not in text
    assert "**Go on with** “`return` or `print`?”" in text


def test_each_level_says_something_else() -> None:
    assert len({answer("for loops", level=level) for level in LEVELS}) == 3


@pytest.mark.parametrize("card", CURRICULUM.cards.values(), ids=lambda card: card.card)
@pytest.mark.parametrize("level", LEVELS)
def test_every_answer_can_be_read_by_a_twelve_year_old(card: object, level: Level) -> None:
    name = getattr(card, "card", "")
    text = prose(explain(CURRICULUM, CURRICULUM.cards[name], level, Query(name)))

    assert grade(text) <= 8
    assert longest_sentence(text) <= 24


def test_the_options_do_not_tell_which_is_right() -> None:
    checks = [check for card in CURRICULUM.cards.values() for check in card.checks if isinstance(check, ChoiceCheck)]
    firsts = sum(options(check)[0] == check.right for check in checks)

    assert all(sorted(options(check)) == sorted([check.right, *check.wrong]) for check in checks)
    assert 0.15 <= firsts / len(checks) <= 0.55


def test_related_cards_exist_and_are_four_at_most() -> None:
    for card in CURRICULUM.cards.values():
        assert len(related(CURRICULUM, card)) <= 4
        assert set(related(CURRICULUM, card)) <= set(CURRICULUM.cards)


@pytest.mark.soak
def test_an_answer_is_composed_in_less_than_three_milliseconds() -> None:
    took = []
    for _ in range(50):
        began = time.perf_counter()
        answer("How do for loops work?")
        took.append(time.perf_counter() - began)

    assert statistics.median(took) < 0.003


def test_a_students_own_backticks_stay_text() -> None:
    assert span("a`b") == "`` a`b ``"
    assert block("x = '```'").startswith("````python\n")
    assert listed(["a", "b", "c"], "or") == "a, b or c"
    assert listed([]) == ""
