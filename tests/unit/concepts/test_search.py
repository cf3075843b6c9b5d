"""Which card a question gets; the questions were written after reading how first-year students ask."""

import time

import pytest

from learnflow.curriculum import load_curriculum
from learnflow.services.concepts.program import Program, read_program
from learnflow.services.concepts.search import Found, Query, Search

SEARCH = Search(load_curriculum())


def find(text: str, code: str | None = None, topic: str | None = None) -> Found:
    program = read_program(code) if code is not None else None
    return SEARCH.find(Query(text, program if isinstance(program, Program) else None, topic))


def chosen(text: str, code: str | None = None, topic: str | None = None) -> str | None:
    card = find(text, code, topic).card
    return card.card.partition("/")[2] if card else None


@pytest.mark.parametrize(
    ("question", "card"),
    [
        ("How do for loops work?", "for-loops/for"),
        ("how do for loops work in Python", "for-loops/for"),
        ("For", "for-loops/for"),
        ("pls explain loops", "for-loops/for"),
        ("What does range(1, 5) give me?", "for-loops/range"),
        ("why is the last number missing", "for-loops/range"),
        ("How do while loops end?", "while-loops/while"),
        ("why did you put a while there", "while-loops/while"),
        ("what does if do", "conditionals/if"),
        ("What is the role of the else statement?", "conditionals/if"),
        ("what's a variable??", "variables/variable"),
        ("What is the difference between = and ==", "operators/compare"),
        ("What does % mean?", "operators/divide"),
        ("why does append return None", "lists/append"),
        ("my list is None after I sort it", "lists/sort"),
        ("What is a list comprehension?", "lists/comprehension"),
        ("what is a dictonary", "dictionaries/dictionary"),
        ("How do arrays work?", "lists/list"),
        ("what does days[1:3] slicing do", "lists/slice"),
        ("How do I make a function?", "defining/def"),
        ("Difference between return and print?", "return-values/return-and-print"),
        ("what are default parameters", "parameters/parameter"),
        ("Do I need a global variable here?", "scope/local"),
        ("why do we write self everywhere", "attributes-methods/self"),
        ("What is a class?", "classes-objects/class"),
        ("what does __init__ do", "attributes-methods/self"),
        ("how does try and except work", "try-except/try"),
        ("Does readlines() give a list?", "reading-writing/open"),
        ("What does join do here?", "data-types/split-join"),
        ("How can I convert a string to an int", "type-conversion/convert"),
        ("what does int(x) do", "type-conversion/convert"),
        ("how do I stop a loop early", "break-continue/break"),
        ("what does the `and` in the condition do", "conditionals/and-or"),
        ("how do I remove duplicates", "sets/set"),
        ("why do numbers from input not add up", "input-output/input"),
        ("How do I check if a number is even", "operators/divide"),
        ("How can I repeat something 10 times?", "for-loops/range"),
        ("why does my function print None", "return-values/return-and-print"),
        ("how do you write several conditions in one if", "conditionals/and-or"),
        ("How do I skip one iteration?", "break-continue/break"),
        ("can a function change a variable outside of it", "scope/local"),
        ("what is the type of 3.5", "data-types/types"),
        ("how do I count how many times something happens in a loop", "for-loops/total"),
        ("how can i make text uppercase", "data-types/text"),
        ("How do I add something to a list", "lists/append"),
        ("can you explain nested ifs", "conditionals/if"),
        ("is there a shorter way to write a loop that builds a list", "lists/comprehension"),
        ("how do i turn an int into a string", "type-conversion/convert"),
        ("why does break not stop both loops", "break-continue/break"),
        ("when should I use a while loop rather than a for loop", "while-loops/while"),
        ("How can I catch an error so it does not crash", "try-except/try"),
        ("what\u2019s a tuple", "tuples/tuple"),
        ("how do I raise my own exception", "custom-exceptions/own-class"),
        ("what is pip", "installing-packages/pip"),
    ],
)
def test_a_question_gets_its_card(question: str, card: str) -> None:
    assert chosen(question) == card


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of France?",
        "tell me about photosynthesis",
        "hello",
        "thank you for your help",
        "Can you check it again and tell me if it is right or not?",
        "asdfghjkl",
        "how do threads work",
        "what is a pointer",
        "?",
        "",
        "\U0001f600",
        "What should I do while I wait for the bus?",
    ],
)
def test_what_no_card_is_about_gets_no_card(question: str) -> None:
    assert find(question).card is None


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("what is a generator", "control-flow/for-loops"),
        ("explain recursion", "functions/defining"),
    ],
)
def test_a_topic_without_a_card_is_named_instead_of_a_card_about_something_else(question: str, topic: str) -> None:
    found = find(question)

    assert (found.card, found.missing) == (None, topic)


def test_the_whole_phrase_wins_over_a_word_within_it() -> None:
    assert chosen("list comprehension") == "lists/comprehension"
    assert chosen("list") == "lists/list"


CODE = """\
class Shop:
    def sell(self, amount):
        while amount > 0:
            amount = amount - 1

def cheap(prices):
    return [price for price in prices if price < 5]

prices = [3, 9]
prices.sort()
for price in prices:
    print(price)
"""


def test_without_words_the_code_decides() -> None:
    assert chosen("please explain this", "for x in [1]:\n    print(x)\n") == "for-loops/for"
    assert chosen("what is this", "n = 3\nwhile n:\n    n -= 1\n") == "while-loops/while"


def test_a_line_that_the_question_names_decides() -> None:
    assert chosen("What does line 3 do?", CODE) == "while-loops/while"
    assert chosen("What does line 10 mean", CODE) == "lists/sort"
    assert chosen("explain lines 11-12", CODE) == "for-loops/for"


def test_a_function_of_the_student_that_the_question_names_decides() -> None:
    assert chosen("what happens in cheap", CODE) == "lists/comprehension"


def test_a_clear_question_is_not_overruled_by_the_code() -> None:
    assert chosen("what is a dictionary", CODE) == "dictionaries/dictionary"


def test_every_part_of_a_score_has_a_reason() -> None:
    best = find("How does this loop work?", CODE).hits[0]

    assert "the question says “loop”" in best.reasons
    assert "line 11 of the code has `for`" in best.reasons


def test_the_topic_that_the_student_is_at_tips_the_scales() -> None:
    assert chosen("how does this work?", topic="data-structures/sets") == "sets/set"
    assert chosen("how does this work?", topic="no/such-topic") is None


def test_a_card_is_found_by_its_id() -> None:
    assert chosen("control-flow/for-loops/range") == "for-loops/range"
    assert chosen("control-flow/for-loops") == "for-loops/for"


@pytest.mark.soak
def test_the_longest_question_is_searched_in_less_than_fifty_milliseconds() -> None:
    began = time.perf_counter()
    find("qwertyu dictonry " * 290)
    find("for " * 1250)

    assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize(
    "code", ["(" * 5000, "x = " + "-" * 9000 + "1", "def f(:", "\x00", "'\\d'", "[" * 90 + "]" * 90]
)
def test_strange_code_does_no_harm(code: str) -> None:
    program = read_program(code)

    assert isinstance(program, Program) or program >= 1
    find("explain this code", code)
