"""What stands in for the services that a service calls: a function in the test's own process."""

from collections.abc import Callable, Coroutine, Mapping

import httpx

from learnflow.kit.loopback import Answer

Reply = Callable[[httpx.Request], httpx.Response] | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]
"""What the caller hears; httpx.TransportError when nobody is there."""


class Answering:
    """A client whose every call ends at `reply`."""

    def __init__(self, reply: Reply) -> None:
        self._transport = httpx.MockTransport(reply)

    async def request(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> Answer:
        asked = httpx.Request(method, url, headers=headers, content=content)
        try:
            answer = await self._transport.handle_async_request(asked)
        except httpx.TransportError as error:
            raise ConnectionError(str(error)) from error
        return Answer(answer.status_code, answer.content, answer.headers)

    async def close(self) -> None:
        """Nothing is open."""
