"""HTTP to one server beside us: aiohttp, which costs an eighth of httpx's CPU per call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp

CONNECTIONS = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said; its headers are found in any case."""

    status_code: int
    content: bytes
    headers: Mapping[str, str]

    @property
    def is_success(self) -> bool:
        return 200 <= self.status_code < 300


class Loopback:
    """Keep-alive connections to `host:port`, opened as they are needed, `CONNECTIONS` at most."""

    def __init__(self, host: str, port: int) -> None:
        self._address = f"http://{host}:{port}"
        self._session: aiohttp.ClientSession | None = None

    async def request(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Answer:
        """One call of an encoded path; OSError when nobody is there, or they go away before their answer is whole."""
        from aiohttp import ClientError
        from yarl import URL

        url = URL(self._address + path, encoded=True)
        try:
            async with self._opened().request(
                method, url, headers=headers, data=content, allow_redirects=False
            ) as answer:
                return Answer(answer.status, await answer.read(), answer.headers)
        except ClientError as error:
            raise ConnectionError(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        """End every connection; the next call opens one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            # it is several MB that only Dapr needs
            import aiohttp

            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(),  # who calls bounds the whole call
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )
        return self._session
