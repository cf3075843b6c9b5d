"""Which topic a question names."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.curriculum import load_curriculum
from learnflow.services.course_agent.answers import asks_what_next
from learnflow.services.course_agent.standing import Standing, difficulty_of, read_standing
from learnflow.services.course_agent.subject import Subjects

SUBJECTS = Subjects(load_curriculum())


@pytest.mark.parametrize(
    ("question", "topic_id"),
    [
        ("give me a lesson on for loops", "control-flow/for-loops"),
        ("Teach me about While Loops!", "control-flow/while-loops"),
        ("a lesson on if statements please", "control-flow/conditionals"),
        ("lesson about list comprehensions", "data-structures/lists"),
        ("I'd like to learn dictionaries", "data-structures/dictionaries"),
        ("teach me how to read a csv file", "files/csv"),
        ("crash course in error handling", "errors/try-except"),
    ],
)
def test_a_topic_is_found_by_its_longest_name(question: str, topic_id: str) -> None:
    found = SUBJECTS.find(question)
    assert found is not None
    assert found.topic_id == topic_id


@pytest.mark.parametrize(
    "question", ["give me a lesson", "a lesson for today", "what should I learn next?", "teach me python", "", "\u21b5"]
)
def test_a_question_without_a_topic_has_no_subject(question: str) -> None:
    assert SUBJECTS.find(question) is None


def test_a_module_can_be_named_as_a_whole() -> None:
    found = SUBJECTS.find("an overview of data structures")
    assert found is not None
    assert (found.module_id, found.topic_id) == ("data-structures", None)


@given(st.text(max_size=300))
def test_any_text_can_be_asked(question: str) -> None:
    SUBJECTS.find(question)
    asks_what_next(question)


@pytest.mark.parametrize(
    "answer",
    [None, [], {}, {"modules": None}, {"modules": [{"id": "basics"}]}, {"modules": [{"topics": [{"mastery": 5}]}]},
     {"modules": [3, {"topics": "none"}]}],
)  # fmt: skip
def test_an_answer_of_progress_without_topics_means_that_nothing_is_known(answer: Any) -> None:
    assert read_standing(answer) == Standing()


def test_a_standing_is_read_with_a_field_more_and_fields_less() -> None:
    rows = [
        {"id": "a/b", "mastery": 55, "started": True, "components": {"exercises": 100, "quiz": 20}, "new": 1},
        {"id": "a/c", "mastery": 12},
        {"id": "a/d", "components": {"exercises": "many"}, "mastery": "none"},
    ]
    standing = read_standing({"modules": [{"id": "a", "topics": rows}]})
    assert (standing.of("a/b").mastery, standing.of("a/b").exercises, standing.of("a/b").quiz) == (55, 100, 20)
    assert standing.of("a/c").started
    assert (standing.of("a/d").mastery, standing.of("a/d").started) == (0, False)
    assert standing.mastery("z/z") == 0


@pytest.mark.parametrize(
    ("mastery", "level"), [(0, "easy"), (40, "easy"), (41, "medium"), (70, "medium"), (71, "hard")]
)
def test_the_difficulty_follows_mastery(mastery: int, level: str) -> None:
    assert difficulty_of(mastery) == level
