"""The sandbox's answer in the engine's own terms."""

from collections.abc import Mapping
from typing import Any

from learnflow.services.debug.case import Raised, Run, Step


def run_from_answer(answer: Mapping[str, Any], stdin: str) -> Run:
    """The answer of POST /execute with a trace; fields that are missing count as not seen."""
    trace = answer.get("trace") or []
    steps = tuple(_step(entry) for entry in trace if not entry.get("final"))
    ends = [entry for entry in trace if entry.get("final")]
    status = str(answer.get("status", "sandbox_error"))
    error = answer.get("error")
    return Run(
        status=status,
        stdout=str(answer.get("stdout", "")),
        raised=_raised(error) if error and status != "timeout" else None,
        steps=steps,
        stdin=stdin,
        final=dict(ends[-1].get("values") or {}) if ends else {},
        is_cut=bool(answer.get("trace_truncated")) or (bool(steps) and not ends),
    )


def _step(entry: Mapping[str, Any]) -> Step:
    return Step(int(entry["line"]), dict(entry.get("values") or {}), entry.get("function"))


def _raised(error: Mapping[str, Any]) -> Raised:
    function = error.get("function")
    return Raised(
        type=str(error.get("type") or "Exception"),
        message=str(error.get("message") or ""),
        line=error.get("line"),
        column=error.get("column"),
        end_column=error.get("end_column"),
        function=None if function == "<module>" else function,
        locals=dict(error.get("locals") or {}),
    )
