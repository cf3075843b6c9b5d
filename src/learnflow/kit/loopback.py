"""HTTP to the servers beside us: aiohttp, which costs an eighth of httpx's CPU per call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import aiohttp
from yarl import URL

KEPT_FOR_S = 15.0
"""Shorter than our servers keep a connection that nobody uses (120 s), and the sidecars (90 s)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said; its headers are found in any case."""

    status_code: int
    content: bytes
    headers: Mapping[str, str]

    @property
    def is_success(self) -> bool:
        return 200 <= self.status_code < 300


class Client(Protocol):
    """Carries the calls; OSError when nobody answers."""

    async def request(self, method: str, url: str, headers: Mapping[str, str], content: bytes, /) -> Answer: ...

    async def close(self) -> None: ...


class Loopback:
    """Keep-alive connections by plain HTTP, opened as they are needed, `connections` at most."""

    def __init__(self, *, connections: int) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def request(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> Answer:
        """One call of an encoded URL; OSError when nobody is there, or they go away before their answer is whole."""
        target = URL(url, encoded=True)
        try:
            async with self._opened().request(
                method, target, headers=headers, data=content, allow_redirects=False
            ) as answer:
                return Answer(answer.status, await answer.read(), answer.headers)
        except aiohttp.ClientError as error:
            raise ConnectionError(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        """End every connection; the next call opens one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=KEPT_FOR_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(),  # who calls bounds the whole call
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )
        return self._session
