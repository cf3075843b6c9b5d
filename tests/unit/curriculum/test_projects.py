"""A project becomes an exercise of parts; a broken one is refused with its file and line."""

from pathlib import Path
from shutil import copytree

import pytest

from learnflow.curriculum import CurriculumError, load_curriculum, load_exercises, load_projects
from learnflow.curriculum.catalogue import ROOT
from learnflow.curriculum.phrases import load_phrases

ROBOT = "data-structures/sets/name-the-robot"
FILE = "modules/03-data-structures/project.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    copytree(ROOT, tmp_path / "course", ignore=lambda _, names: [name for name in names if name.endswith(".py")])
    return tmp_path / "course"


def changed(root: Path, old: str, new: str) -> None:
    text = (root / FILE).read_text(encoding="utf-8")
    assert old in text
    (root / FILE).write_text(text.replace(old, new, 1), encoding="utf-8")


def fault_of(root: Path) -> str:
    with pytest.raises(CurriculumError) as caught:
        load_exercises(root)
    return str(caught.value)


def test_a_project_is_served_as_the_last_exercise_of_its_module() -> None:
    exercises = load_exercises()
    module = [name for name in exercises if name.startswith("data-structures/")]

    assert module[-1] == ROBOT
    assert exercises[ROBOT].level.kind == "project"
    assert not exercises[ROBOT].level.core
    assert {case.part for case in exercises[ROBOT].tests} == {"clean", "count", "winners", "missing"}


def test_the_statement_names_every_part_with_its_worked_case() -> None:
    project = load_projects()[ROBOT]

    assert all(part.text(load_phrases()) in project.exercise.statement for part in project.parts)
    assert "`clean([' Bolt', 'nova ', ' '])` gives `['bolt', 'nova']`" in project.exercise.statement


def test_a_wrong_program_is_the_reference_with_a_function_in_its_place() -> None:
    project = load_projects()[ROBOT]

    for given, made in zip(project.wrong, project.exercise.wrong, strict=True):
        assert made.code.startswith(project.reference)
        assert made.code.endswith(given.code)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("project: data-structures/sets/", "project: data-structures/lists/", "must begin with data-structures/sets/"),
        ("misconception: string-is-mutable", "misconception: no-such-belief", "there is no misconception"),
        ("- name: count", "- name: clean", "two parts have the same name"),
        ("call: \"count(['gear'])\"", 'stdin: "gear"', "expected is the value of a call"),
        ("title: Name", "titel: Name", "title"),
    ],
)
def test_a_broken_project_is_refused_with_its_line(root: Path, old: str, new: str, said: str) -> None:
    changed(root, old, new)

    fault = fault_of(root)

    assert fault.startswith(f"{FILE}:")
    assert said in fault


def test_a_part_whose_first_test_is_hidden_has_no_worked_case(root: Path) -> None:
    changed(root, "expected: \"['bolt', 'nova']\"}", "expected: \"['bolt', 'nova']\", hidden: true}")

    assert "a part has a public test to begin with" in fault_of(root)


def test_another_file_in_the_folder_of_a_module_is_noticed(root: Path) -> None:
    (root / "modules/03-data-structures/projects.yaml").write_text("[]", encoding="utf-8")

    with pytest.raises(CurriculumError, match=r"projects\.yaml:1: no module of the catalogue has this file"):
        load_curriculum(root)
