"""The course is whole: each of the 31 topics teaches, practises and tests itself."""

from collections import Counter

import pytest

from learnflow.curriculum import (
    load_catalogue,
    load_curriculum,
    load_exercises,
    load_lessons,
    load_projects,
    load_quizzes,
)
from learnflow.curriculum.templates import load_templates

TOPICS = list(load_catalogue().topics)
TASKS = [task for task in load_exercises().values() if task.level.kind != "project"]
DRAWN, CARDS, EXERCISES = 8, 75, 130


@pytest.mark.plan("P-RULE-course-full")
@pytest.mark.parametrize("topic_id", TOPICS)
def test_a_topic_has_all_its_parts(topic_id: str) -> None:
    tasks = [task for task in TASKS if task.topic_id == topic_id]

    assert topic_id in load_lessons()
    assert 2 <= sum(card.topic_id == topic_id for card in load_curriculum().cards.values()) <= 5
    assert len(tasks) >= 4
    assert {task.level.difficulty for task in tasks} == {"easy", "medium", "hard"}
    assert {"predict", "parsons"} & {task.level.kind for task in tasks}
    assert any(task.level.core for task in tasks)
    assert len(load_quizzes()[topic_id]) >= DRAWN
    assert sum(template.topic_id == topic_id for template in load_templates().values()) >= 2


def test_the_course_is_as_large_as_it_is_meant_to_be() -> None:
    assert len(load_curriculum().cards) >= CARDS
    assert len(TASKS) >= EXERCISES


def test_each_module_ends_in_a_project_of_its_last_topic() -> None:
    last = [module.topics[-1].id for module in load_catalogue().modules]

    assert [name.rpartition("/")[0] for name in load_projects()] == last


def test_every_misconception_is_met_somewhere_in_the_course() -> None:
    named = Counter(wrong.misconception for task in load_exercises().values() for wrong in task.wrong)
    named.update(card.misconception.id for card in load_curriculum().cards.values())
    named.update(
        option.misconception
        for questions in load_quizzes().values()
        for question in questions
        for option in question.options
        if option.misconception
    )

    assert set(load_curriculum().beliefs) <= set(named)
