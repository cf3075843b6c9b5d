"""The client to a server beside us, against sockets that say what they are told to say."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest

from learnflow.kit.loopback import Answer, Loopback

NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nETag: 7\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"
Say = Callable[[bytes], Awaitable[bytes]]


class Served:
    """Answers each request with what `say` gives for it; an empty answer ends the connection."""

    def __init__(self, say: Say) -> None:
        self.say = say
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
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            answer = await self.say(await reader.readexactly(length))
            if not answer:
                break
            writer.write(answer)
        writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes | None:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return None


@asynccontextmanager
async def serving(say: Say) -> AsyncIterator[tuple[Served, Loopback]]:
    served = Served(say)
    server = await asyncio.start_server(served, "127.0.0.1", 0)
    client = Loopback(*server.sockets[0].getsockname())
    yield served, client
    await client.close()
    server.close()
    await asyncio.gather(*served.tasks)


async def ask(client: Loopback, content: bytes = b"") -> Answer:
    return await client.request("POST", "/path", {"X-Token": "t"}, content)


def always(answer: bytes) -> Say:
    async def say(_body: bytes) -> bytes:
        return answer

    return say


async def test_calls_one_after_another_share_a_connection() -> None:
    async with serving(always(NO_CONTENT)) as (served, client):
        assert [(await ask(client, b"abc")).status_code for _ in range(3)] == [204] * 3
        assert served.connections == 1
    assert served.heads[0].startswith(b"POST /path HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"X-Token: t\r\n" in served.heads[0]


async def test_an_answer_in_chunks_is_whole_and_its_headers_are_found_in_any_case() -> None:
    async with serving(always(CHUNKED)) as (_, client):
        answer = await ask(client)
    assert (answer.content, answer.headers["etag"], answer.headers["ETag"], answer.is_success) == (
        b"abc",
        "7",
        "7",
        True,
    )


async def test_a_server_that_closes_after_its_answer_is_met_on_a_new_connection() -> None:
    async with serving(always(LAST)) as (served, client):
        assert [(await ask(client)).content for _ in range(2)] == [b"x"] * 2
        assert served.connections == 2


async def test_a_connection_that_the_server_ended_while_it_was_idle_is_not_used_again() -> None:
    async with serving(always(NO_CONTENT)) as (served, client):
        await ask(client)
        served.writers[0].close()
        await asyncio.sleep(0.05)
        assert (await ask(client)).status_code == 204
        assert served.connections == 2


@pytest.mark.parametrize("answer", [b"", b"no HTTP at all\r\n\r\n"])
async def test_a_server_that_goes_away_or_says_nonsense_is_an_os_error(answer: bytes) -> None:
    async with serving(always(answer)) as (_, client):
        with pytest.raises(OSError, match=r"Disconnected|400|Bad"):
            await ask(client)


async def test_nobody_there_is_an_os_error() -> None:
    client = Loopback("127.0.0.1", 9)
    with pytest.raises(OSError, match="Cannot connect"):
        await ask(client)
    await client.close()


async def test_the_late_answer_of_a_call_that_was_given_up_is_nobody_elses() -> None:
    async def say(body: bytes) -> bytes:
        await asyncio.sleep(0.1 if body == b"slow" else 0)
        return b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + body

    async with serving(say) as (_, client):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await ask(client, b"slow")
        assert (await ask(client, b"fast")).content == b"fast"
        await asyncio.sleep(0.15)
        assert (await ask(client, b"next")).content == b"next"


async def test_calls_at_once_have_connections_of_their_own_up_to_a_limit() -> None:
    async def say(body: bytes) -> bytes:
        await asyncio.sleep(0.01)
        return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + body

    async with serving(say) as (served, client):
        bodies = [f"{number:02}".encode() for number in range(50)]
        answers = await asyncio.gather(*(ask(client, body) for body in bodies))
        assert [answer.content for answer in answers] == bodies
        assert served.connections == 20


async def test_a_line_break_cannot_smuggle_a_header() -> None:
    async with serving(always(NO_CONTENT)) as (served, client):
        with pytest.raises(ValueError, match="header injection"):
            await client.request("GET", "/a", {"X": "1\r\nY: 2"}, b"")
        assert served.heads == []
