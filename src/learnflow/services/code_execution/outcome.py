"""What is asked of a run and what came of it; the verdict from what was seen of it."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from learnflow.contracts.events.code import RunStatus
from learnflow.services.code_execution.isolation import Isolation
from learnflow.services.code_execution.reported import ErrorDetail, OutputFile, Step

Ending = Literal["timeout", "output_limit", "memory", "stopped"]
"""Why the service, or for memory the kernel, ended a run, where one did."""

_SIGNAL_SENTENCES = {
    "SIGSEGV": "the program crashed inside the interpreter (segmentation fault)",
    "SIGABRT": "the program aborted inside the interpreter",
    "SIGKILL": "the program was killed",
}


@dataclass(frozen=True, slots=True)
class Program:
    """A program and what it is given."""

    code: str
    stdin: str = ""
    timeout_s: float = 5.0
    files: Mapping[str, str] = field(default_factory=dict)
    trace: bool = False


@dataclass(slots=True)
class Seen:
    """What came out of a run's pipes and what we did to it."""

    stdout: bytes = b""
    stderr: bytes = b""
    ending: Ending | None = None
    failed: dict[str, str] | None = None
    ready: dict[str, Any] | None = None
    done: dict[str, Any] | None = None
    error: ErrorDetail | None = None
    steps: list[Step] = field(default_factory=list)
    steps_truncated: bool = False
    files: list[OutputFile] = field(default_factory=list)
    all_ended: bool = False
    duration_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    status: RunStatus
    stdout: str = ""
    stderr: str = ""
    exit_code: int | None = None
    duration_ms: float = 0.0
    peak_memory_bytes: int | None = None
    base_memory_bytes: int | None = None
    error: ErrorDetail | None = None
    files: list[OutputFile] = field(default_factory=list)
    trace: list[Step] | None = None
    trace_truncated: bool = False
    isolation: Isolation | None = None
    """What this very run was shut in by."""


def judge(seen: Seen, program: Program, output_bytes: int) -> Outcome:
    """The verdict: what we did to the run first, then the kernel's word, then what the program says of itself."""
    done = seen.done or {}
    exit_code = done.get("code")
    status = _status(seen, exit_code, program.timeout_s)
    ready = seen.ready or {}
    return Outcome(
        status=status,
        stdout=_text(seen.stdout, output_bytes),
        stderr=_text(seen.stderr, output_bytes),
        exit_code=None if status == "sandbox_error" else exit_code,
        duration_ms=round(seen.duration_ms, 2),
        peak_memory_bytes=done.get("peak_bytes"),
        base_memory_bytes=ready.get("base_bytes"),
        error=_error(seen, status, exit_code, program.timeout_s),
        files=seen.files,
        trace=seen.steps if program.trace else None,
        trace_truncated=seen.steps_truncated,
    )


def _status(seen: Seen, exit_code: int | None, timeout_s: float) -> RunStatus:
    if seen.ending is not None:
        return "killed" if seen.ending == "stopped" else seen.ending
    if seen.failed is not None or seen.ready is None or exit_code is None:
        return "sandbox_error"
    if exit_code < 0:
        return "timeout" if _used_up_its_time(seen, exit_code, timeout_s) else "killed"
    if exit_code == 0:
        return "ok"
    return "memory" if seen.error is not None and seen.error.type == "MemoryError" else "error"


def _used_up_its_time(seen: Seen, exit_code: int, timeout_s: float) -> bool:
    cpu_s = float((seen.done or {}).get("cpu_s", 0.0))
    return exit_code == -signal.SIGXCPU or (exit_code == -signal.SIGKILL and cpu_s >= timeout_s)


def _error(seen: Seen, status: RunStatus, exit_code: int | None, timeout_s: float) -> ErrorDetail | None:
    sentences = {
        "sandbox_error": ("SandboxError", _our_failure(seen)),
        "timeout": ("Timeout", f"stopped after {timeout_s:g} seconds"),
        "output_limit": ("OutputLimit", "stopped: it printed more than fits"),
    }
    if status == "ok":
        return None
    if status in sentences:
        kind, message = sentences[status]
        return ErrorDetail(type=kind, message=message)
    if seen.ending == "memory":
        return ErrorDetail(type="MemoryError", message="stopped: it used more memory than a program may")
    if seen.ending == "stopped":
        return ErrorDetail(type="Stopped", message="stopped on request")
    return seen.error or _ended_itself(exit_code or 0)


def _ended_itself(exit_code: int) -> ErrorDetail:
    if exit_code >= 0:
        return ErrorDetail(type="SystemExit", message=str(exit_code))
    name = _signal_name(-exit_code)
    return ErrorDetail(type=name, message=_SIGNAL_SENTENCES.get(name, f"ended by {name}"))


def _our_failure(seen: Seen) -> str:
    if seen.failed is not None:
        return f"{seen.failed['layer']}: {seen.failed['reason']}"
    return "the sandbox ended without a report"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _text(data: bytes, limit: int) -> str:
    # a cap may cut a character in two; NUL cannot be stored or shown
    return data[:limit].decode("utf-8", "replace").replace("\x00", "\N{SYMBOL FOR NULL}")
