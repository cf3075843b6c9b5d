"""Instances of the gateway with accounts only, on one database: what the tests of accounts talk to."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware

from learnflow.contracts.services import API_GATEWAY
from learnflow.kit.app import create_app
from learnflow.kit.database import open_database
from learnflow.kit.idempotency import IdempotentPosts
from learnflow.kit.idempotency_store import TableAnswers
from learnflow.kit.invoke import Invoker
from learnflow.kit.wakeups import Wakeups
from learnflow.services.api_gateway.accounts.assembly import AccountParts, build_accounts
from learnflow.services.api_gateway.accounts.mail import AccountMail
from learnflow.services.api_gateway.app import account_routers
from learnflow.services.api_gateway.settings import Settings
from tests.answering import Answering

PASSWORD = "a long password"
CHEAP = {"password_memory_kib": 8, "password_passes": 1}


@dataclass(frozen=True)
class Instance:
    """One instance: its parts, and a client that keeps cookies like a browser."""

    app: FastAPI
    parts: AccountParts
    client: httpx.AsyncClient

    async def post(self, path: str, body: object = None, **more: Any) -> httpx.Response:
        return await self.client.post(f"/api/v1{path}", json=body, **more)

    async def get(self, path: str, token: str) -> httpx.Response:
        return await self.client.get(f"/api/v1{path}", headers=bearer(token))

    async def register(self, **changes: Any) -> dict[str, Any]:
        answer = await self.post("/auth/register", registration(**changes))
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def login(self, email: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
        return await self.post("/auth/login", {"email": email, "password": password, "refresh_in": "body"}, **more)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def new_email() -> str:
    return f"{uuid4().hex[:12]}@school.example"


def registration(**changes: Any) -> dict[str, Any]:
    return {"email": new_email(), "password": PASSWORD, "name": "Ada Student", "refresh_in": "body", **changes}


class Mailbox:
    """The notification service as the gateway meets it: `is_away` refuses, else it keeps what it is sent."""

    def __init__(self, settings_for: Callable[..., dict[str, Any]], gateway: Instance) -> None:
        self.sent: list[dict[str, Any]] = []
        self.roles: list[str] = []
        self.is_away = False
        self._gateway = gateway
        invoker = Invoker(Settings(**settings_for("api-gateway")), client=Answering(self._take))
        self.mail: AccountMail = gateway.parts.mail(invoker)

    async def _take(self, request: httpx.Request) -> httpx.Response:
        if self.is_away:
            raise httpx.ConnectError("refused", request=request)
        assert request.url.path == "/notifications/publish"
        token = request.headers["Authorization"].removeprefix("Bearer ")
        self.roles.append((await self._gateway.parts.verifier.verify(token)).role)
        self.sent.append(json.loads(request.content))
        return httpx.Response(202, json={})

    def token(self) -> str:
        return str(self.sent[-1]["message"]).partition("#token=")[2].split()[0]


@asynccontextmanager
async def running(
    settings_for: Callable[..., dict[str, Any]],
    *,
    address: str = "203.0.113.7",
    routers: tuple[APIRouter, ...] = (),
    **changes: Any,
) -> AsyncIterator[Instance]:
    """An instance that is ready; `changes` are settings."""
    settings = Settings(**settings_for("api-gateway", **{**CHEAP, **changes}))
    database = open_database(settings)
    wakeups = Wakeups(database)
    parts = build_accounts(settings, database, wakeups)
    app = create_app(
        API_GATEWAY,
        settings,
        routers=[*account_routers(parts), *routers],
        parts=[database, wakeups, parts.revocations],
        verifier=parts.verifier,
    )
    app.user_middleware.append(
        Middleware(IdempotentPosts, answers=TableAnswers(database), vault=parts.vault, master_key=parts.master_key)
    )
    transport = httpx.ASGITransport(app, client=(address, 1))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://gateway") as client,
    ):
        yield Instance(app, parts, client)
