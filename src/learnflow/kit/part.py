"""A part of a service that is started before the first request and stopped after the last."""

from typing import Protocol


class Part(Protocol):
    """Something with a life of its own: a pool, a reader, a worker."""

    name: str

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def reason_not_ready(self) -> str | None:
        """None when it can work now, else a sentence that says what is missing."""
        ...
