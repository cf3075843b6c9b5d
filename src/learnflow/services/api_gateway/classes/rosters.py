"""A roster as a teacher sends it: a list or a CSV file of names and addresses, read line by line."""

import csv
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from pydantic import BaseModel, ConfigDict, ValidationError

from learnflow.contracts.errors import FieldProblem, Invalid
from learnflow.services.api_gateway.accounts.rules import EmailAddress, PersonName

MOST_LINES = 500
_NAMES = {"name": "name", "student": "name", "email": "email", "e-mail": "email", "mail": "email"}


class Person(BaseModel):
    """One line of a roster."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: PersonName
    email: EmailAddress


@dataclass(frozen=True, slots=True)
class RosterLine:
    """A person with the number of their line, as an editor counts."""

    number: int
    person: Person


def read_csv(text: str) -> list[RosterLine]:
    """The people of a CSV file: two columns named `name` and `email`, by comma, semicolon or tab.

    Invalid names every line that is wrong; then nothing is taken.
    """
    lines = _rows(text.removeprefix("\ufeff"))
    if not lines:
        raise Invalid("The file is empty. Send a first line name,email and a line for each student.", field="body")
    columns = _columns(lines[0][1])
    return read_people((number, _cells(columns, row)) for number, row in lines[1:])


def read_people(people: Iterable[tuple[int, Mapping[str, object]]]) -> list[RosterLine]:
    """Checked lines; Invalid names every line that is wrong: then nothing is taken."""
    lines: list[RosterLine] = []
    problems: list[FieldProblem] = []
    seen: dict[str, int] = {}
    for number, given in people:
        try:
            person = Person.model_validate(given)
        except ValidationError as error:
            problems.append(FieldProblem(field=f"line {number}", message=_reason(error)))
            continue
        first = seen.setdefault(unicodedata.normalize("NFKC", person.email).casefold(), number)
        if first != number:
            problems.append(FieldProblem(field=f"line {number}", message=f"has the same address as line {first}"))
        lines.append(RosterLine(number, person))
    _refuse(lines, problems)
    return lines


def _refuse(lines: Sequence[RosterLine], problems: list[FieldProblem]) -> None:
    if problems:
        places = ", ".join(problem.field for problem in problems[:5]) + (" and more" if len(problems) > 5 else "")
        raise Invalid(f"Nobody was invited. Correct {places}, and send the whole roster again.", fields=problems)
    if not lines:
        raise Invalid("There is nobody on this roster. Send a line for each student.", field="body")
    if len(lines) > MOST_LINES:
        raise Invalid(f"A roster holds at most {MOST_LINES} students. Send it in parts.", field="body")


def _reason(error: ValidationError) -> str:
    return "; ".join(_sentence(each["loc"], each["msg"]) for each in error.errors())


def _sentence(place: Sequence[int | str], message: str) -> str:
    return f"{'.'.join(str(part) for part in place)}: {message.removeprefix('Value error, ')}"


def _rows(text: str) -> list[tuple[int, list[str]]]:
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(StringIO(text), delimiter=delimiter, strict=True)
    try:
        return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        problem = FieldProblem(field=f"line {reader.line_num}", message=f"is no CSV: {error}")
        raise Invalid(f"Nobody was invited. Line {reader.line_num} cannot be read.", fields=[problem]) from error


def _columns(header: Sequence[str]) -> dict[str, int]:
    found = {_NAMES[cell.strip().lower()]: at for at, cell in enumerate(header) if cell.strip().lower() in _NAMES}
    if set(found) != {"name", "email"}:
        raise Invalid("The first line has to name the columns name and email.", field="line 1")
    return found


def _cells(columns: Mapping[str, int], row: Sequence[str]) -> dict[str, object]:
    return {name: row[at].strip() if at < len(row) else "" for name, at in columns.items()}
