"""`exercises import` and `export` on a running instance: ids, exit codes, and nothing stored of a broken file."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Up, run_command
from tests.integration.test_exercise_import import DOUBLE, GREET


def written(folder: Path, *entries: dict[str, Any]) -> str:
    path = folder / "exercises.json"
    path.write_text(json.dumps(entries, indent=2))
    return str(path)


@pytest.mark.plan("P-CLI-exercises")
def test_a_file_is_imported_and_exported_again(up: Up, tmp_path: Path) -> None:
    stored = up.command("exercises", "import", written(tmp_path, DOUBLE, GREET))
    again = up.command("exercises", "import", written(tmp_path, DOUBLE), "--json")
    exported = up.command("exercises", "export", "--json")

    assert (stored.returncode, stored.stdout) == (0, "imported/double-it\nimported/greet\n"), stored.stderr
    assert json.loads(again.stdout) == {"ids": ["imported/double-it"]}
    assert json.loads(exported.stdout) == [DOUBLE, GREET]


def test_a_program_that_does_not_hold_what_it_says_is_exit_code_1_and_stores_nothing(up: Up, tmp_path: Path) -> None:
    before = up.command("exercises", "export").stdout
    said = up.command("exercises", "import", written(tmp_path, GREET | {"slug": "new"}, GREET | {"reference": "pass"}))

    assert (said.returncode, said.stdout) == (1, "")
    assert "entry 2 (greet): its reference fails test 1" in said.stderr
    assert up.command("exercises", "export").stdout == before


def test_a_file_that_is_no_list_of_exercises_is_exit_code_2_and_names_the_line(tmp_path: Path) -> None:
    path = written(tmp_path, GREET, GREET | {"slug": "new", "title": 5})
    missing = run_command("exercises", "import", str(tmp_path / "nothing.json"))
    said = run_command("exercises", "import", path)

    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith(f"{path}:")
    assert "entry 2: title" in said.stderr
    assert "Nothing was stored." in said.stderr
    assert missing.returncode == 2
    assert "nothing.json cannot be read: No such file or directory.\nNothing was stored." in missing.stderr
    assert "Errno" not in missing.stderr


def test_the_example_of_the_help_is_a_file_that_is_taken(up: Up) -> None:
    example = Path(__file__).parents[2] / "docs/examples/exercises.json"
    assert str(Path(*example.parts[-3:])) in up.command("exercises", "import", "--help").stdout
    stored = up.command("exercises", "import", str(example))
    assert stored.stdout == "imported/twice-as-much\nimported/hello-by-name\n", stored.stderr
