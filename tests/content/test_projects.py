"""Every project is solved by its reference, and a mistake in it costs the parts that it is in, never all of them."""

import re

import pytest

from learnflow.curriculum import Project, load_projects
from learnflow.curriculum.exercises import Wrong
from tests.content.reading import grade, longest_sentence, plain
from tests.content.replay import failing, outcomes

PROJECTS = list(load_projects().values())
BANNED = re.compile(r"\b(just|simply|easy|easily|obviously|foo|bar|baz)\b", re.IGNORECASE)
MOST_WORDS_OF_A_STORY, MOST_WORDS_OF_A_PART = 60, 40
each = pytest.mark.parametrize("project", PROJECTS, ids=[one.project for one in PROJECTS])
WRONG = [(project, wrong) for project in PROJECTS for wrong in project.exercise.wrong]


def parts_failed(project: Project, code: str) -> set[str | None]:
    tests = project.exercise.tests
    return {tests[number - 1].part for number in failing(project.exercise, code)}


@each
def test_the_reference_passes_every_test(project: Project) -> None:
    assert failing(project.exercise, project.reference) == set()


@each
def test_the_starter_has_no_part_done(project: Project) -> None:
    assert parts_failed(project, project.starter) == {part.name for part in project.parts}


@pytest.mark.parametrize(("project", "wrong"), WRONG, ids=[f"{p.project}-{w.misconception}" for p, w in WRONG])
def test_a_mistake_fails_two_tests_and_leaves_a_part_whole(project: Project, wrong: Wrong) -> None:
    failed = failing(project.exercise, wrong.code)

    assert len(failed) >= 2
    assert any(not project.exercise.tests[number - 1].hidden for number in failed)
    assert len(parts_failed(project, wrong.code)) < len(project.parts)


@each
def test_no_two_wrong_programs_fail_alike(project: Project) -> None:
    seen = [outcomes(project.exercise, wrong.code) for wrong in project.exercise.wrong]
    assert all(seen.count(one) == 1 for one in seen)


@each
def test_a_twelve_year_old_can_read_the_project(project: Project) -> None:
    assert len(plain(project.story).split()) <= MOST_WORDS_OF_A_STORY
    for part in project.parts:
        assert len(plain(part.does).split()) <= MOST_WORDS_OF_A_PART, part.name
    for text in (project.title, project.story, *(part.does for part in project.parts)):
        assert grade(text) <= 8 or len(text.split()) < 5, text
        assert longest_sentence(text) <= 20, text
        assert not BANNED.search(plain(text)), text
