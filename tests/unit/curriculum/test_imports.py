"""A file of exercises is read whole or not at all, and a fault names its line and its entry."""

import json
from pathlib import Path
from typing import Any

import pytest

from learnflow.curriculum import load_exercises
from learnflow.curriculum.imports import entry_of, read_file

ENTRY: dict[str, Any] = {
    "slug": "double-it",
    "topic_id": "functions/return-values",
    "title": "Double it",
    "statement": "Return the number times two.",
    "starter": "def double(n): ...",
    "reference": "def double(n): return n * 2",
    "tests": [{"call": "double(4)", "expected": "8"}],
}


def written(folder: Path, *entries: Any) -> Path:
    path = folder / "exercises.json"
    path.write_text(json.dumps(entries, indent=2))
    return path


def fault(path: Path) -> str:
    with pytest.raises(ValueError, match=r"exercises\.json:") as raised:
        read_file(path)
    return str(raised.value)


def test_a_file_is_read_as_its_entries(tmp_path: Path) -> None:
    (entry,) = read_file(written(tmp_path, ENTRY))
    assert entry.exercise_id == "imported/double-it"
    assert entry.task.tests[0].expected == "8"
    assert entry.task.level.core is False


def test_a_broken_file_names_the_line(tmp_path: Path) -> None:
    path = written(tmp_path, ENTRY)
    path.write_text(path.read_text().replace('"title": "Double it",', '"title": "Double it"'))
    assert fault(path).startswith(f"{path}:6: this is no JSON")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": 5}, "entry 2: title: Input should be a valid string"),
        ({"tests": [{"call": "double(4)", "expected": "eight"}]}, "entry 2: tests.0: "),
        ({"topic_id": "no/topic"}, "entry 2: Value error, there is no topic 'no/topic'"),
        ({"extra": 1}, "entry 2: extra: Extra inputs"),
        ({"slug": "double-it"}, "'double-it' stands here twice"),
    ],
)
def test_a_fault_names_its_entry(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    path = written(tmp_path, ENTRY, ENTRY | {"slug": "another"} | changes)
    assert said in fault(path)
    number = int(fault(path).split(":")[1])
    assert number > 15


@pytest.mark.parametrize("text", ["[]", "{}", "5", '"x"', "[5]", "[[]]", "[null]"])
def test_what_is_no_list_of_exercises_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "exercises.json"
    path.write_text(text)
    assert fault(path).startswith(f"{path}:1: ")


def test_tabs_keep_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "exercises.json"
    path.write_text(json.dumps([ENTRY | {"title": 5}], indent="\t"))
    assert fault(path).startswith(f"{path}:5: entry 1: title")


def test_a_program_of_the_course_can_be_exported_and_read_again(tmp_path: Path) -> None:
    task = load_exercises()["data-structures/lists/dry-plants"]
    entry = entry_of("dry-plants", task.topic_id, task)
    (again,) = read_file(written(tmp_path, entry.model_dump(mode="json", exclude_defaults=True)))
    assert again.task.tests == task.tests
