"""All services in one process and one loop: for tests, debuggers, and systems without `sigtimedwait`.

The same factories, ports and settings as with a process each. code-execution stays a program of its own:
what runs students' code never shares a memory with anything that knows a secret.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from learnflow.contracts.services import CODE_EXECUTION, Service
from learnflow.kit.serve import Factory, server_for
from learnflow.runtime.children import exec_service
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.supervisor import FIRST_TO_STOP


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # whoever runs the loop decides when it ends
        yield


def server_in_this_loop(factory: Factory, overrides: dict[str, Any]) -> uvicorn.Server:
    """uvicorn for one service, without signal handlers of its own."""
    return in_this_loop(server_for(factory.create(factory.settings(overrides))))


def in_this_loop(server: uvicorn.Server) -> uvicorn.Server:
    """The same server without signal handlers of its own."""
    return _Server(server.config)


@dataclass(slots=True)
class _Running:
    name: str
    server: uvicorn.Server
    task: asyncio.Task[None]


@dataclass(slots=True)
class InProcess:
    """`overrides` and `written_out` give a service's settings, as `Wiring` does."""

    factories: Sequence[Factory]
    sockets: dict[str, socket.socket]
    overrides: Callable[[Service], dict[str, Any]]
    written_out: Callable[[Factory], dict[str, Any]]
    logs: Path
    _running: list[_Running] = field(default_factory=list, init=False)
    _alone: list[int] = field(default_factory=list, init=False)

    async def start(self) -> None:
        """Start all and wait until each accepts; RuntimeProblem names one that does not start."""
        for factory in self.factories:
            name, listening = factory.service.name, self.sockets[factory.service.name]
            if factory.service == CODE_EXECUTION:
                log = self.logs / f"{name}.log"
                alone = exec_service(factory.service, listening, log)
                alone.tell(self.written_out(factory))
                self._alone.append(alone.pid)
            else:
                server = server_in_this_loop(factory, self.overrides(factory.service))
                self._running.append(_Running(name, server, asyncio.create_task(server.serve([listening]))))
        for running in self._running:
            await _started(running)

    async def stop(self) -> None:
        """The edge first, then the rest; code-execution last, since the others may still ask it."""
        for edge in (True, False):
            leaving = [running for running in self._running if (running.name in FIRST_TO_STOP) is edge]
            for running in leaving:
                running.server.should_exit = True
            await asyncio.gather(*(running.task for running in leaving), return_exceptions=True)
        for pid in self._alone:
            await asyncio.to_thread(_end, pid)


async def _started(running: _Running) -> None:
    while not running.server.started:
        if running.task.done():
            raise RuntimeProblem(f"{running.name} did not start; its log says why.")
        await asyncio.sleep(0.01)


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        # gone already, and reaped by somebody else
        return
