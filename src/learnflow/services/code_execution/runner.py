"""Starts one run as a fresh process, watches it from outside and brings home what is left of it."""

from __future__ import annotations

import marshal
import os
import signal
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

import structlog

import learnflow
from learnflow.services.code_execution.interpreter import Interpreter
from learnflow.services.code_execution.outcome import Outcome, Program, Seen, judge
from learnflow.services.code_execution.plan import Limits, Plan, tasks_of
from learnflow.services.code_execution.streams import Reader

log = structlog.get_logger()

_SOURCE_ROOT = str(Path(learnflow.__file__).parent.parent)
_BOOT = """import sys
sys.path.append(sys.argv[1])
from learnflow.services.code_execution.inside.launcher import main
sys.path.pop()
main(int(sys.argv[2]))
"""
_REAP_S = 2.0


class Stop:
    """Ends a run from another thread, now or as soon as it has begun."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reader: Reader | None = None
        self.is_asked = False

    def ask(self) -> None:
        with self._lock:
            self.is_asked = True
            if self._reader is not None:
                self._reader.stop()

    def attach(self, reader: Reader | None) -> None:
        with self._lock:
            self._reader = reader
            if reader is not None and self.is_asked:
                reader.stop()


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs programs in one way of shutting them in; `run` blocks and may be called from many threads."""

    interpreter: Interpreter
    plan: Plan
    limits: Limits = field(default_factory=Limits)
    scratch_dir: Path | None = None

    def run(self, program: Program, slot: int = 0, stop: Stop | None = None) -> Outcome:
        return judge(self.watch(program, slot, stop), program, self.limits.output_bytes)

    def watch(self, program: Program, slot: int = 0, stop: Stop | None = None) -> Seen:
        """What was seen of a run; the scratch folder and every process of it are gone when this returns."""
        scratch = None if self.plan.namespaces else self._make_scratch(slot)
        try:
            return _Run(self, program, slot, scratch).watch(stop or Stop())
        finally:
            if scratch is not None:
                _remove(scratch)

    def _make_scratch(self, slot: int) -> str:
        path = mkdtemp(prefix="learnflow-run-", dir=self.scratch_dir)
        uid = self.plan.uid(slot)
        if uid is not None:
            os.chown(path, uid, uid)
        return path


class _Run:
    def __init__(self, runner: Runner, program: Program, slot: int, scratch: str | None) -> None:
        self._runner = runner
        self._program = program
        self._slot = slot
        self._scratch = scratch
        self._process: subprocess.Popen[bytes] | None = None
        self._reader = Reader(self._end, program.timeout_s, runner.limits.output_bytes)

    def watch(self, stop: Stop) -> Seen:
        pipes = {name: os.pipe2(os.O_CLOEXEC) for name in ("stdout", "stderr", "channel", "report")}
        try:
            self._process = self._start({name: pipe[1] for name, pipe in pipes.items()})
            for _, write_end in pipes.values():
                os.close(write_end)
            for name, (read_end, _) in pipes.items():
                self._reader.watch(name, read_end)
            stop.attach(self._reader)
            self._reader.read_all()
        finally:
            stop.attach(None)
            self._reap()
            self._reader.close()
            for read_end, _ in pipes.values():
                os.close(read_end)
        return self._reader.seen

    def _start(self, pipes: dict[str, int]) -> subprocess.Popen[bytes]:
        stdin = _sealed_file("stdin", self._program.stdin.encode("utf-8", "replace"))
        job = _sealed_file("job", marshal.dumps(self._job(pipes)))
        command = [self._runner.interpreter.executable, "-I", "-S", "-B", "-c", _BOOT, _SOURCE_ROOT, str(job)]
        try:
            return subprocess.Popen(
                command,
                env={},
                cwd="/",
                stdin=stdin,
                stdout=pipes["stdout"],
                stderr=pipes["stderr"],
                pass_fds=(job, pipes["channel"], pipes["report"]),
                process_group=0,
            )
        finally:
            os.close(stdin)
            os.close(job)

    def _job(self, pipes: dict[str, int]) -> dict[str, object]:
        runner, program = self._runner, self._program
        return {
            "code": program.code,
            "files": dict(program.files),
            "trace": program.trace,
            "parent": os.getpid(),
            "plan": runner.plan.as_job(self._slot),
            "limits": self._limits(),
            "view": runner.interpreter.view.as_job(),
            "scratch": self._scratch,
            "channel": pipes["channel"],
            "report": pipes["report"],
        }

    def _limits(self) -> dict[str, int]:
        plan, limits = self._runner.plan, self._runner.limits.as_job(self._program.timeout_s)
        if not plan.namespaces and plan.first_uid is None:
            limits["processes"] += tasks_of(os.getuid())
        return limits

    def _end(self, force: bool) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL if force else signal.SIGTERM)

    def _reap(self) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(_REAP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _remove(scratch: str) -> None:
    """By rm: it copes with trees deeper than Python's recursion, and neither command follows a link beneath."""
    for command in (["rm", "-rf"], ["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
        subprocess.run([*command, "--", scratch], check=False, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not os.path.lexists(scratch):
            return
    log.error("sandbox.scratch.left", path=scratch)


def _sealed_file(name: str, content: bytes) -> int:
    """A file in memory that nobody can change any more, read from its beginning."""
    import fcntl

    descriptor = os.memfd_create(f"learnflow-{name}", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor
