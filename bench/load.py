"""A plain HTTP load: keep-alive connections that ask again as soon as they are answered."""

import asyncio
import time
from dataclasses import dataclass
from typing import cast

_ANSWERED = b"HTTP/1.1 "
_GOOD = b"HTTP/1.1 2"


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it: answers a second, and how many of them were not 2xx."""

    per_second: float
    failed: int


class _Asker(asyncio.Protocol):
    def __init__(self, request: bytes) -> None:
        self._request = request
        self._transport: asyncio.Transport | None = None
        self.answered = 0
        self.good = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # no isinstance: uvloop's transports are none of asyncio's
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        count = data.count(_ANSWERED)
        self.answered += count
        self.good += data.count(_GOOD)
        if count and self._transport is not None and not self._transport.is_closing():
            self._transport.write(self._request * count)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def get_request(path: str, token: str) -> bytes:
    """The bytes of a GET with a bearer token."""
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def post_request(path: str, body: bytes, token: str) -> bytes:
    """The bytes of a POST of JSON with a bearer token."""
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def drive(host: str, port: int, request: bytes, *, connections: int, warm_up_s: float, measured_s: float) -> Load:
    """Keep `connections` requests in flight; answers within `warm_up_s` do not count."""
    loop = asyncio.get_running_loop()
    askers: list[_Asker] = []
    for _ in range(connections):
        _, asker = await loop.create_connection(lambda: _Asker(request), host, port)
        askers.append(asker)
    await asyncio.sleep(warm_up_s)
    before, started = sum(asker.answered for asker in askers), time.perf_counter()
    await asyncio.sleep(measured_s)
    answered, elapsed = sum(asker.answered for asker in askers) - before, time.perf_counter() - started
    failed = sum(asker.answered - asker.good for asker in askers)
    for asker in askers:
        asker.close()
    return Load(answered / elapsed, failed)


class Caller:
    """One keep-alive connection for POSTs of JSON: costs the generator a tenth of a full HTTP client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader = reader
        self._writer = writer
        self._head = f"Host: bench\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        self._turn = asyncio.Lock()

    @classmethod
    async def connected(cls, host: str, port: int, token: str) -> "Caller":
        return cls(*await asyncio.open_connection(host, port), token)

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        async with self._turn:
            head = f"POST {path} HTTP/1.1\r\n{self._head}Content-Length: {len(body)}\r\n\r\n"
            self._writer.write(head.encode() + body)
            answer = await self._reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            return int(answer[9:12]), await self._reader.readexactly(length)

    def close(self) -> None:
        self._writer.close()
