"""The client to the servers beside us, against sockets that say what they are told to say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from learnflow.kit.loopback import Answer, Loopback
from tests.unit.kit.served import Say, Served, always, serving

NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nETag: 7\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"


class Caller:
    """A client that always calls the same server."""

    def __init__(self, port: int) -> None:
        self.client = Loopback(connections=20)
        self._url = f"http://127.0.0.1:{port}/path"

    async def ask(self, content: bytes = b"", *, method: str = "POST") -> Answer:
        return await self.client.request(method, self._url, {"X-Token": "t"}, content)


@asynccontextmanager
async def calling(say: Say) -> AsyncIterator[tuple[Served, Caller]]:
    async with serving(say) as served:
        caller = Caller(served.port)
        yield served, caller
        await caller.client.close()


async def test_calls_one_after_another_share_a_connection() -> None:
    async with calling(always(NO_CONTENT)) as (served, caller):
        assert [(await caller.ask(b"abc")).status_code for _ in range(3)] == [204] * 3
        assert served.connections == 1
    assert served.heads[0].startswith(b"POST /path HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"X-Token: t\r\n" in served.heads[0]


async def test_an_answer_in_chunks_is_whole_and_its_headers_are_found_in_any_case() -> None:
    async with calling(always(CHUNKED)) as (_, caller):
        answer = await caller.ask()
    assert (answer.content, answer.headers["etag"], answer.headers["ETag"], answer.is_success) == (
        b"abc",
        "7",
        "7",
        True,
    )


async def test_a_server_that_closes_after_its_answer_is_met_on_a_new_connection() -> None:
    async with calling(always(LAST)) as (served, caller):
        assert [(await caller.ask()).content for _ in range(2)] == [b"x"] * 2
        assert served.connections == 2


async def test_a_connection_that_the_server_ended_while_it_was_idle_is_not_used_again() -> None:
    async with calling(always(NO_CONTENT)) as (served, caller):
        await caller.ask()
        served.writers[0].close()
        await asyncio.sleep(0.05)
        assert (await caller.ask()).status_code == 204
        assert served.connections == 2


@pytest.mark.parametrize("answer", [b"", b"no HTTP at all\r\n\r\n"])
async def test_a_server_that_goes_away_or_says_nonsense_is_an_os_error(answer: bytes) -> None:
    async with calling(always(answer)) as (_, caller):
        with pytest.raises(OSError, match=r"Disconnected|400|Bad"):
            await caller.ask()


@pytest.mark.parametrize(("method", "sent"), [("POST", 2), ("GET", 3)])
async def test_what_may_have_been_done_is_not_asked_twice(method: str, sent: int) -> None:
    """A request that HTTP calls repeatable is sent once more when the server ended a connection that it had kept."""
    answers = iter([NO_CONTENT, b"", NO_CONTENT])

    async def say(_body: bytes) -> bytes:
        return next(answers)

    async with calling(say) as (served, caller):
        await caller.ask(method=method)
        with suppress(ConnectionError):
            await caller.ask(method=method)
    assert len(served.heads) == sent


async def test_a_redirect_is_the_answer_and_a_cookie_is_not_kept() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n"
    async with calling(always(moved)) as (served, caller):
        assert [(await caller.ask()).status_code for _ in range(2)] == [302, 302]
    assert all(head.startswith(b"POST /path ") and b"ookie" not in head for head in served.heads)


async def test_the_environments_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with calling(always(NO_CONTENT)) as (_, caller):
        assert (await caller.ask()).status_code == 204


async def test_an_encoded_path_goes_on_as_it_is() -> None:
    async with calling(always(NO_CONTENT)) as (served, caller):
        await caller.client.request("GET", f"http://127.0.0.1:{served.port}/a%2Fb/../%41?q=%20+", {}, b"")
    assert served.heads[0].startswith(b"GET /a%2Fb/../%41?q=%20+ HTTP/1.1\r\n")


async def test_nobody_there_is_an_os_error() -> None:
    caller = Caller(9)
    with pytest.raises(OSError, match="Cannot connect"):
        await caller.ask()
    await caller.client.close()


async def test_the_late_answer_of_a_call_that_was_given_up_is_nobody_elses() -> None:
    async def say(body: bytes) -> bytes:
        await asyncio.sleep(0.1 if body == b"slow" else 0)
        return b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + body

    async with calling(say) as (_, caller):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await caller.ask(b"slow")
        assert (await caller.ask(b"fast")).content == b"fast"
        await asyncio.sleep(0.15)
        assert (await caller.ask(b"next")).content == b"next"


async def test_calls_at_once_have_connections_of_their_own_up_to_a_limit() -> None:
    async def say(body: bytes) -> bytes:
        await asyncio.sleep(0.01)
        return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + body

    async with calling(say) as (served, caller):
        bodies = [f"{number:02}".encode() for number in range(50)]
        answers = await asyncio.gather(*(caller.ask(body) for body in bodies))
        assert [answer.content for answer in answers] == bodies
        assert served.connections == 20


async def test_a_line_break_cannot_smuggle_a_header() -> None:
    async with calling(always(NO_CONTENT)) as (served, caller):
        with pytest.raises(ValueError, match="header injection"):
            await caller.client.request("GET", f"http://127.0.0.1:{served.port}/a", {"X": "1\r\nY: 2"}, b"")
        assert served.heads == []
