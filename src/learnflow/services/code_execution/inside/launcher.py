"""One run, from a fresh interpreter to its report.

Three processes: the *supervisor* (this one, outside; it ends the others when told), *init* (first process of the pid
namespace; it reaps, sweeps, collects) and the *student*. Without namespaces the student cannot fork, and the supervisor
does init's work. Every restriction is applied before the student's process exists, or inside it before its code.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # the public module costs an import of enum in every run
import marshal
import os
import sys

from learnflow.services.code_execution.inside import (
    files,
    kernel,
    landlock,
    limits,
    namespaces,
    seccomp,
    student,
    wire,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

GAVE_UP = 120


class Launcher:
    """`job` comes from the service: source, files, limits, plan and the numbers of the two pipes."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.plan: dict[str, Any] = job["plan"]
        self.report: int = job["report"]
        self.scratch: str = namespaces.SCRATCH if self.plan["namespaces"] else job["scratch"]
        self.facts: dict[str, Any] = {}

    def become_student(self) -> None:
        """Returns in the student's process alone; the others end here."""
        kernel.die_with_parent(self.job["parent"])
        self.facts["base_bytes"] = limits.interpreter_bytes()
        limits.be_modest()
        if self.plan["namespaces"]:
            self._leave_host()
            self._restrict()
        pid = os.fork()
        if pid != 0:
            self._watch(pid)
        os.setpgid(0, 0)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if not self.plan["namespaces"]:
            self._restrict()
        os.close(self.report)

    def run_student(self) -> int:
        job = self.job
        return student.run(job["code"], self.scratch, job["channel"], trace=job["trace"])

    def _leave_host(self) -> None:
        """Returns in init, which sees nothing of the host any more."""
        namespaces.enter(user=self.plan["uid"] is None)
        pid = os.fork()
        if pid != 0:
            self._supervise(pid)
        _on_stop(lambda: os.kill(-1, signal.SIGKILL))
        os.setpgid(0, 0)
        self.facts["namespaces"] = namespaces.inodes()
        uid = self.plan["uid"]
        namespaces.build_root(self.job["view"], namespaces.INNER_ID if uid is None else uid, self.job["limits"])

    def _supervise(self, init: int) -> NoReturn:
        _on_stop(lambda: os.kill(init, signal.SIGTERM))
        self._let_go_of_streams()
        os.waitpid(init, 0)
        os._exit(0)

    def _let_go_of_streams(self) -> None:
        """So that their readers see the end when the student's processes are gone."""
        for descriptor in (0, 1, 2, self.job["channel"]):
            os.close(descriptor)

    def _restrict(self) -> None:
        uid = self.plan["uid"]
        if uid is not None:
            limits.become(uid, uid)
        limits.give_up_privileges()
        kernel.die_with_parent()  # again: a change of rights has cleared it
        os.chdir(self.scratch)
        files.put(self.scratch, {student.FILE_NAME: self.job["code"], **self.job["files"]})
        limits.apply(self.job["limits"], self.facts["base_bytes"])
        if self.plan["landlock"]:
            self.facts["landlock_abi"] = landlock.restrict(self._rules())
        if self.plan["seccomp"]:
            seccomp.restrict(may_fork=self.plan["namespaces"])
        wire.send(self.report, wire.READY, self.facts)

    def _rules(self) -> dict[str, int]:
        view = self.job["view"]
        rules = dict.fromkeys([*view["folders"], *view["files"]], landlock.READ)
        devices = dict.fromkeys(namespaces.DEVICES, landlock.DEVICE)
        return {**rules, **devices, self.scratch: landlock.READ_WRITE}

    def _watch(self, student_pid: int) -> NoReturn:
        """Wait for the student, end all that it started, then say how it ended and what it left."""
        if not self.plan["namespaces"]:
            _on_stop(lambda: os.kill(student_pid, signal.SIGKILL))
        self._let_go_of_streams()
        status, usage = _wait_for(student_pid)
        if self.plan["namespaces"]:
            _sweep()
        verdict = {
            "code": os.waitstatus_to_exitcode(status),
            "peak_bytes": usage.ru_maxrss * 1024,
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "files": files.Collector(self.job["files"]).collect(self.scratch),
        }
        wire.send(self.report, wire.DONE, verdict)
        os._exit(0)


def _on_stop(end_them: Any) -> None:
    def stop(_signal: int, _frame: object) -> None:
        try:
            end_them()
        except ProcessLookupError:
            return  # they have ended by themselves

    signal.signal(signal.SIGTERM, stop)


def _wait_for(student_pid: int) -> tuple[int, Any]:
    while True:
        pid, status, usage = os.wait3(0)
        if pid == student_pid:
            return status, usage


def _sweep() -> None:
    """As the first process of the namespace we reach every other one in it."""
    try:
        while True:
            os.kill(-1, signal.SIGKILL)
            os.wait()
    except (ProcessLookupError, ChildProcessError):
        return


def _read_job(descriptor: int) -> dict[str, Any]:
    with open(descriptor, "rb") as file:
        job: dict[str, Any] = marshal.load(file)  # noqa: S302 - from the service that started us, never from outside
    return job


def main(descriptor: int) -> NoReturn:
    """Read the job, become the student, run; whatever fails before the student's code is reported as such."""
    launcher = Launcher(_read_job(descriptor))
    try:
        launcher.become_student()
    except kernel.LayerFailed as error:
        _give_up(launcher.report, error.layer, error.reason)
    except Exception as error:  # noqa: BLE001 - the service must hear of it, whatever it is
        _give_up(launcher.report, "launcher", f"{type(error).__name__}: {error}")
    sys.exit(launcher.run_student())


def _give_up(report: int, layer: str, reason: str) -> NoReturn:
    wire.send(report, wire.FAILED, {"layer": layer, "reason": reason})
    os._exit(GAVE_UP)
