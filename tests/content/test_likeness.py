"""No exercise is another one with new names, and no explanation is used twice."""

from learnflow.curriculum import load_exercises, load_quizzes
from tests.content.similarity import alike, masked, pairs_of, too_alike

MOST = 0.8


def likeness(one: str, other: str) -> float:
    return alike(pairs_of(masked(one)), pairs_of(masked(other)))


def test_names_and_numbers_make_no_difference_and_other_words_do() -> None:
    assert likeness("Ada has 3 cats. Print `cats`.", "Tomo has 12 cats. Print `cats`.") == 1
    assert likeness("Ada has 3 cats. Print them all.", "Return the longest word of a list.") == 0


def test_texts_of_one_owner_may_be_alike_and_those_of_two_are_found() -> None:
    text = "Print how many of the numbers are even."

    assert not list(too_alike([("one", text), ("one", text)], MOST))
    ((share, _, _),) = too_alike([("one", text), ("two", text)], MOST)
    assert share == 1


def test_no_two_statements_are_alike() -> None:
    found = list(too_alike([(name, task.statement) for name, task in load_exercises().items()], MOST))
    assert not found, "\n\n".join(f"{share:.2f}\n{one}\n{other}" for share, one, other in found)


def test_no_two_explanations_of_different_questions_are_alike() -> None:
    texts = [
        (f"{topic} {question.id}", text)
        for topic, questions in load_quizzes().items()
        for question in questions
        for text in (*(option.explanation for option in question.options), *(line.why for line in question.lines))
    ]
    found = list(too_alike(texts, MOST))
    assert not found, "\n\n".join(f"{share:.2f}\n{one}\n{other}" for share, one, other in found)
