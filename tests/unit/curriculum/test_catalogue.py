"""The catalogue and the rows that the migration writes are the same."""

import re
from pathlib import Path

import pytest

import learnflow
from learnflow.curriculum import load_catalogue

MIGRATION = Path(learnflow.__file__).parent / "migrations" / "0004_curriculum.sql"
TEXT = r"'((?:[^']|'')*)'"


def rows_of(table: str, pattern: str) -> list[tuple[str, ...]]:
    statement = re.search(rf"insert into {table} \([^)]*\) values\n(.*?);\n\n", MIGRATION.read_text(), re.DOTALL)
    assert statement is not None
    return [tuple(part.replace("''", "'") for part in row) for row in re.findall(pattern, statement[1])]


@pytest.mark.plan("P-RULE-course")
def test_there_are_eight_modules_and_thirty_one_topics() -> None:
    catalogue = load_catalogue()

    assert [module.id for module in catalogue.modules] == [
        "basics", "control-flow", "data-structures", "functions", "oop", "files", "errors", "libraries",
    ]  # fmt: skip
    assert len(catalogue.topics) == 31
    assert "control-flow/for-loops" in catalogue.topics


def test_the_migration_writes_the_modules_of_the_catalogue() -> None:
    written = rows_of("modules", rf"\({TEXT}, (\d+), {TEXT}, {TEXT}\)")

    assert written == [(m.id, str(m.position), m.title, m.summary) for m in load_catalogue().modules]


def test_the_migration_writes_the_topics_of_the_catalogue() -> None:
    written = rows_of("topics", rf"\({TEXT}, {TEXT}, (\d+), {TEXT}, {TEXT}\)")

    assert written == [
        (t.id, t.module_id, str(t.position), t.title, t.summary) for t in load_catalogue().topics.values()
    ]
