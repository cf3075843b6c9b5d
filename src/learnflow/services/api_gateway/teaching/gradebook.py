"""A class's best scores as a table, and as a CSV file that a spreadsheet opens without running anything."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from uuid import UUID

_BOM = "\ufeff"
"""By it spreadsheets know UTF-8."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula (OWASP: CSV injection), full-width ones too."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A student's best on one exercise; success without help stands apart."""

    best_score: float
    passed: bool
    passed_unaided: bool
    attempts: int


@dataclass(frozen=True, slots=True)
class Column:
    """An exercise that somebody of the class has handed in."""

    exercise_id: str
    topic_id: str
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    """A student; no cell for what they have not tried."""

    student_id: UUID
    name: str
    cells: Mapping[str, Cell]

    @property
    def passed(self) -> int:
        return sum(cell.passed for cell in self.cells.values())

    @property
    def passed_unaided(self) -> int:
        return sum(cell.passed_unaided for cell in self.cells.values())


def as_csv(columns: Sequence[Column], lines: Sequence[Line]) -> str:
    """Name, exercises passed, passed without help, then the best score on each exercise; empty: not tried."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    titles = [f"{column.title} [{column.exercise_id}]" for column in columns]
    writer.writerow([harmless(cell) for cell in ("Name", "Passed", "Passed without help", *titles)])
    for line in lines:
        scores = [_score(line.cells.get(column.exercise_id)) for column in columns]
        writer.writerow([harmless(line.name), line.passed, line.passed_unaided, *scores])
    return _BOM + out.getvalue()


def harmless(text: str) -> str:
    """The text as a spreadsheet shows it: what would be a formula begins with an apostrophe."""
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else text


def _score(cell: Cell | None) -> str:
    return "" if cell is None else f"{cell.best_score:g}"
