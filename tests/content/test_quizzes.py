"""Every quiz question is answered by running it: no output is believed, and no second answer is right."""

import json
import re
from itertools import permutations

import pytest

from learnflow.curriculum import Question, load_quizzes
from learnflow.curriculum.quizzes import FEWEST
from tests.content.programs import run_all
from tests.content.reading import grade, longest_sentence, plain

QUIZZES = load_quizzes()
QUESTIONS = [(topic, question) for topic, questions in QUIZZES.items() for question in questions]
BANNED = re.compile(r"\b(just|simply|easy|easily|obviously|foo|bar|baz)\b", re.IGNORECASE)
each = pytest.mark.parametrize(
    "question", [question for _, question in QUESTIONS], ids=[f"{topic}-{question.id}" for topic, question in QUESTIONS]
)


def of_kind(kind: str) -> list[Question]:
    return [question for _, question in QUESTIONS if question.question == kind]


def test_four_topics_have_a_quiz_with_questions_of_every_kind() -> None:
    assert {
        "basics/variables", "control-flow/conditionals", "control-flow/for-loops", "data-structures/lists",
    } <= set(QUIZZES)  # fmt: skip
    for questions in QUIZZES.values():
        kinds = [question.question for question in questions]
        assert len(kinds) >= FEWEST
        assert kinds.count("predict") >= 3
        assert kinds.count("single") >= 2
        assert kinds.count("multiple") >= 2
        assert kinds.count("order") >= 1


def test_the_right_option_of_predict_is_what_its_program_prints() -> None:
    questions = of_kind("predict")
    seen = run_all([question.code or "" for question in questions])
    for question, (printed, error) in zip(questions, seen, strict=True):
        assert not error, question.id
        assert [option.output for option in question.options if option.right] == [printed], question.id


def test_one_order_of_the_lines_prints_the_output_and_no_other_does() -> None:
    questions = of_kind("order")
    orders = [list(permutations(question.lines)) for question in questions]
    seen = iter(run_all(["\n".join(one.line for one in order) for some in orders for order in some]))
    for question, some in zip(questions, orders, strict=True):
        right = [order for order in some if next(seen) == (question.output, "")]
        assert right == [question.lines], question.id


@each
def test_a_twelve_year_old_can_read_the_question(question: Question) -> None:
    why = [option.explanation for option in question.options] + [line.why for line in question.lines]
    texts = [question.ask, *why]

    assert grade(" ".join(texts)) <= 8
    for text in texts:
        assert longest_sentence(text) <= 20, text
        assert not BANNED.search(plain(text)), text
    if question.code:
        assert len(question.code.splitlines()) <= 6


@each
def test_the_explanations_do_not_give_the_answer_away_by_their_length(question: Question) -> None:
    lengths = [len(option.explanation) for option in question.options]
    assert all(length <= 3 * min(lengths) for length in lengths), json.dumps(lengths)
