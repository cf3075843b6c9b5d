"""All zygotes of one way of shutting programs in: gives each run to one, renews them, starts anew what has ended."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import replace

import structlog

from learnflow.contracts.errors import Unavailable
from learnflow.services.code_execution import metrics
from learnflow.services.code_execution.canary import judge_zygote
from learnflow.services.code_execution.isolation import Isolation
from learnflow.services.code_execution.live import LiveRun
from learnflow.services.code_execution.outcome import Outcome, Program, Seen, judge
from learnflow.services.code_execution.plan import ZYGOTES
from learnflow.services.code_execution.slots import Turns
from learnflow.services.code_execution.zygote import Failed, Way, Zygote

log = structlog.get_logger()

MOST_RUNS = 1_000
MOST_AGE_S = 600.0
MENDED_AFTER_S = 30.0
"""What is odd is renewed at once, but not more often than this: it may be the machine's doing."""
_STARTS_PER_CORE = 4
_LONGEST_START_S = 0.03
_CANARIES = 2
_LOOK_AFTER_S = 1.0
_ATTEMPTS = 2
_LOOKS = 2


class Stop:
    """Ends a run now, or as soon as it has begun."""

    def __init__(self) -> None:
        self.is_asked = False
        self._live: LiveRun | None = None

    def ask(self) -> None:
        self.is_asked = True
        if self._live is not None:
            self._live.stop()

    def attach(self, live: LiveRun | None) -> None:
        self._live = live
        if live is not None and self.is_asked:
            live.stop()


class Zygotes:
    """Each zygote is judged by a canary of its own before it serves; until then the one before it goes on."""

    def __init__(self, way: Way, isolation: Isolation, count: int, first: Zygote | None = None) -> None:
        self.way = way
        self._seen_last = isolation
        self._best_level = isolation.level
        self._count = count
        self._serving: list[Zygote] = [first] if first else []
        self._retired: list[Zygote] = []
        self._blocks = [block for block in range(ZYGOTES) if first is None or block != first.block]
        self._keeper: asyncio.Task[None] | None = None
        self._look = asyncio.Event()
        self._looked = asyncio.Event()
        self._is_stopping = False
        self._mended_at = float("-inf")
        self._turns = Turns(_STARTS_PER_CORE * (os.cpu_count() or 1), _LONGEST_START_S)
        if first is not None:
            first.isolation = isolation

    async def start(self) -> None:
        await self._fill()
        self._keeper = asyncio.create_task(self._keep(), name="sandbox.zygotes")

    async def stop(self) -> None:
        if self._keeper is not None:
            self._is_stopping = True  # not cancelled: a zygote that is just coming up would be nobody's
            self._look.set()
            await asyncio.wait([self._keeper])
        for zygote in (*self._serving, *self._retired):
            await zygote.close()

    @property
    def serving(self) -> list[Zygote]:
        return [zygote for zygote in self._serving if zygote.is_up]

    @property
    def isolation(self) -> Isolation:
        """The least that a run may get now; with no zygote to run it, what the last canary saw."""
        return min((zygote.isolation for zygote in self.serving), key=lambda seen: seen.level, default=self._seen_last)

    async def run(self, program: Program, stop: Stop | None = None, free: Callable[[], None] | None = None) -> Outcome:
        """Run it to its end; what fails for reasons of ours is tried once more. `free` is called when all is gone."""
        stop = stop or Stop()
        live: LiveRun | None = None
        try:
            for _ in range(_ATTEMPTS):
                await self._bring_up()
                end_turn = await self._turns.take()
                try:
                    zygote, live = self._begin(program)
                    seen = await self._seen(live, stop)
                finally:
                    end_turn()
                outcome = judge(seen, program, self.way.limits.output_bytes)
                if outcome.status != "sandbox_error" or stop.is_asked:
                    break
                log.warning("sandbox.run.failed", reason=outcome.error.message if outcome.error else None)
                zygote.is_odd = True
            return replace(outcome, isolation=zygote.isolation)
        finally:
            if free is not None:
                _when_gone(live, free)

    async def _seen(self, live: LiveRun, stop: Stop) -> Seen:
        stop.attach(live)
        try:
            return await live.finished
        except asyncio.CancelledError:
            live.stop()
            raise
        finally:
            stop.attach(None)

    def _begin(self, program: Program) -> tuple[Zygote, LiveRun]:
        for zygote in sorted(self.serving, key=lambda zygote: zygote.live):
            try:
                live = zygote.begin(program)
            except OSError:
                continue
            if zygote.runs >= MOST_RUNS:
                self._look.set()
            return zygote, live
        self._look.set()
        raise Unavailable("The sandbox is just being renewed. Try again in a moment.", retry_after_s=1.0)

    async def _bring_up(self) -> None:
        """When every zygote has ended: wait for the keeper, who starts another one if there can be one."""
        for _ in range(_LOOKS):  # the keeper may just be busy with another one
            if self.serving or self._keeper is None or self._keeper.done():
                return
            self._looked.clear()
            self._look.set()
            await self._looked.wait()

    async def _keep(self) -> None:
        """Renews what is worn or has ended, one after the other; the old one finishes what it has in hand."""
        try:
            while not self._is_stopping:
                try:
                    async with asyncio.timeout(_LOOK_AFTER_S):
                        await self._look.wait()
                except TimeoutError:
                    pass
                self._look.clear()
                if not self._is_stopping:
                    await self._renew()
                self._looked.set()
        finally:
            self._looked.set()

    async def _renew(self) -> None:
        await self._bury()
        await self._fill()
        for zygote in [zygote for zygote in self._serving if not zygote.is_up or self._is_worn(zygote)]:
            if await self._one_more():
                self._serving.remove(zygote)
                self._retired.append(zygote)
        await self._bury()
        metrics.LEVEL.set(self.isolation.level)

    async def _fill(self) -> None:
        while len(self._serving) < self._count:
            if not await self._one_more():
                return

    async def _bury(self) -> None:
        for zygote in [zygote for zygote in self._retired if not zygote.live]:
            self._retired.remove(zygote)
            await self._close(zygote)

    async def _close(self, zygote: Zygote) -> None:
        await zygote.close()
        self._blocks.append(zygote.block)

    async def _one_more(self) -> bool:
        """Whether there is one: what its canary saw is its isolation; what no canary could see does not serve."""
        if not self._blocks:  # those that were relieved still have runs in hand
            return False
        zygote = Zygote(self.way, self._blocks.pop(0))
        try:
            await zygote.start()
            zygote.isolation = await judge_zygote(zygote)
        except Failed as error:
            zygote.isolation = Isolation(0, {error.layer: f"failed({error.reason})"}, str(error), is_known=False)
        if zygote.isolation.is_known:
            self._seen_last = zygote.isolation
            self._serving.append(zygote)
            return True
        self._not_renewed(zygote.isolation)
        await self._close(zygote)
        return False

    def _not_renewed(self, seen: Isolation) -> None:
        """Who serves goes on, at the level that its own canary saw, and says that it should have been relieved."""
        log.warning("sandbox.zygote.not_renewed", reason=seen.reason)
        self._seen_last = seen
        self._mended_at = time.monotonic()
        for zygote in self.serving:
            zygote.isolation = replace(zygote.isolation, reason=f"not renewed: {seen.reason}")

    def _is_worn(self, zygote: Zygote) -> bool:
        now = time.monotonic()
        if now - self._mended_at < MENDED_AFTER_S:
            return False
        if zygote.is_odd or zygote.isolation.level < self._best_level:
            self._mended_at = now
            return True
        is_old = now - zygote.started_at >= MOST_AGE_S and zygote.runs > _CANARIES
        return zygote.runs >= MOST_RUNS or is_old


def _when_gone(live: LiveRun | None, free: Callable[[], None]) -> None:
    if live is None or live.gone.done():
        free()
    else:
        live.gone.add_done_callback(lambda _: free())
