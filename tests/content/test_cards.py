"""Every program of the cards runs, every answer is true, and every text can be read by a twelve-year-old."""

import ast
import re
from collections.abc import Iterator

import pytest

from learnflow.curriculum import Card, ChoiceCheck, EvalCheck, load_curriculum
from tests.content.programs import evaluate, run, trace
from tests.content.reading import grade, longest_sentence

CURRICULUM = load_curriculum()
CARDS = list(CURRICULUM.cards.values())
BANNED = re.compile(r"\b(just|simply|easy|easily|obviously|foo|bar|baz)\b", re.IGNORECASE)
each_card = pytest.mark.parametrize("card", CARDS, ids=[card.card for card in CARDS])


def texts(card: Card) -> Iterator[str]:
    yield from (card.idea, card.model, card.misconception.symptom, card.contrast)
    yield from (card.depths.low, card.depths.mid, card.depths.high)
    yield from (check.ask for check in card.checks)


def test_there_are_cards_for_the_topics_that_students_ask_about_most() -> None:
    covered = {card.topic_id for card in CARDS}

    assert len(CARDS) >= 25
    assert {f"basics/{name}" for name in ("variables", "data-types", "input-output", "type-conversion")} <= covered
    assert {f"control-flow/{name}" for name in ("conditionals", "for-loops", "while-loops")} <= covered
    assert {f"functions/{name}" for name in ("defining", "parameters", "return-values", "scope")} <= covered
    assert {
        "data-structures/lists",
        "data-structures/dictionaries",
        "errors/try-except",
        "oop/classes-objects",
    } <= covered


@each_card
def test_the_example_prints_what_the_card_says(card: Card) -> None:
    printed, errors = run(card.example.code, card.example.stdin)

    assert not errors
    assert printed == card.example.output


@each_card
def test_the_right_answer_of_a_check_is_what_its_program_prints(card: Card) -> None:
    for check in card.checks:
        if isinstance(check, ChoiceCheck) and check.code is not None:
            printed, errors = run(check.code)
            assert not errors
            assert printed == check.right
        if isinstance(check, ChoiceCheck):
            assert check.right not in check.wrong


@each_card
def test_an_eval_check_takes_the_sample_and_refuses_the_wrong_answers(card: Card) -> None:
    for check in card.checks:
        if isinstance(check, EvalCheck):
            answers = [check.sample, *check.wrong]
            verdicts = evaluate([(check.eval.replace("{answer}", answer), {"n": 6}) for answer in answers])
            assert verdicts[0] is True
            assert all(verdict is not True for verdict in verdicts[1:])


def rounds_seen(card: Card) -> list[tuple[str, ...]]:
    """The rounds of the example's first loop, from a real trace, in the form of the card's table."""
    assert card.rounds is not None
    loop = next(node for node in ast.walk(ast.parse(card.example.code)) if isinstance(node, ast.For | ast.While))
    steps = trace(card.example.code)
    starts = [index for index, (line, _, _) in enumerate(steps) if line == loop.body[0].lineno]
    body = range(loop.body[0].lineno, (loop.end_lineno or 0) + 1)
    rows = []
    for start in starts:
        end = next(index for index in range(start, len(steps)) if steps[index][0] not in body)
        cells = [steps[end if name.endswith(" after") else start][1][name.split()[0]] for name in card.rounds.columns]
        rows.append((*cells, steps[end][2][len(steps[start][2]) :].rstrip("\n")))
    return rows


@pytest.mark.parametrize("card", [card for card in CARDS if card.rounds], ids=lambda card: card.card)
def test_the_table_of_rounds_is_what_a_trace_of_the_example_shows(card: Card) -> None:
    assert card.rounds is not None
    assert rounds_seen(card) == list(card.rounds.rows)


@each_card
def test_a_twelve_year_old_can_read_the_card(card: Card) -> None:
    whole = " ".join(texts(card))

    assert grade(whole) <= 8
    for text in texts(card):
        assert longest_sentence(text) <= 20, text
        assert not BANNED.search(text), text


@each_card
def test_the_example_fits_the_screen_of_a_phone(card: Card) -> None:
    lines = card.example.code.splitlines()

    assert len(lines) <= 11
    assert max(map(len, lines)) <= 60


def test_needs_come_earlier_in_the_course() -> None:
    order = {name: place for place, name in enumerate(CURRICULUM.cards)}
    topics = list(CURRICULUM.catalogue.topics)

    for card in CARDS:
        for needed in card.needed:
            assert topics.index(CURRICULUM.cards[needed].topic_id) <= topics.index(card.topic_id)
            assert order[needed] != order[card.card]
