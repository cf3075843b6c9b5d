"""What fits a wish, and a task in other words."""

import pytest

from learnflow.curriculum import load_curriculum, load_exercises
from learnflow.services.exercise.bank import Item
from learnflow.services.exercise.practice import Lexicon, offers
from learnflow.services.exercise.repository import Standing
from learnflow.services.exercise.retelling import retell

LEXICON = Lexicon(load_curriculum())
ITEMS = [Item(name, task.topic_id, "course", task) for name, task in load_exercises().items()]
LISTS = [item for item in ITEMS if item.topic_id == "data-structures/lists"]
each_item = pytest.mark.parametrize("item", ITEMS, ids=[item.exercise_id for item in ITEMS])


@pytest.mark.parametrize(
    ("text", "topic_id", "difficulty"),
    [
        ("give me an exercise on lists", "data-structures/lists", None),
        ("a hard task about for loops please", "control-flow/for-loops", "hard"),
        ("can I practise list comprehensions? easy ones", "data-structures/lists", "easy"),
        ("I want to train while loops", "control-flow/while-loops", None),
        ("something with dictionaries", "data-structures/dictionaries", None),
        ("practice on try except", "errors/try-except", None),
        ("I want to practise", None, None),
        ("", None, None),
    ],
)
def test_a_wish_is_read_from_its_words(text: str, topic_id: str | None, difficulty: str | None) -> None:
    wish = LEXICON.read(text, None)
    assert (wish.topic_id, wish.difficulty) == (topic_id, difficulty)


def test_where_the_student_is_counts_when_no_topic_is_named() -> None:
    assert LEXICON.read("more practice please", "functions/scope").topic_id == "functions/scope"
    assert LEXICON.read("more on lists please", "functions/scope").topic_id == "data-structures/lists"


def test_what_is_solved_comes_last_and_at_most_three_are_offered() -> None:
    solved = {item.exercise_id: Standing(1, passed=True) for item in LISTS[1:]}
    offered = offers(LISTS, solved, None)

    assert len(offered) == min(3, len(LISTS))
    assert offered[0].item.exercise_id == LISTS[0].exercise_id
    assert all("solved" in offer.why for offer in offered[1:])


def test_what_was_tried_is_said_to_have_been_tried() -> None:
    (offer,) = offers(LISTS[:1], {LISTS[0].exercise_id: Standing(2)}, "hard")
    assert offer.why.startswith("You tried it 2 times.")


@each_item
def test_a_task_in_other_words_never_holds_its_solution_or_a_hidden_test(item: Item) -> None:
    text = retell(item)
    starter = {line.strip() for line in item.task.starter.splitlines()}
    secret = [line.strip() for line in item.task.reference.splitlines() if line.strip() not in starter]

    if item.task.level.kind == "write":
        assert not any(line in text for line in secret if len(line) > 15)
    public = {case.call for case in item.task.tests if not case.hidden}
    assert not any(
        f"`{case.call}`" in text for case in item.task.tests if case.hidden and case.call and case.call not in public
    )
