"""A verdict in the language that its task is told in: the same grade, other words."""

import pytest

from learnflow.curriculum import load_exercises
from learnflow.curriculum.languages import languages
from learnflow.curriculum.phrases import load_phrases
from learnflow.services.exercise.grading.constructs import Unparsed, parse
from learnflow.services.exercise.grading.judge import jobs, judge, unparsed
from learnflow.services.exercise.grading.verdict import Grade

EXERCISE = "basics/variables/ticket-total"


def graded(language: str, printed: str, status: str = "ok") -> Grade:
    task, code = load_exercises(language=language)[EXERCISE], "print(1)"
    sent = jobs(task, code, 1.0)
    error = {"type": "EOFError", "message": "no line", "line": 1} if status == "error" else None
    results: list[dict[str, object]] = [
        {"status": status, "stdout": printed, "files": [], "error": error} for _ in sent
    ]
    return judge(task, code, sent, results)


@pytest.mark.parametrize("language", languages()[1:])
@pytest.mark.parametrize(
    ("printed", "status"), [("", "ok"), ("7\n8\n", "ok"), ("7\n", "ok"), ("", "timeout"), ("", "error")]
)
def test_the_grade_is_the_same_and_every_word_of_it_is_of_the_language(
    language: str, printed: str, status: str
) -> None:
    english, told = graded("en", printed, status), graded(language, printed, status)

    assert (told.score, told.passed, told.error_type) == (english.score, english.passed, english.error_type)
    for one, other in zip(english.verdicts, told.verdicts, strict=True):
        assert (one.passed, one.expected, one.got) == (other.passed, other.expected, other.got)
        assert one.message != other.message


@pytest.mark.parametrize("language", languages()[1:])
def test_a_program_that_cannot_be_read_is_told_so(language: str) -> None:
    tree = parse("print(")
    assert isinstance(tree, Unparsed)
    grade = unparsed(load_exercises(language=language)[EXERCISE], tree)
    sentence = load_phrases(language=language).grade.unreadable

    assert grade.verdicts[0].message == sentence.format(line=tree.line, message=tree.message)
