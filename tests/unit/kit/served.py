"""A server that says what it is told to say, byte by byte."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

Say = Callable[[bytes], Awaitable[bytes]]


class Served:
    """Answers each body with what `say` gives for it; an empty answer, or one that says so, ends the connection."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.port = 0
        self.heads: list[bytes] = []
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        self.tasks.append(cast("asyncio.Task[None]", asyncio.current_task()))
        while (head := await _head(reader)) is not None:
            self.heads.append(head)
            answer = await self.say(await reader.readexactly(_length(head)))
            if not answer:
                break
            writer.write(answer)
            if b"Connection: close" in answer:
                break
        writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes | None:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return None


def _length(head: bytes) -> int:
    _, _, after = head.lower().partition(b"content-length: ")
    return int(after.split(b"\r\n")[0] or 0)


@asynccontextmanager
async def serving(say: Say) -> AsyncIterator[Served]:
    served = Served(say)
    server = await asyncio.start_server(served, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    yield served
    server.close()
    for writer in served.writers:
        writer.close()
    await asyncio.gather(*served.tasks)


def always(answer: bytes) -> Say:
    async def say(_body: bytes) -> bytes:
        return answer

    return say
