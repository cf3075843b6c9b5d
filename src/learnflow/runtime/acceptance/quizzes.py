"""Answers a quiz with as many right answers as are wanted: the course says which those are."""

from __future__ import annotations

from typing import Any

from learnflow.curriculum import Question, load_quizzes

Answer = str | list[str]


def answers_to(quiz: dict[str, Any], right: int) -> dict[str, Answer]:
    """A letter or letters for each question of the quiz as the student sees it; the first `right` ones are right."""
    known = {question.id: question for question in load_quizzes()[quiz["topic_id"]]}
    return {
        asked["question_id"]: _answer(known[asked["question_id"]], asked["options"], is_right=at < right)
        for at, asked in enumerate(quiz["questions"])
    }


def _answer(question: Question, options: list[dict[str, str]], *, is_right: bool) -> Answer:
    letters = {option["text"]: option["option"] for option in options}
    if question.question == "order":
        ordered = [letters[line.line] for line in question.lines]
        return ordered if is_right else ordered[::-1]
    wanted = [letters[one.shown] for one in question.options if (one.right is not None) == is_right]
    return wanted if question.question == "multiple" and is_right else _few(question, wanted)


def _few(question: Question, letters: list[str]) -> Answer:
    return letters[:1] if question.question == "multiple" else letters[0]
