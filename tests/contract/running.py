"""Every built service in this process on real ports, with one real database: for tests that call across services."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from learnflow.contracts.services import SERVICES, built_services
from learnflow.kit.serve import listen, load, server_for
from learnflow.kit.service_accounts import service_secret

READY_WITHIN_S = 15.0


class Running:
    """The services that serve; `url` is where one of them answers."""

    def __init__(self, offset: int) -> None:
        self.offset = offset

    def url(self, name: str, path: str = "", scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{SERVICES[name].port + self.offset}{path}"


@asynccontextmanager
async def all_services(arguments: Callable[..., dict[str, Any]], role_secret: str) -> AsyncIterator[Running]:
    """Start them, wait until all are up, stop them; `arguments` is the fixture `settings_for`."""
    offset = free_offset()
    async with contextlib.AsyncExitStack() as stack:
        servers = [_start(name, offset, arguments, role_secret, stack) for name in _built_names()]
        await asyncio.wait_for(_until_started(servers), READY_WITHIN_S)
        yield Running(offset)


def _built_names() -> list[str]:
    return [service.name for service in built_services()]


def _start(
    name: str,
    offset: int,
    arguments: Callable[..., dict[str, Any]],
    role_secret: str,
    stack: contextlib.AsyncExitStack,
) -> uvicorn.Server:
    factory = load(name)
    given = arguments(name, port_offset=offset, service_secret=service_secret(role_secret, name))
    settings = factory.settings({"pool_size": 3, **given})
    server = server_for(factory.create(settings))
    listening = listen("127.0.0.1", SERVICES[name].port + offset)
    # the public serve() would take over this process's signals, once for each server
    serving = asyncio.create_task(server._serve([listening]))
    stack.push_async_callback(_stopper(server, serving))
    return server


def _stopper(server: uvicorn.Server, serving: asyncio.Task[None]) -> Callable[[], Awaitable[None]]:
    async def stop() -> None:
        server.should_exit = True
        await serving

    return stop


async def _until_started(servers: list[uvicorn.Server]) -> None:
    while not all(server.started for server in servers):  # noqa: ASYNC110 - uvicorn tells it by an attribute only
        await asyncio.sleep(0.02)


def free_offset() -> int:
    """An offset at which all ports of the table are free now, below the range of outgoing connections."""
    for _ in range(50):
        offset = random.randrange(10_000, 24_000, 20)
        if all(_is_free(service.port + offset) for service in SERVICES.values()):
            return offset
    raise RuntimeError("no free range of ports was found in fifty tries")


def _is_free(port: int) -> bool:
    try:
        listen("127.0.0.1", port).close()
    except OSError:
        return False
    return True
