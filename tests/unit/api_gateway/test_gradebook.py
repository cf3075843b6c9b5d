"""The CSV of grades: what a spreadsheet would run is text."""

import csv
from io import StringIO
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.services.api_gateway.teaching.gradebook import Cell, Column, Line, as_csv, harmless

DRUMS = Column("control-flow/for-loops/drums", "control-flow/for-loops", "Drums")


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"), newline="")))


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1", "\x0c=1", " =1", "\uff1d1"])
def test_a_formula_is_shown_as_text(name: str) -> None:
    rows = rows_of(as_csv([Column("imported/x", "t", name)], [Line(uuid4(), name, {})]))
    assert rows[1][0] == f"'{name}"
    assert rows[0][3] == f"'{name} [imported/x]"


@pytest.mark.parametrize("name", ["Ada Lovelace", "O'Neill", 'Bo "B" Peep', "a=b", "Anne-Marie", "Müller, Jörg"])
def test_names_stay_as_they_are(name: str) -> None:
    assert rows_of(as_csv([], [Line(uuid4(), name, {})]))[1] == [name, "0", "0"]


def test_what_was_not_tried_is_empty_and_zero_is_zero() -> None:
    cells = {DRUMS.exercise_id: Cell(0, False, False, 2)}
    half = {DRUMS.exercise_id: Cell(66.67, True, True, 2)}
    lines = [Line(uuid4(), "Ada", cells), Line(uuid4(), "Bo", {}), Line(uuid4(), "Cy", half)]
    assert [row[3] for row in rows_of(as_csv([DRUMS], lines))] == [f"Drums [{DRUMS.exercise_id}]", "0", "", "66.67"]


@given(st.text(max_size=50))
def test_no_text_begins_a_formula(text: str) -> None:
    assert not harmless(text).lstrip().startswith(("=", "+", "-", "@"))
