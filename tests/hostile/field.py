"""Where programs are tried: a few services for each machine, side by side, each with one program at a time.

An ordinary user without namespaces is the exception: there the kernel counts all tasks of the user together, whichever
service they belong to. So that machine has one service, its programs come first, and the others wait for them.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass

from tests.hostile.judging import Verdict, attack, left_over
from tests.hostile.programs import Hostile
from tests.hostile.service import ON_DEMAND, THIS, WITHOUT_NAMESPACES, Machine, Service, settled

IS_ROOT = os.geteuid() == 0
MACHINES = (THIS, ON_DEMAND, WITHOUT_NAMESPACES)
SERVICES = 2
"""For each machine: most programs wait for their time limit, so two cores serve several."""


@dataclass(frozen=True)
class Kept:
    """A running service, which process it is, and how many processes are its own."""

    service: Service
    pid: int
    usual: int
    level: str


class Lanes:
    """The services of one machine."""

    def __init__(self, machine: Machine, port_offset: int) -> None:
        count = SERVICES if IS_ROOT or machine is not WITHOUT_NAMESPACES else 1
        self._free: queue.Queue[Kept] = queue.Queue()
        self._next = threading.Lock()
        self._services = [Service(machine, port_offset) for _ in range(count)]
        self._threads = ThreadPoolExecutor(count)
        self._starting = [self._threads.submit(self._keep, service) for service in self._services]
        self._verdicts: dict[str, Future[Verdict]] = {}
        self._first: list[Future[Verdict]] = []

    def _keep(self, service: Service) -> None:
        health = service.wait_until_up()
        level = health["isolation"]["level"]
        self._free.put(Kept(service, service.pid(), settled(service), level))

    @contextmanager
    def one(self) -> Iterator[Kept]:
        """A service for oneself; afterwards nothing may be left of what ran there."""
        kept = self._take()
        try:
            yield kept
            assert left_over(kept.service, kept.usual) == 0
        finally:
            self._free.put(kept)

    def _take(self) -> Kept:
        """A free service. Who waits for one is the next: a program's thread, which has just given its own back, would
        else take it again at once, a hundred times, and a test wait in vain."""
        with self._next:
            return self._free.get(timeout=60)

    def wait(self) -> None:
        """Until all services are up."""
        for started in self._starting:
            started.result()

    def want(self, hostile: Hostile) -> None:
        """Start it as soon as there is room."""
        self._verdicts[hostile.id] = self._threads.submit(self._attack, hostile)

    def let_go_first(self, other: Lanes) -> None:
        """What is wanted of the other one now is done before anything here."""
        self._first += other._verdicts.values()

    def _attack(self, hostile: Hostile) -> Verdict:
        wait(self._first)
        kept = self._take()
        try:
            verdict = attack(kept.service, hostile, kept.usual, kept.pid)
            if verdict.is_late(hostile):
                # a busy machine is late once; a sandbox that does not end its runs is late every time
                verdict = attack(kept.service, hostile, kept.usual, kept.pid)
            return verdict
        finally:
            self._free.put(kept)

    def verdict(self, hostile: Hostile) -> Verdict:
        if hostile.id not in self._verdicts:
            self.want(hostile)
        return self._verdicts[hostile.id].result()

    def end(self) -> None:
        """Take no more, and ask all to stop."""
        self._threads.shutdown(cancel_futures=True)
        self.wait()
        for service in self._services:
            service.end()

    def close(self) -> list[str]:
        """What outlived its service."""
        return [f"a process outlived {service.machine.name}" for service in self._services if service.stop() != 0]


class Field:
    """The services of every machine, started when the first program wants one."""

    def __init__(self, port_offset: int) -> None:
        self._port_offset = port_offset
        self._lanes: dict[str, Lanes] = {}

    def lanes(self, machine: Machine) -> Lanes:
        if machine.name not in self._lanes:
            self._lanes[machine.name] = Lanes(machine, self._port_offset)
        return self._lanes[machine.name]

    def start(self, machines: list[Machine]) -> None:
        """Start them side by side and wait: a service that starts would take a program's time from it."""
        for lanes in [self.lanes(machine) for machine in machines if IS_ROOT or machine is not WITHOUT_NAMESPACES]:
            lanes.wait()
        for machine in machines:
            self.lanes(machine).wait()

    def want(self, wanted: list[tuple[Machine, Hostile]]) -> None:
        """Start all of them, each as soon as there is room."""
        alone = [hostile for machine, hostile in wanted if machine is WITHOUT_NAMESPACES]
        for hostile in alone:
            self.lanes(WITHOUT_NAMESPACES).want(hostile)
        for machine in dict.fromkeys(machine for machine, _ in wanted if machine is not WITHOUT_NAMESPACES):
            if alone and not IS_ROOT:
                self.lanes(machine).let_go_first(self.lanes(WITHOUT_NAMESPACES))
        for machine, hostile in wanted:
            if machine is not WITHOUT_NAMESPACES:
                self.lanes(machine).want(hostile)

    def close(self) -> list[str]:
        """What outlived its service."""
        for lanes in self._lanes.values():
            lanes.end()
        return [left for lanes in self._lanes.values() for left in lanes.close()]
