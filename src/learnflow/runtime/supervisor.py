"""The parent of all processes: starts them in order, restarts what dies, stops them in reverse.

It has no event loop, no thread and no connection of its own, so that a fork of it is always clean: what needs
one (migrations, accounts) runs in a short-lived child. Signals are taken with `sigtimedwait`, not by handlers.
"""

import os
import signal
import time
from collections.abc import Callable, Iterable
from typing import NoReturn

from learnflow.runtime.embedded import EmbeddedPostgres
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.worker import Turn, Worker

STOP_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
WATCHED = STOP_SIGNALS | {signal.SIGCHLD}
FIRST_TO_STOP = ("api-gateway", "websocket", "web")
PATIENCE_S = 8.0
LONGEST_WAIT_S = 5.0


class Interrupted(Exception):
    """Ctrl-C or SIGTERM while starting."""


def raise_when_interrupted() -> None:
    """While starting, a stop signal ends whatever is being waited for."""

    def interrupt(_number: int, _frame: object) -> NoReturn:
        raise Interrupted

    for number in STOP_SIGNALS:
        signal.signal(number, interrupt)


def hold_signals() -> None:
    """From here on signals wait until `sigtimedwait` takes them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)


class Supervisor:
    """Watches `workers` and, where it is ours, PostgreSQL; `changed` is told when a process came or went."""

    def __init__(
        self, postgres: EmbeddedPostgres | None, say: Callable[[str], None], changed: Callable[[], None]
    ) -> None:
        self.workers: list[Worker] = []
        self._postgres = postgres
        reaped = postgres.ended if postgres is not None else None
        self._database = Worker("postgresql", self._spawn_postgres, reaped=reaped)
        self._say = say
        self._changed = changed

    @property
    def all_workers(self) -> list[Worker]:
        return [*self.workers, self._database] if self._postgres is not None else self.workers

    def start_postgres(self) -> None:
        """Start without waiting; the first of all."""
        self._database.start()

    def start(self, worker: Worker) -> None:
        self.workers.append(worker)
        worker.start()

    def watch(self) -> None:
        """Keep everything running until a stop signal comes."""
        hold_signals()
        while True:
            self.look_after()
            caught = signal.sigtimedwait(WATCHED, self._pause_s())
            if caught is not None and caught.si_signo in STOP_SIGNALS:
                return

    def look_after(self) -> None:
        """Reap what ended and start what is due."""
        died = [worker for pid in self._reap() for worker in self.all_workers if worker.pid == pid]
        for worker in died:
            worker.died()
            self._report(worker)
        due = [worker for worker in self.all_workers if worker.state == "waiting" and worker.due <= time.monotonic()]
        for worker in due:
            _start_or_put_off(worker)
        if died or due:
            self._changed()

    def stop(self) -> None:
        """The edge first, then the readers, the broker, PostgreSQL last; a second stop signal kills them all."""
        hold_signals()
        gently = all(self._end(self._of(turn)) for turn in Turn)
        if not gently:
            self._kill(self.workers)
        if self._postgres is not None:
            self._postgres.stop(at_once=not gently)

    def _of(self, turn: Turn) -> list[Worker]:
        return [worker for worker in self.workers if worker.turn is turn]

    def _end(self, workers: list[Worker]) -> bool:
        for worker in workers:
            _send(worker.pid, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_S
        while any(worker.pid for worker in workers):
            caught = signal.sigtimedwait(WATCHED, max(0.0, deadline - time.monotonic()))
            if caught is None or caught.si_signo in STOP_SIGNALS:
                return False
            self._forget(self._reap())
        return True

    def _kill(self, workers: list[Worker]) -> None:
        for worker in workers:
            _send(worker.pid, signal.SIGKILL)
        for worker in workers:
            while worker.pid:
                signal.sigtimedwait({signal.SIGCHLD}, 0.1)
                self._forget(self._reap())

    def _forget(self, pids: Iterable[int]) -> None:
        # any of them may end while others are waited for: a signal to the whole group reaches all at once
        gone = set(pids)
        for worker in self.workers:
            if worker.pid in gone:
                worker.pid, worker.state = 0, "stopped"

    def _spawn_postgres(self) -> int:
        return self._postgres.spawn() if self._postgres is not None else 0

    def _reap(self) -> list[int]:
        # everything that ended, orphans too: in a container this is process 1
        pids: list[int] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return pids
            if pid == 0:
                return pids
            self._tell(pid, os.waitstatus_to_exitcode(status))
            pids.append(pid)

    def _tell(self, pid: int, exit_code: int) -> None:
        for worker in self.all_workers:
            if worker.pid == pid and worker.reaped is not None:
                worker.reaped(exit_code)

    def _pause_s(self) -> float:
        waits = [worker.due - time.monotonic() for worker in self.all_workers if worker.state == "waiting"]
        return max(0.0, min([LONGEST_WAIT_S, *waits]))

    def _report(self, worker: Worker) -> None:
        if worker.state == "failed":
            self._say(f"{worker.name} crashed {worker.restarts + 1} times in a row and is left alone: see its log.")
        else:
            self._say(f"{worker.name} ended and is started again.")


def _start_or_put_off(worker: Worker) -> None:
    try:
        worker.start()
    except RuntimeProblem:
        # what it is forked from is just being made anew
        worker.put_off()


def _send(pid: int, number: signal.Signals) -> None:
    if not pid:
        return
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
