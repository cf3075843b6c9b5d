"""A diagnosis in the words that one rung allows."""

from learnflow.services.debug import ladder
from learnflow.services.debug.diagnosis import Diagnosis
from learnflow.services.debug.ladder import RUNGS, Rung
from learnflow.services.debug.schemas import DebugAnswer, SuspectView


def text(diagnosis: Diagnosis, rung: Rung) -> str:
    """The whole answer to a question, in Markdown: what was seen, then the hint, then what comes next."""
    finding = diagnosis.best
    hint = ladder.hint(finding, rung.shown, diagnosis.program)
    return f"{diagnosis.opening}\n\n{finding.fact}\n\n{hint}\n\n{_what_is_next(rung)}"


def for_student(diagnosis: Diagnosis, rung: Rung) -> DebugAnswer:
    """The answer of POST /debug for a student: no more than the rung that is shown."""
    return _answer(diagnosis, rung.shown).model_copy(
        update={"next_opens_at": rung.next_opens_at, "hint_levels": rung.ceiling}
    )


def for_staff(diagnosis: Diagnosis, level: int) -> DebugAnswer:
    """The answer for a service or a teacher: any rung, and the lines that are suspected."""
    suspects = [SuspectView(line=s.line, confidence=s.confidence, misconception=s.misconception)
                for s in diagnosis.suspects]  # fmt: skip
    finding = diagnosis.best
    return _answer(diagnosis, level).model_copy(
        update={"suspects": suspects, "line": finding.line, "cause": ladder.cause(finding, RUNGS)}
    )


def _answer(diagnosis: Diagnosis, level: int) -> DebugAnswer:
    finding = diagnosis.best
    return DebugAnswer(
        error_type=diagnosis.error_type,
        line=ladder.line(finding, level, diagnosis.line),
        cause=ladder.cause(finding, level),
        hint=ladder.hint(finding, level, diagnosis.program),
        hint_level=level,
        hint_levels=RUNGS,
        next_opens_at=None,
        verified=diagnosis.verified,
    )


def _what_is_next(rung: Rung) -> str:
    if rung.shown == RUNGS:
        return "Change your program and ask again when you like."
    if rung.shown >= rung.ceiling:
        return "This is the last hint that your class allows. Try it, and ask your teacher if it does not help."
    if rung.shown < rung.open:
        return "The next hint is open: ask again when you want it."
    return "The next hint opens after a new try, or in two minutes."
