"""The parent's end of the forges: starts them, asks them to fork, and makes them anew when one has ended."""

import contextlib
import json
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from learnflow.contracts.services import CODE_EXECUTION, Service
from learnflow.runtime.children import Task, rotate
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.processes import dying_with_parent
from learnflow.runtime.wiring import Wiring

BOOT = """import sys
sys.modules |= dict.fromkeys(("rich", "psutil"))
from learnflow.runtime.forge_program import main
main()
"""
"""Without what structlog, httpx and OpenTelemetry would import and no service uses: 6 MB, 0.15 s."""
LARGEST_REQUEST_BYTES = 65_536
MOST_DESCRIPTORS = 4
ANSWER_WITHIN_S = 120.0
"""The first answer comes when everything has been imported."""


class GoneError(RuntimeProblem):
    """The forge has ended."""

    def __init__(self) -> None:
        super().__init__("The process that all services are forked from has ended: forge.log says why.")


@dataclass(slots=True)
class Forge:
    """One forge: its process and the socket to ask it on."""

    pid: int
    control: socket.socket
    is_ready: bool = False

    def ask(self, do: str, descriptors: Mapping[str, int] | None = None, **arguments: object) -> Any:
        """The result; RuntimeProblem with what it says went wrong, GoneError when it is no longer there."""
        given = descriptors or {}
        request = json.dumps({"do": do, "descriptors": list(given), **arguments}).encode()
        try:
            self.wait_until_ready()
            socket.send_fds(self.control, [request], list(given.values()))
        except OSError as error:
            raise GoneError from error
        answer = self._hear()
        if "problem" in answer:
            raise RuntimeProblem(answer["problem"])
        return answer["result"]

    def wait_until_ready(self) -> None:
        """Until it has imported what it forks."""
        if not self.is_ready:
            self._hear()
            self.is_ready = True

    def has_imported(self) -> bool:
        """The same without waiting."""
        if self.is_ready or select.select([self.control], [], [], 0)[0]:
            self.wait_until_ready()
        return self.is_ready

    @classmethod
    def kept(cls, pid: int, descriptor: int) -> "Forge":
        """The same one, in the program that we have become."""
        control = socket.socket(fileno=descriptor)
        control.set_inheritable(False)
        return cls(pid, _patient(control))

    def kept_across_exec(self) -> int:
        """The descriptor of its socket, which stays open in the program that we are about to become."""
        self.control.set_inheritable(True)
        return self.control.detach()

    def end(self) -> None:
        """It ends when it is hung up on, and at once."""
        self.control.close()
        with contextlib.suppress(ChildProcessError):  # the supervisor has reaped it: its number may be a stranger's
            if os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)

    def _hear(self) -> dict[str, Any]:
        try:
            said = self.control.recv(LARGEST_REQUEST_BYTES)
        except OSError as error:
            raise GoneError from error
        if not said:
            raise GoneError
        return dict(json.loads(said))


def exec_forge(names: Sequence[str], log_file: Path) -> Forge:
    """A fresh interpreter with an empty environment: nothing of the parent's memory, descriptors or variables."""
    ours, theirs = _socket_pair()
    program = [sys.executable, "-I", "-X", "utf8", "-c", BOOT, str(os.getpid()), str(theirs.fileno())]
    with theirs, _opened(log_file) as log:
        process = subprocess.Popen(
            [*program, *names],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={},
            cwd="/",
            pass_fds=(theirs.fileno(),),
            process_group=0,
            preexec_fn=dying_with_parent(signal.SIGTERM),  # noqa: PLW1509 - the parent has no threads
        )
    # reaped by its pid like all others; the object must not wait for it
    process.returncode = 0
    return Forge(process.pid, ours)


def begin_forge(services: Sequence[Service], logs: Path) -> Forge:
    """A clean one, which begins to import beside whatever else is to be done."""
    log_file = logs / "forge.log"
    rotate(log_file)
    return exec_forge([service.name for service in services], log_file)


@dataclass(slots=True)
class Forges:
    """The clean one and the one that knows. When one has ended, both are made anew for the next process."""

    services: Sequence[Service]
    replicas: int
    logs: Path
    _wiring: Wiring | None = field(default=None, init=False)
    _clean: Forge | None = field(default=None, init=False)
    _informed: Forge | None = field(default=None, init=False)

    @property
    def pids(self) -> list[int]:
        return [forge.pid for forge in (self._clean, self._informed) if forge is not None]

    def adopt(self, clean: Forge) -> None:
        """Go on with one that has begun already."""
        self._clean = clean

    def wait_until_ready(self) -> None:
        """Until everything is imported."""
        self._existing(self._clean).wait_until_ready()

    def inform(self, wiring: Wiring) -> None:
        """Fork the one that knows the environment and the secrets."""
        self._wiring = wiring
        ours, theirs = _socket_pair()
        known = pickle.dumps((dict(os.environ), Path.cwd(), wiring))
        with theirs, _told(known) as secrets:
            pid = self._existing(self._clean).ask("inform", {"its_control": theirs.fileno(), "secrets": secrets})
        self._informed = Forge(pid, ours)

    def build(self) -> None:
        """Build every service that is told secrets."""
        names = [service.name for service in self.services if service != CODE_EXECUTION]
        self._existing(self._informed).ask("build", names=names, replicas=self.replicas)

    def task(self, name: str, log_file: Path) -> Task:
        """Begin `migrations` or `seed`."""
        reading, writing = os.pipe()
        try:
            with _opened(log_file) as log:
                pid = self._existing(self._informed).ask("task", {"answer": writing, "log": log}, name=name)
        finally:
            os.close(writing)
        return Task(pid, reading)

    def serve(self, service: Service, replica: int, listening: socket.socket, log_file: Path) -> int:
        """Fork one replica, a child of ours; its pid. RuntimeProblem while the forges are being made anew."""
        try:
            self._inform_again()
            with _opened(log_file) as log:
                return self._serve(service, replica, {"listening": listening.fileno(), "log": log})
        except GoneError:
            self.stop()
            self.adopt(begin_forge(self.services, self.logs))
            raise

    def stop(self) -> None:
        for forge in (self._informed, self._clean):
            if forge is not None:
                forge.end()
        self._clean = self._informed = None

    def _serve(self, service: Service, replica: int, given: dict[str, int]) -> int:
        informed = self._existing(self._informed)
        if service != CODE_EXECUTION:
            return int(informed.ask("serve", given, name=service.name, replica=replica))
        settings = informed.ask("written_out", name=service.name)
        with _told(json.dumps(settings).encode()) as told:
            return int(self._existing(self._clean).ask("serve", {**given, "settings": told}, name=service.name))

    def _inform_again(self) -> None:
        if self._informed is not None or self._wiring is None:
            return
        if not self._existing(self._clean).has_imported():
            raise RuntimeProblem("The services are being imported again.")
        self.inform(self._wiring)
        self.build()

    def _existing(self, forge: Forge | None) -> Forge:
        if forge is None:
            raise GoneError
        return forge


def _socket_pair() -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return _patient(ours), theirs


def _patient(control: socket.socket) -> socket.socket:
    control.settimeout(ANSWER_WITHIN_S)
    return control


@contextmanager
def _opened(log_file: Path) -> Iterator[int]:
    log = os.open(log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        yield log
    finally:
        os.close(log)


@contextmanager
def _told(content: bytes) -> Iterator[int]:
    """A descriptor from which a child reads `content`; it never rests on a disk."""
    told = os.memfd_create("told")
    try:
        with os.fdopen(os.dup(told), "wb") as file:
            file.write(content)
        os.lseek(told, 0, os.SEEK_SET)
        yield told
    finally:
        os.close(told)
