"""The sandbox as a part of the service: tries out what this machine offers, then runs programs with it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import structlog

from learnflow.contracts.errors import Unavailable
from learnflow.services.code_execution import interpreter as interpreters
from learnflow.services.code_execution import memory_groups, metrics, run_folders
from learnflow.services.code_execution.canary import try_out
from learnflow.services.code_execution.interpreter import Interpreter, NoInterpreter
from learnflow.services.code_execution.isolation import Isolation
from learnflow.services.code_execution.memory_groups import MemoryGroups
from learnflow.services.code_execution.outcome import Outcome, Program
from learnflow.services.code_execution.plan import Plan, plans
from learnflow.services.code_execution.settings import Settings
from learnflow.services.code_execution.zygote import Way, Zygote
from learnflow.services.code_execution.zygotes import Stop, Zygotes

log = structlog.get_logger()

_CORES_PER_ZYGOTE = 2


@dataclass(frozen=True, slots=True)
class Chosen:
    """A way to run programs and what it is worth."""

    way: Way
    isolation: Isolation
    zygote: Zygote


class Sandbox:
    """Runs programs at the best level that the canary has seen here."""

    name = "sandbox"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._zygotes: Zygotes | None = None
        self._stops: set[Stop] = set()

    @property
    def isolation(self) -> Isolation:
        return self._zygotes.isolation if self._zygotes else Isolation(0, reason="the sandbox has not started")

    async def start(self) -> None:
        started = time.perf_counter()
        chosen = await choose(self._settings)
        if chosen is not None:
            self._zygotes = Zygotes(chosen.way, chosen.isolation, _zygote_count(), chosen.zygote)
            if self._refusal() is None:
                await self._zygotes.start()
            else:
                await chosen.zygote.close()
        metrics.LEVEL.set(self.isolation.level)
        duration_ms = round((time.perf_counter() - started) * 1000, 1)
        isolation = self.isolation
        log.info("sandbox.tried_out", level=isolation.level, reason=isolation.reason, duration_ms=duration_ms)
        if isolation.level < 1 and self._refusal() is None:
            log.error("sandbox.unprotected", reason=isolation.reason, lowest_level=self._settings.lowest_level)

    async def stop(self) -> None:
        for stop in self._stops:
            stop.ask()
        if self._zygotes is not None:
            await self._zygotes.stop()
        if self._zygotes is not None and self._zygotes.way.groups is not None:
            await asyncio.to_thread(self._zygotes.way.groups.remove)

    async def reason_not_ready(self) -> str | None:
        return self._refusal()

    async def run(self, program: Program, stop: Stop, free: Callable[[], None]) -> Outcome:
        """Run it to its end; `free` is called when its last process is gone, which may be later."""
        try:
            zygotes = self.zygotes()
        except Unavailable:
            free()
            raise
        self._stops.add(stop)
        try:
            outcome = await zygotes.run(program, stop, free)
        finally:
            self._stops.discard(stop)
        metrics.RUNS.labels(outcome.status).inc()
        metrics.DURATION.observe(outcome.duration_ms / 1000)
        return outcome

    def zygotes(self) -> Zygotes:
        """The way programs are run here; Unavailable with the reason when this machine cannot shut programs in."""
        refusal = self._refusal()
        if refusal is not None or self._zygotes is None:
            raise Unavailable(refusal or "The sandbox has not started.", retry_after_s=30.0)
        return self._zygotes

    def _refusal(self) -> str | None:
        if self._zygotes is None:
            return "The sandbox has not started, or no Python was found for it."
        isolation, lowest = self._zygotes.isolation, self._settings.lowest_level
        if isolation.level >= lowest:
            return None
        return f"No program is run here: isolation is L{isolation.level}, L{lowest} is needed ({isolation.reason})."


async def choose(settings: Settings) -> Chosen | None:
    """Try plans and interpreters from the strongest on; the first best level is taken, else the highest seen."""
    best: Chosen | None = None
    reasons: dict[str, None] = {}  # in order, each once
    groups = await asyncio.to_thread(_groups, settings)
    await asyncio.to_thread(run_folders.remove_stale, settings.scratch_dir)
    for interpreter, plan in _ways(settings, cgroup=groups is not None):
        parked = settings.parked_runs if plan.namespaces else 0
        way = Way(interpreter, plan, scratch_dir=settings.scratch_dir, parked=parked, groups=groups)
        chosen = Chosen(way, *await try_out(way))
        if chosen.isolation.level == 0:
            reasons.setdefault(chosen.isolation.reason or "", None)
        best = await _better(best, chosen)
        if best.isolation.level >= plan.goal:
            break
    if best is not None and best.isolation.level == 0:
        return replace(best, isolation=replace(best.isolation, reason=" | ".join(reasons)))
    return best


async def _better(one: Chosen | None, other: Chosen) -> Chosen:
    """The one of higher level, the first where they are equal; the other's zygote is closed."""
    if one is None:
        return other
    better, worse = (other, one) if other.isolation.level > one.isolation.level else (one, other)
    await worse.zygote.close()
    return better


def _zygote_count() -> int:
    return max(1, len(os.sched_getaffinity(0)) // _CORES_PER_ZYGOTE)


def _groups(settings: Settings) -> MemoryGroups | None:
    try:
        return memory_groups.find(settings.cgroup)
    except memory_groups.NoGroups as error:
        log.info("sandbox.cgroup.absent", reason=str(error))
        return None


def _ways(settings: Settings, *, cgroup: bool) -> Iterator[tuple[Interpreter, Plan]]:
    found = list(_interpreters(settings))
    for plan in plans(cgroup=cgroup):
        for interpreter in found:
            if plan.namespaces or plan.first_uid is None or interpreter.is_readable_by_all:
                yield interpreter, plan


def _interpreters(settings: Settings) -> Iterator[Interpreter]:
    for executable in interpreters.candidates(settings.interpreter):
        try:
            yield interpreters.inspect(executable)
        except NoInterpreter as error:
            log.warning("sandbox.interpreter.missing", reason=str(error))
