"""docs/plan.md and the tests say the same: a row that claims a test has one, and a marked test has a row."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.architecture.source import ROOT, dotted

ROW = re.compile(r"^\| ([A-Z][\w.-]+) \|.*\| ([^|]+) \|$", re.MULTILINE)
SHOWN_BY = re.compile(r"test|bench [a-z]+|issue \d+|later")


@cache
def rows() -> list[tuple[str, str]]:
    """(id, shown by) of every row."""
    text = (ROOT / "docs/plan.md").read_text(encoding="utf-8")
    return [(found[1], found[2].strip()) for found in ROW.finditer(text)]


@cache
def marked() -> dict[str, list[str]]:
    """Id -> tests that carry it."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and dotted(node.func) == "pytest.mark.plan":
                for argument in node.args:
                    found.setdefault(str(ast.literal_eval(argument)), []).append(f"{path.name}:{node.lineno}")
    return found


def test_the_plan_has_its_rows() -> None:
    assert len(rows()) > 100


def test_an_id_stands_once() -> None:
    ids = [name for name, _ in rows()]
    assert sorted(ids) == sorted(set(ids))


def test_a_row_says_what_shows_it() -> None:
    assert [name for name, shown_by in rows() if not SHOWN_BY.fullmatch(shown_by)] == []


def test_a_row_that_claims_a_test_has_one() -> None:
    assert [name for name, shown_by in rows() if shown_by == "test" and name not in marked()] == []


def test_a_marked_test_has_its_row() -> None:
    claimed = {name for name, shown_by in rows() if shown_by == "test"}
    assert {name: tests for name, tests in marked().items() if name not in claimed} == {}


@pytest.mark.parametrize("line", ["| P-SVC-x | does | `a` | test |", "| S0-US1.1 | story | - | issue 4 |"])
def test_a_row_is_read_from_its_line(line: str) -> None:
    assert ROW.fullmatch(line)
