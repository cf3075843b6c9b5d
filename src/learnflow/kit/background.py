"""Parts whose life is one task in the background."""

import asyncio
from abc import ABC, abstractmethod

import structlog

log = structlog.get_logger()


class Background(ABC):
    """A part that runs `_run` from start to stop; ready unless it says otherwise."""

    name: str

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def reason_not_ready(self) -> str | None:
        return None

    @abstractmethod
    async def _run(self) -> None: ...


class Periodic(Background):
    """Does `tick` every `every_s` seconds; a failure is logged and the next one tried."""

    every_s: float

    @abstractmethod
    async def tick(self) -> None: ...

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self.every_s)
            try:
                await self.tick()
            except Exception as error:  # noqa: BLE001 - housekeeping goes on after any failure
                log.warning("background.tick.failed", part=self.name, error=type(error).__name__)
