"""What teachers type, read into a topic, a difficulty and a count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.contracts.errors import Invalid
from learnflow.services.api_gateway.teaching.wish import MOST, ExerciseWish, read_wish


@pytest.mark.parametrize(
    ("text", "topic", "difficulty", "count"),
    [
        ("create easy exercises on list comprehensions", "list comprehensions", "easy", 3),
        ("Create easy exercises on list comprehensions.", "list comprehensions", "easy", 3),
        ("two hard exercises about dictionaries please", "dictionaries", "hard", 2),
        ("Please make me 4 simple tasks on while loops for my class", "while loops", "easy", 4),
        ("an exercise on for loops", "for loops", "medium", 1),
        ("exercises for my class on tuples", "tuples", "medium", 3),
        ("a couple of tricky problems with try/except", "try/except", "hard", 2),
        ("exercises for for loops", "for loops", "medium", 3),
        ("practice for loops", "for loops", "medium", 3),
        ("easy for loop exercises", "for loop", "easy", 3),
        ("list comprehensions", "list comprehensions", "medium", 3),
        ("control-flow/for-loops", "control-flow/for-loops", "medium", 3),
        ("easy   exercises\n on   sets!", "sets", "easy", 3),
        ("exercises on easy list comprehensions", "list comprehensions", "easy", 3),
        ("I need five challenging questions covering classes and objects", "classes and objects", "hard", 5),
        ("give her another medium exercise on scope", "scope", "medium", 1),
        ("exercises on Schleifen über Zahlen", "Schleifen über Zahlen", "medium", 3),
    ],
)
def test_a_sentence_is_understood(text: str, topic: str, difficulty: str, count: int) -> None:
    assert read_wish(text) == ExerciseWish(topic, difficulty, count)  # type: ignore[arg-type]  # one of the three


@pytest.mark.parametrize("text", ["", "   ", "create", "make some easy exercises", "three exercises please", "???"])
def test_without_a_topic_the_teacher_is_asked_for_one(text: str) -> None:
    with pytest.raises(Invalid, match="Name the topic"):
        read_wish(text)


@pytest.mark.parametrize("text", ["6 exercises on lists", "0 exercises on lists", "99999999999 exercises on lists"])
def test_a_number_that_is_not_made_at_once_is_said(text: str) -> None:
    with pytest.raises(Invalid, match="One to 5"):
        read_wish(text)


@given(st.text(max_size=500))
def test_any_text_gives_a_wish_or_a_sentence(text: str) -> None:
    try:
        wish = read_wish(text)
    except Invalid:
        return
    assert 1 <= wish.count <= MOST
    assert len(wish.topic) >= 2
