"""The models of quizzes refuse a question with no answer or two, and the loader names the line."""

import shutil
from pathlib import Path

import pytest

from learnflow.curriculum import CurriculumError, Question, load_quizzes
from learnflow.curriculum.catalogue import ROOT

LISTS = "modules/03-data-structures/lists/quiz.yaml"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the course that a test may spoil."""
    root = tmp_path / "course"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return root


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("question: predict", "question: predicted", "Input should be 'single'"),
        ("id: second-pet", "id: second pet", "should match pattern"),
        ("id: second-pet", "id: sort-answer", "'sort-answer' is already taken"),
        ("id: second-pet", "id: second-pet\n  answer: 1", "Extra inputs are not permitted"),
        ('output: "dog"', 'text: "dog"', "its options are outputs"),
        ('output: "dog"', 'output: "cat"', "two options are equal"),
        ('output: "dog", right: "P', 'output: "dog", why: "P', "a wrong answer has why and misconception"),
        ("misconception: first-is-one", "misconception: first-is-two", "there is no misconception 'first-is-two'"),
        ('misconception: first-is-one, why: "`cat`', 'right: "`cat`', "one option has to be right"),
        ("question: order", "question: single", "give three options or more"),
        ('  - {line: "print(long)"', '  - {line: "long = []"', "two lines are equal"),
        ('  ask: "Which line adds the text `Mia` to the list `club`?"\n', "", "write the question in ask"),
    ],
)
def test_a_question_that_could_not_be_judged_is_a_fault(course: Path, old: str, new: str, said: str) -> None:
    path = course / LISTS
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))

    with pytest.raises(CurriculumError) as raised:
        load_quizzes(course)

    assert raised.value.faults[0].startswith(f"{LISTS}:")
    assert said in raised.value.faults[0]


def test_a_quiz_of_too_few_questions_is_a_fault(course: Path) -> None:
    path = course / LISTS
    path.write_text("- question".join(path.read_text().split("- question")[:5]))

    with pytest.raises(CurriculumError, match="at least 8 questions, here are 4"):
        load_quizzes(course)


def lead(question: Question) -> int:
    """By how many characters the longest right option is longer than every wrong one."""
    right = [len(option.shown) for option in question.options if option.right is not None]
    return max(right) - max(len(option.shown) for option in question.options if option.right is None)


def test_the_right_option_is_not_known_by_its_length() -> None:
    questions = [one for own in load_quizzes().values() for one in own]
    for kind, most in (("single", 0.34), ("multiple", 0.5)):
        leads = [lead(one) for one in questions if one.question == kind and any(o.right is None for o in one.options)]
        assert max(leads) <= 8
        assert sum(each > 0 for each in leads) <= most * len(leads)
