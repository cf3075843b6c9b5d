"""Idempotency-Key on any POST: a repeat gets the first answer, byte for byte, for 24 hours.

Answers rest sealed: under the user's own key, or, where nobody is signed in, under a key that can only be
derived with the repeated request itself. Of key, body and address nothing but a keyed hash is stored.
"""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID, uuid4

import orjson
import structlog
from fastapi import Depends, Header
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from learnflow.contracts.errors import (
    Conflict,
    Invalid,
    LearnFlowError,
    TooLarge,
    TooSlow,
    Unauthenticated,
    Unavailable,
)
from learnflow.contracts.sealed import SealedText
from learnflow.kit.idempotency_store import AnswerStore, Ask
from learnflow.kit.principal import Principal
from learnflow.kit.problems import render_error
from learnflow.kit.sealed import MasterCipher, Vault, derive, from_wire, to_wire

log = structlog.get_logger()

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"
LEASE_S = 6.0
RENEW_EVERY_S = 2.0
MAX_KEY_CHARS = 255
MAX_KEPT_BYTES = 1_048_576
NOT_KEPT = frozenset({401, 408, 425, 429})
"""Answers below 500 that a repeat may outlive: they are about the moment, not about the request."""


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The key of this request, None without one."""

    key: str | None


async def _idempotency_key(
    key: Annotated[
        str | None,
        Header(alias=HEADER, max_length=MAX_KEY_CHARS, description="Repeats with the same key get the first answer"),
    ] = None,
) -> IdempotencyKey:
    return IdempotencyKey(key)


Idempotent = Annotated[IdempotencyKey, Depends(_idempotency_key)]
"""For a route whose effect must happen once even if the process dies before the answer is kept."""


@dataclass(frozen=True, slots=True)
class _Request:
    """One keyed POST: where its answer is kept, and whose key seals it."""

    ask: Ask
    owner: UUID | None
    cipher: MasterCipher


class _Answer:
    """Collects what the application sends, so that it can be kept before the client has it."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def send(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"]) if self.messages else 500

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    def is_kept(self) -> bool:
        return self.status < 500 and self.status not in NOT_KEPT and len(self.body) <= MAX_KEPT_BYTES

    def dump(self) -> str:
        headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in self.messages[0]["headers"]]
        kept = {"status": self.status, "headers": headers, "body": base64.b64encode(self.body).decode()}
        return orjson.dumps(kept).decode()


class IdempotentPosts:
    """ASGI middleware, innermost: `app.user_middleware.append(Middleware(IdempotentPosts, answers=…, …))`."""

    def __init__(self, app: ASGIApp, *, answers: AnswerStore, vault: Vault, master_key: bytes) -> None:
        self._app = app
        self._answers = answers
        self._vault = vault
        self._master_key = master_key
        self._hash_key = derive(master_key, "idempotency-hashes")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or HEADER not in Headers(scope=scope):
            await self._app(scope, receive, send)
            return
        try:
            await self._once(scope, receive, send)
        except (TooLarge, TooSlow):
            raise  # the edge answers it: the body was not read to its end
        except LearnFlowError as error:
            await render_error(error)(scope, receive, send)

    async def _once(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = Headers(scope=scope)[HEADER]
        if not (0 < len(key) <= MAX_KEY_CHARS):
            raise Invalid(f"Send 1 to {MAX_KEY_CHARS} characters.", field=HEADER)
        body = await _whole_body(receive)
        if body is None:
            return
        request = await self._identify(scope, key, body)
        if await self._answers.claim(request.ask, LEASE_S):
            await self._answer_first(request, scope, _replay(body, receive), send)
        else:
            await self._answer_again(request, send)

    async def _identify(self, scope: Scope, key: str, body: bytes) -> _Request:
        principal = await _signed_in(scope)
        whose = str(principal.user_id).encode() if principal else _whose_open(scope)
        return _Request(
            Ask(
                scope=self._hash(whose),
                route=scope["path"][:500],
                key_hash=self._hash(key.encode()),
                body_hash=self._hash(scope["query_string"] + b"\0" + body),
                claim=uuid4(),
            ),
            owner=principal.user_id if principal and principal.role != "service" else None,
            cipher=MasterCipher(self._master_key, f"idempotency {self._hash(whose + key.encode() + body).hex()}"),
        )

    def _hash(self, value: bytes) -> bytes:
        # keyed, so that a short question or a password in a body cannot be guessed from its hash
        return hmac.digest(self._hash_key, value, hashlib.sha256)

    async def _answer_first(self, request: _Request, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer()
        try:
            async with self._claim_renewed(request.ask):
                await self._app(scope, receive, answer.send)
        except Exception:
            await self._answers.release(request.ask)
            raise
        await self._keep(request, answer)
        for message in answer.messages:
            await send(message)

    @asynccontextmanager
    async def _claim_renewed(self, ask: Ask) -> AsyncIterator[None]:
        renewal = asyncio.create_task(self._renew(ask), name="idempotency-claim")
        try:
            yield
        finally:
            renewal.cancel()
            await asyncio.gather(renewal, return_exceptions=True)

    async def _renew(self, ask: Ask) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            await self._answers.renew(ask, LEASE_S)

    async def _keep(self, request: _Request, answer: _Answer) -> None:
        try:
            if answer.is_kept():
                sealed = await self._seal(request, answer.dump())
                await self._answers.keep(request.ask, sealed)
            else:
                await self._answers.release(request.ask)
        except Unavailable:
            # the effect is there and its answer is known: the client gets it, a repeat may have to wait for the lease
            log.warning("idempotency.keep.failed", status=answer.status)

    async def _answer_again(self, request: _Request, send: Send) -> None:
        kept = await self._answers.find(request.ask)
        if kept is not None and not hmac.compare_digest(kept.body_hash, request.ask.body_hash):
            raise Invalid("This key was used for another request. Take a new key.", field=HEADER)
        if kept is None or kept.answer is None:
            raise Conflict("The first request with this key is still at work. Repeat it in a second.", retry_after_s=1)
        await _send_kept(await self._open(request, SealedText(kept.answer)), send)

    async def _seal(self, request: _Request, text: str) -> str:
        if request.owner is not None:
            return await self._vault.seal(request.owner, text)
        return to_wire(request.cipher.seal(text.encode(), request.ask.scope))

    async def _open(self, request: _Request, sealed: SealedText) -> str:
        if request.owner is not None:
            return await self._vault.open(request.owner, sealed)
        return request.cipher.open(from_wire(sealed), request.ask.scope).decode()


async def _signed_in(scope: Scope) -> Principal | None:
    """The sender; None on an open route, and with a bad token, which the route itself answers with 401."""
    kind, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        return None
    try:
        principal: Principal = await scope["app"].state.verifier.verify(token)
    except Unauthenticated:
        return None
    return principal


def _whose_open(scope: Scope) -> bytes:
    """Who sends where nobody is signed in: an address, and the cookies, since a refresh token may be one of them."""
    client = scope.get("client")
    cookies = "; ".join(Headers(scope=scope).getlist("cookie"))
    return f"open {client[0] if client else 'unknown'} {cookies}".encode()


async def _whole_body(receive: Receive) -> bytes | None:
    """The body (bounded by the edge), or None when the client is gone."""
    chunks = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body once more for the application, then whatever follows it."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed


async def _send_kept(text: str, send: Send) -> None:
    kept = orjson.loads(text)
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept["headers"]]
    start: Message = {"type": "http.response.start", "status": kept["status"], "headers": headers}
    MutableHeaders(scope=start)[REPLAYED_HEADER] = "true"
    await send(start)
    await send({"type": "http.response.body", "body": base64.b64decode(kept["body"])})
