"""Which misconception a wrong answer looks like."""

import pytest

from learnflow.curriculum import load_exercises, load_quizzes
from learnflow.services.exercise.beliefs import of_answers, of_program
from learnflow.services.exercise.quizzes.drawing import ask, mark

PLANTS = load_exercises()["data-structures/lists/dry-plants"]
NAMES = load_exercises()["data-structures/lists/two-names"]


def test_a_program_that_the_course_gives_as_wrong_names_its_belief_whatever_the_layout() -> None:
    wrong = PLANTS.wrong[0]
    code = "# my try\n" + wrong.code.replace(" < ", "  <  ") + "\n\n"
    assert of_program(PLANTS, code) == [wrong.misconception]


@pytest.mark.parametrize("code", [PLANTS.reference, PLANTS.starter, "def dry(:", "", "\0"])
def test_any_other_program_names_none(code: str) -> None:
    assert of_program(PLANTS, code) == []


def test_a_prediction_names_its_belief() -> None:
    assert of_program(NAMES, NAMES.wrong[0].code + "\n") == [NAMES.wrong[0].misconception]
    assert of_program(NAMES, "something else") == []


def test_wrong_options_that_were_chosen_name_their_beliefs_once() -> None:
    asked = [ask(question, 5) for question in load_quizzes()["data-structures/lists"]]
    right = {one.question.id: list(one.key) for one in asked}
    assert of_answers(mark(asked, right)) == []
    single = next(one for one in asked if one.question.question == "single")
    taken = next(choice for choice in single.choices if not choice.is_right)
    believed = next(one.misconception for one in single.question.options if one.shown == taken.text)
    assert of_answers(mark(asked, right | {single.question.id: [taken.letter]})) == [believed]
