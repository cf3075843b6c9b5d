"""A quiz is the same for the same seed, tells nothing by its letters, and marks exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.contracts.errors import Invalid
from learnflow.curriculum import load_quizzes
from learnflow.curriculum.quizzes import DRAWN
from learnflow.services.exercise.quizzes.drawing import Asked, ask, content_of, draw, mark

QUIZZES = load_quizzes()
QUESTIONS = QUIZZES["control-flow/for-loops"]
BY_ID = {question.id: question for question in QUESTIONS}
topics = st.sampled_from(sorted(QUIZZES))
seeds = st.integers(min_value=0, max_value=2**62)


def asked_all(seed: int = 1) -> list[Asked]:
    return [ask(question, seed) for question in QUESTIONS]


def right_answers(asked: list[Asked]) -> dict[str, str | list[str]]:
    return {one.question.id: list(one.key) for one in asked}


@given(topics, seeds)
def test_five_different_questions_are_drawn_and_the_seed_gives_them_again(topic: str, seed: int) -> None:
    drawn = draw(QUIZZES[topic], seed)

    assert len(set(drawn)) == DRAWN
    assert draw(QUIZZES[topic], seed) == drawn


@given(topics, seeds, seeds)
def test_the_next_quiz_asks_what_the_last_one_did_not(topic: str, first: int, second: int) -> None:
    seen = draw(QUIZZES[topic], first)
    fresh = {question.id for question in QUIZZES[topic]} - set(seen)

    assert fresh <= set(draw(QUIZZES[topic], second, seen))


def test_different_seeds_give_different_quizzes() -> None:
    assert len({tuple(draw(QUESTIONS, seed)) for seed in range(50)}) > 40


def test_the_right_letter_is_not_always_the_same() -> None:
    assert {ask(BY_ID["tick"], seed).key for seed in range(30)} == {("a",), ("b",), ("c",)}


@given(topics, seeds)
def test_lines_to_be_ordered_do_not_stand_in_order(topic: str, seed: int) -> None:
    for question in QUIZZES[topic]:
        if question.question == "order":
            shown = [choice.text for choice in ask(question, seed).choices]
            assert shown != [one.line for one in question.lines]
            assert sorted(shown) == sorted(one.line for one in question.lines)


@given(topics, seeds)
def test_the_key_is_marked_right(topic: str, seed: int) -> None:
    asked = [ask(question, seed) for question in QUIZZES[topic]]

    marked = mark(asked, right_answers(asked))

    assert all(one.is_right and one.explanation for one in marked)


def test_one_letter_alone_is_an_answer_too() -> None:
    asked = ask(BY_ID["tick"], 3)

    assert mark([asked], {"tick": asked.key[0]})[0].is_right


def test_a_wrong_choice_is_explained_by_its_own_reason() -> None:
    asked = ask(BY_ID["tick"], 3)
    wrong = next(choice for choice in asked.choices if not choice.is_right)

    marked = mark([asked], {"tick": wrong.letter})[0]

    assert not marked.is_right
    assert marked.explanation == wrong.why


def test_half_of_what_fits_is_not_right_and_the_rest_is_explained() -> None:
    asked = ask(BY_ID["true-of-range"], 3)

    marked = mark([asked], {"true-of-range": [asked.key[0]]})[0]

    missed = next(choice for choice in asked.choices if choice.letter == asked.key[1])
    assert not marked.is_right
    assert marked.explanation == missed.why


def test_a_wrong_order_is_explained_by_the_first_line_out_of_place() -> None:
    asked = ask(BY_ID["coins"], 3)
    order = [asked.key[0], asked.key[2], asked.key[1], asked.key[3]]

    marked = mark([asked], {"coins": order})[0]

    assert not marked.is_right
    assert marked.explanation == "The loop comes before the line that it repeats."


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("tick", ["a", "b"], "has one right answer"),
        ("tick", [], "choose an option"),
        ("tick", "h", "has no option h"),
        ("true-of-range", ["a", "a"], "none of them twice"),
        ("coins", ["a", "b", "c"], "put all 4 lines in order"),
        ("coins", ["a", "b", "c", "c"], "none of them twice"),
    ],
)
def test_an_answer_that_is_none_is_refused_with_its_question(name: str, answer: str | list[str], said: str) -> None:
    asked = asked_all()

    with pytest.raises(Invalid, match=said) as raised:
        mark(asked, right_answers(asked) | {name: answer})

    assert raised.value.extra["field"] == f"answers.{name}"


def test_a_question_left_out_is_named() -> None:
    asked = asked_all()
    answers = right_answers(asked)
    del answers["coins"]

    with pytest.raises(Invalid, match="Not answered yet: coins"):
        mark(asked, answers)


def test_a_question_that_was_not_asked_is_refused() -> None:
    asked = asked_all()[:2]

    with pytest.raises(Invalid, match="has no question coins"):
        mark(asked, right_answers(asked) | {"coins": ["a"]})


def test_a_change_of_the_questions_changes_their_digest() -> None:
    changed = [*QUESTIONS[:-1], QUESTIONS[-1].model_copy(update={"output": "18"})]

    assert content_of(QUESTIONS) == content_of(list(QUESTIONS))
    assert content_of(changed) != content_of(QUESTIONS)
