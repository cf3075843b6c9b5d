"""A real sandbox for tests of services that have programs run: one for the session, reached through an invoker."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from learnflow.contracts.services import CODE_EXECUTION
from learnflow.kit.serve import listen, server_for
from learnflow.services.code_execution.app import create
from learnflow.services.code_execution.settings import Settings

KEY = Ed25519PrivateKey.generate()


class _KeyInHand:
    async def public_key(self, kid: str) -> Ed25519PublicKey | None:
        return KEY.public_key()


class Sandboxes:
    """Give `answer` to a client of tests.answering: what is asked of code-execution is answered by real runs."""

    def __init__(self, address: str) -> None:
        self._address = address
        now = datetime.now(UTC)
        claims = {"iss": "learnflow", "aud": "learnflow", "sub": str(uuid4()), "role": "service", "svc": "exercise"}
        times = {"iat": now, "exp": now + timedelta(hours=1), "jti": "j"}
        self._token = jwt.encode({**claims, **times}, KEY, algorithm="EdDSA", headers={"kid": "k"})
        self.asked: list[str] = []

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """The sandbox's own answer; the caller's token is not looked at."""
        assert request.url.port == CODE_EXECUTION.port
        self.asked.append(request.content.decode())
        async with httpx.AsyncClient(base_url=f"http://{self._address}", trust_env=False, timeout=60) as client:
            answer = await client.request(
                request.method,
                request.url.path,
                content=request.content,
                headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
            )
        return httpx.Response(
            answer.status_code, headers={"Content-Type": answer.headers["Content-Type"]}, content=answer.content
        )


@contextmanager
def sandboxes() -> Iterator[Sandboxes]:
    """code-execution with a thread and an event loop of its own, so that one start serves every test."""
    server = server_for(create(Settings(), keys=_KeyInHand()))
    listening: socket.socket = listen("127.0.0.1", 0)
    # the public serve() would take over this process's signals, which only its main thread may do
    thread = threading.Thread(target=lambda: asyncio.run(server._serve([listening])), name="sandboxes")
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the sandbox did not start"
            threading.Event().wait(0.01)
        yield Sandboxes(f"127.0.0.1:{listening.getsockname()[1]}")
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
