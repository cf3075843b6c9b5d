"""The ladder of four rungs: what each one shows, and when the next one opens.

1 a question about what happens; 2 the region and the idea; 3 the line and the misconception in words; 4 a worked
example of the same kind with other names, and the student's own lines with the faulty one left out. No rung holds the
solution or the edit.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from learnflow.services.debug.finding import Finding
from learnflow.services.debug.program import Program
from learnflow.tutor.misconceptions import MISCONCEPTIONS, Misconception

RUNGS = 4
OPENS_AFTER = timedelta(minutes=2)
_MOST_SPENT = 50
_AROUND = 3


@dataclass(frozen=True, slots=True)
class Rung:
    """Where a student stands on one ladder.

    `open` is the highest rung that was shown, since `opened_at`; `shown` the last one for `finding`, the cause that
    it was about; `ceiling` is the highest that the student's class allows. `spent` holds the attempts
    (hashes of normalised programs) that have opened a rung already: going back and forth opens nothing.
    """

    open: int
    opened_at: datetime
    shown: int
    finding: str
    spent: tuple[str, ...] = field(default=())
    ceiling: int = RUNGS

    @property
    def next_opens_at(self) -> datetime | None:
        """When the next rung opens without a new attempt; None on the last rung that there is for this student."""
        return None if self.open >= self.ceiling else self.opened_at + OPENS_AFTER


def may_climb(rung: Rung, attempt: str | None, now: datetime) -> bool:
    """The next rung opens after a new attempt, or two minutes after the last one opened."""
    if rung.open >= RUNGS:
        return False
    return (attempt is not None and attempt not in rung.spent) or now - rung.opened_at >= OPENS_AFTER


def climb(
    rung: Rung | None, *, asked: int | None, attempt: str | None, finding: str, now: datetime, ceiling: int = RUNGS
) -> Rung:
    """The rung after one more question.

    Without `asked` the student gets the next rung if it is open; for another cause than last time the first one.
    An `asked` rung above the open one gives the highest that is open; none is above `ceiling`, which the student's
    class sets.
    """
    if rung is None:
        return Rung(1, now, 1, finding, (attempt,) if attempt else (), ceiling)
    highest = rung.open + 1 if may_climb(rung, attempt, now) else rung.open
    wish = asked if asked is not None else _next(rung, finding)
    shown = max(1, min(wish, highest, ceiling))
    if shown <= rung.open:
        return replace(rung, shown=shown, finding=finding, ceiling=ceiling)
    spent = (*rung.spent, attempt) if attempt and attempt not in rung.spent else rung.spent
    return Rung(shown, now, shown, finding, spent[-_MOST_SPENT:], ceiling)


def _next(rung: Rung, finding: str) -> int:
    return rung.shown + 1 if rung.finding == finding else 1


def misconception_of(finding: Finding) -> Misconception:
    return MISCONCEPTIONS[finding.misconception]


def hint(finding: Finding, level: int, program: Program | None) -> str:
    """The text of one rung, without the fact that stands before it."""
    if level <= 1:
        return finding.question
    if level == 2:
        return _region_and_idea(finding, program)
    if level == 3:
        return f"{finding.cause} {misconception_of(finding).belief}"
    return _example(finding, program)


def cause(finding: Finding, level: int) -> str:
    """The cause as far as the rung may tell it: what happened, and from rung 3 on where it comes from."""
    return finding.fact if level < 3 else f"{finding.fact} {finding.cause}"


def line(finding: Finding, level: int, failing_line: int | None) -> int | None:
    """The line as far as the rung may tell it: where it stopped, and from rung 3 on where it comes from."""
    return failing_line if level < 3 else (finding.line or failing_line)


def region(finding: Finding, program: Program | None) -> tuple[int, int] | None:
    """First and last line of the part to look at; wider than the faulty line alone."""
    if finding.region is not None or finding.line is None or program is None or not program.is_whole:
        return finding.region
    function = program.function_at(finding.line)
    last = len(program.lines)
    if function is not None and (function.end_lineno or 0) - function.lineno <= 12:
        return function.lineno, function.end_lineno or function.lineno
    return max(1, finding.line - _AROUND), min(last, finding.line + _AROUND)


def _region_and_idea(finding: Finding, program: Program | None) -> str:
    idea = misconception_of(finding).idea
    part = region(finding, program)
    if part is None or part[0] == part[1]:
        return f"The idea behind it: {idea}" if part is None else f"Look at line {part[0]}. {idea}"
    return f"Look at lines {part[0]} to {part[1]}. {idea}"


def _example(finding: Finding, program: Program | None) -> str:
    entry = misconception_of(finding)
    text = f"Here is another program of the same kind:\n\n```python\n{entry.code}\n```\n\n"
    text += f"It prints:\n\n```text\n{entry.output}\n```\n\n{entry.say}"
    blanked = _blanked(finding, program)
    if blanked:
        text += f"\n\nAnd your own lines. The blank is yours to fill:\n\n```python\n{blanked}\n```"
    return text


def _blanked(finding: Finding, program: Program | None) -> str:
    """The student's own lines around the faulty one, which is left out; empty for a traceback alone."""
    number = finding.line
    if program is None or not program.is_whole or number is None or not program.text(number):
        return ""
    first, last = max(1, number - _AROUND), min(len(program.lines), number + _AROUND)
    return "\n".join(_line(program.lines[at - 1], at, is_blank=at == number) for at in range(first, last + 1))


def _line(text: str, number: int, *, is_blank: bool) -> str:
    if not is_blank:
        return text
    indent = text[: len(text) - len(text.lstrip())]
    return f"{indent}________  # line {number}"
