"""From what a student sent to what can be said about it: evidence first, then causes, then honest words about both."""

from dataclasses import dataclass

import structlog

from learnflow.contracts.error_types import public_name
from learnflow.services.debug.case import Case, Raised, Run, raised_by
from learnflow.services.debug.causes import TIME_OUT, find_causes, result
from learnflow.services.debug.finding import Finding, Suspect
from learnflow.services.debug.program import Program, Unreadable
from learnflow.services.debug.tracebacks import Report, plain_message
from learnflow.services.debug.wording import code, shown

log = structlog.get_logger()

GIVEN_LINE = "7"
_LINES = 40
_OF_FAILING_LINE = 0.4
_STOPPED = {"timeout", "memory", "output_limit", "killed"}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found: the opening says what was done and seen, `findings` are ranked and never empty.

    `error_type` is None when the program ran to its end; `line` is where it stopped.
    """

    opening: str
    error_type: str | None
    line: int | None
    findings: tuple[Finding, ...]
    program: Program | None
    verified: bool

    @property
    def best(self) -> Finding:
        return self.findings[0]

    @property
    def suspects(self) -> list[Suspect]:
        """Lines worth looking at, best first; general answers only where nothing better is known."""
        specific = [f for f in self.findings if f.is_specific] or list(self.findings)
        ranked = sorted(specific, key=lambda finding: -finding.confidence)
        found = {f.line: Suspect(f.line, f.confidence, f.misconception) for f in reversed(ranked) if f.line is not None}
        if self.line is not None and self.line not in found:
            found[self.line] = Suspect(self.line, _OF_FAILING_LINE, self.best.misconception)
        return sorted(found.values(), key=lambda suspect: -suspect.confidence)


def stdin_for(source: str, report: Report | None) -> str:
    """What to type for the student: the text that the pasted error complains of, else a small number each time."""
    if "input" not in source or (report is not None and report.type == "EOFError"):
        return ""
    if report is not None and report.type == "ValueError" and ": '" in report.message:
        return f"{report.message.rpartition(': ')[2].strip(chr(39))}\n" * _LINES
    return f"{GIVEN_LINE}\n" * _LINES


def unreadable(source: str) -> Unreadable | None:
    """What the parser says against the program; None when it can be read."""
    try:
        Program.from_source(source)
    except Unreadable as error:
        return error
    return None


def diagnose(source: str | None, report: Report | None, run: Run | None) -> Diagnosis:
    """All that the evidence allows: `run` is None when the program was not run."""
    if source is None:
        return _from_report(report or Report("", ""))
    refused = unreadable(source)
    if refused is not None:
        return _from_syntax(source, refused)
    program = Program.from_source(source)
    if run is None:
        return _not_run(program, report)
    return _from_run(program, report, run)


def _from_report(report: Report) -> Diagnosis:
    try:
        program = Program.from_lines(report.lines)
    except Unreadable:
        program = Program.from_lines({})
    opening = f"I have only the error message, not your program. It says {_said(report.type, report.message)}"
    opening += _at(report.line, program.text(report.line)) + "."
    return _explained(Case(program, raised_by(report), ran=False), opening, None, verified=False)


def _from_syntax(source: str, refused: Unreadable) -> Diagnosis:
    error = refused.error
    raised = Raised(type(error).__name__, error.msg or "", error.lineno or 1)
    program = Program(source, None)
    opening = (
        f"Python cannot read your program. It stops at line {raised.line} with {_said(raised.type, raised.message)}."
    )
    return _explained(Case(program, raised, ran=True), opening, program, verified=True)


def _not_run(program: Program, report: Report | None) -> Diagnosis:
    opening = "I could not run your program just now. "
    if report is not None:
        opening += f"I read it, and your message: {_said(report.type, report.message)}"
        opening += _at(report.line, program.text(report.line)) + "."
        return _explained(Case(program, raised_by(report), ran=False), opening, program, verified=False)
    found = result.explain_unseen(program)
    return Diagnosis(opening + "I only read it.", None, None, tuple(found), program, verified=False)


def _from_run(program: Program, report: Report | None, run: Run) -> Diagnosis:
    if run.status in _STOPPED:
        return _stopped(program, run)
    raised = run.raised
    if raised is not None and not _is_by_our_input(raised, report, run):
        where = _at(raised.line, text := program.text(raised.line)) + ("," if text else "")
        opening = f"I ran your program.{_given(run)} It stopped{where} with {_said(raised.type, raised.message)}."
        return _explained(Case(program, raised, run, ran=True), opening, program, verified=True)
    if report is not None:
        opening = f"I ran your program.{_given(run)} I did not see your error, so I go by your message: "
        opening += f"{_said(report.type, report.message)}{_at(report.line, program.text(report.line))}."
        return _explained(Case(program, raised_by(report), ran=False), opening, program, verified=False)
    found = tuple(result.explain(program, run))
    return Diagnosis(f"I ran your program.{_given(run)}", None, None, found, program, verified=found[0].is_seen)


def _is_by_our_input(raised: Raised, report: Report | None, run: Run) -> bool:
    """An error that may come from what we typed, where the student has seen another one."""
    return bool(run.stdin) and report is not None and report.type != raised.type


def _stopped(program: Program, run: Run) -> Diagnosis:
    words = {"timeout": "It did not end within a second.", "memory": "It used more memory than there is.",
             "output_limit": "It printed more than fits, and was stopped."}  # fmt: skip
    opening = f"I ran your program.{_given(run)} {words.get(run.status, 'It was stopped before its end.')}"
    line = run.steps[-1].line if run.steps else None
    raised = Raised(TIME_OUT, "the program did not end", line)
    return _explained(Case(program, raised, run, ran=True), opening, program, verified=True)


def _explained(case: Case, opening: str, program: Program | None, *, verified: bool) -> Diagnosis:
    try:
        found = find_causes(case)
    except Exception:  # a fault of ours in a rare shape of program must not cost the student the answer
        log.exception("diagnosis.failed", error_type=public_name(case.raised.type))
        found = find_causes(Case(Program.from_lines({}), Raised("", case.raised.message, case.line), ran=case.ran))
    type_shown = case.raised.type or None
    return Diagnosis(opening, type_shown, case.line, tuple(found), program, verified and found[0].is_seen)


def _said(error_type: str, message: str) -> str:
    message = plain_message(message)
    return code(f"{error_type}: {message}" if error_type and message else error_type or message)


def _at(line: int | None, text: str) -> str:
    if line is None:
        return ""
    return f" at line {line}, {code(text[:80])}" if text else f" at line {line}"


def _given(run: Run) -> str:
    if not run.stdin:
        return ""
    return f" It asks for input, and I gave it {shown(repr(run.stdin.splitlines()[0]))} each time."
