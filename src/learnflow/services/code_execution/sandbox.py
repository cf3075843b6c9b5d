"""The sandbox as a part of the service: tries out what this machine offers, then runs programs with it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from learnflow.contracts.errors import Unavailable
from learnflow.services.code_execution import interpreter as interpreters
from learnflow.services.code_execution import metrics
from learnflow.services.code_execution.canary import Isolation, try_out
from learnflow.services.code_execution.interpreter import Interpreter, NoInterpreter
from learnflow.services.code_execution.outcome import Outcome, Program
from learnflow.services.code_execution.plan import Plan, plans
from learnflow.services.code_execution.runner import Runner, Stop
from learnflow.services.code_execution.settings import Settings

log = structlog.get_logger()

BEST_LEVEL = 2


@dataclass(frozen=True, slots=True)
class Chosen:
    """A way to run programs and what it is worth."""

    runner: Runner
    isolation: Isolation


class Sandbox:
    """Runs programs in threads of its own, at the best level that the canary has seen here."""

    name = "sandbox"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._chosen: Chosen | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._stops: set[Stop] = set()

    @property
    def isolation(self) -> Isolation:
        return self._chosen.isolation if self._chosen else Isolation(0, reason="the sandbox has not started")

    async def start(self) -> None:
        started = time.perf_counter()
        self._threads = ThreadPoolExecutor(self._settings.live_runs + self._settings.batch_runs, "run")
        self._chosen = await asyncio.to_thread(choose, self._settings)
        metrics.LEVEL.set(self.isolation.level)
        duration_ms = round((time.perf_counter() - started) * 1000, 1)
        isolation = self.isolation
        log.info("sandbox.tried_out", level=isolation.level, reason=isolation.reason, duration_ms=duration_ms)
        if isolation.level < 1 and self._refusal() is None:
            log.error("sandbox.unprotected", reason=isolation.reason, lowest_level=self._settings.lowest_level)

    async def stop(self) -> None:
        for stop in self._stops:
            stop.ask()
        if self._threads is not None:
            await asyncio.to_thread(self._threads.shutdown)

    async def reason_not_ready(self) -> str | None:
        return self._refusal()

    async def run(self, program: Program, slot: int, stop: Stop) -> Outcome:
        """Run it to its end; Unavailable with the reason when this machine cannot shut programs in."""
        runner = self.runner()
        self._stops.add(stop)
        try:
            outcome = await asyncio.get_running_loop().run_in_executor(self._threads, runner.run, program, slot, stop)
        finally:
            self._stops.discard(stop)
        metrics.RUNS.labels(outcome.status).inc()
        metrics.DURATION.observe(outcome.duration_ms / 1000)
        return outcome

    def runner(self) -> Runner:
        """The way programs are run here, if they are."""
        refusal = self._refusal()
        if refusal is not None or self._chosen is None:
            raise Unavailable(refusal or "The sandbox has not started.", retry_after_s=30.0)
        return self._chosen.runner

    def _refusal(self) -> str | None:
        if self._chosen is None:
            return "The sandbox has not started, or no Python was found for it."
        isolation, lowest = self._chosen.isolation, self._settings.lowest_level
        if isolation.level >= lowest:
            return None
        return f"No program is run here: isolation is L{isolation.level}, L{lowest} is needed ({isolation.reason})."


def choose(settings: Settings) -> Chosen | None:
    """Try plans and interpreters from the strongest on; the first best level is taken, else the highest seen."""
    best: Chosen | None = None
    for interpreter, plan in _ways(settings):
        runner = Runner(interpreter, plan, scratch_dir=settings.scratch_dir)
        chosen = Chosen(runner, try_out(runner))
        if best is None or chosen.isolation.level > best.isolation.level:
            best = chosen
        if best.isolation.level == BEST_LEVEL:
            break
    return best


def _ways(settings: Settings) -> Iterator[tuple[Interpreter, Plan]]:
    found = list(_interpreters(settings))
    for plan in plans():
        for interpreter in found:
            if plan.namespaces or plan.first_uid is None or interpreter.is_readable_by_all:
                yield interpreter, plan


def _interpreters(settings: Settings) -> Iterator[Interpreter]:
    for executable in interpreters.candidates(settings.interpreter):
        try:
            yield interpreters.inspect(executable)
        except NoInterpreter as error:
            log.warning("sandbox.interpreter.missing", reason=str(error))
