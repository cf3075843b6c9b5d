"""All zygotes of one way of shutting programs in: gives each run to one, renews them, starts anew what has ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog

from learnflow.contracts.errors import Unavailable
from learnflow.services.code_execution.canary import Isolation, judge_zygote
from learnflow.services.code_execution.live import LiveRun
from learnflow.services.code_execution.outcome import Outcome, Program, Seen, judge
from learnflow.services.code_execution.plan import ZYGOTES
from learnflow.services.code_execution.zygote import Failed, Way, Zygote

log = structlog.get_logger()

MOST_RUNS = 1_000
MOST_AGE_S = 600.0
_LOOK_AFTER_S = 1.0
_ATTEMPTS = 2


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
    """`isolation` is what the newest canary saw."""

    def __init__(self, way: Way, isolation: Isolation, count: int, first: Zygote | None = None) -> None:
        self.way = way
        self.isolation = isolation
        self._count = count
        self._serving: list[Zygote] = [first] if first else []
        self._retired: list[Zygote] = []
        self._blocks = [block for block in range(ZYGOTES) if first is None or block != first.block]
        self._keeper: asyncio.Task[None] | None = None
        self._look = asyncio.Event()
        self._is_stopping = False

    async def start(self) -> None:
        while len(self._serving) < self._count:
            await self._one_more()
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

    async def run(self, program: Program, stop: Stop | None = None, free: Callable[[], None] | None = None) -> Outcome:
        """Run it to its end; what fails for reasons of ours is tried once more. `free` is called when all is gone."""
        stop = stop or Stop()
        live: LiveRun | None = None
        try:
            for _ in range(_ATTEMPTS):
                live = self._begin(program)
                outcome = judge(await self._seen(live, stop), program, self.way.limits.output_bytes)
                if outcome.status != "sandbox_error" or stop.is_asked:
                    break
                log.warning("sandbox.run.failed", reason=outcome.error.message if outcome.error else None)
                await self._bring_up()
            return outcome
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

    def _begin(self, program: Program) -> LiveRun:
        for zygote in sorted(self.serving, key=lambda zygote: zygote.live):
            try:
                live = zygote.begin(program)
            except OSError:
                continue
            if zygote.runs >= MOST_RUNS:
                self._look.set()
            return live
        self._look.set()
        raise Unavailable("The sandbox is just being renewed. Try again in a moment.", retry_after_s=1.0)

    async def _bring_up(self) -> None:
        """After a failure: at least one zygote that lives, if there can be one."""
        if not self.serving:
            await self._renew()

    async def _keep(self) -> None:
        """Renews what is worn or has ended, one after the other; the old one finishes what it has in hand."""
        while not self._is_stopping:
            try:
                async with asyncio.timeout(_LOOK_AFTER_S):
                    await self._look.wait()
            except TimeoutError:
                pass
            self._look.clear()
            if not self._is_stopping:
                await self._renew()

    async def _renew(self) -> None:
        for zygote in [zygote for zygote in self._serving if not zygote.is_up or _is_worn(zygote)]:
            if zygote not in self._serving:
                continue
            try:
                await self._one_more()
            except Failed as error:
                log.warning("sandbox.zygote.failed", layer=error.layer, reason=error.reason)
                return
            if zygote in self._serving:
                self._serving.remove(zygote)
                self._retired.append(zygote)
        for zygote in [zygote for zygote in self._retired if not zygote.live]:
            self._retired.remove(zygote)
            await zygote.close()
            self._blocks.append(zygote.block)

    async def _one_more(self) -> None:
        block = self._blocks.pop(0)
        zygote = Zygote(self.way, block)
        try:
            await zygote.start()
        except Failed:
            self._blocks.append(block)
            raise
        self.isolation = await judge_zygote(zygote)
        self._serving.append(zygote)


def _is_worn(zygote: Zygote) -> bool:
    is_old = time.monotonic() - zygote.started_at >= MOST_AGE_S and zygote.runs > 1
    return zygote.runs >= MOST_RUNS or is_old


def _when_gone(live: LiveRun | None, free: Callable[[], None]) -> None:
    if live is None or live.gone.done():
        free()
    else:
        live.gone.add_done_callback(lambda _: free())
