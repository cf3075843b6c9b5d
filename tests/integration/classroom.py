"""A gateway with everything, and people who are signed in there: for the tests of classes and of teachers' routes."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from learnflow.kit.database import Database
from learnflow.kit.invoke import Invoker
from learnflow.kit.principal import Role
from learnflow.services.api_gateway.app import create
from learnflow.services.api_gateway.settings import Settings
from tests.integration.accounts_instance import CHEAP, new_email, registration


@dataclass(frozen=True)
class Person:
    """Somebody with a session at the gateway."""

    id: UUID
    email: str
    client: httpx.AsyncClient

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.client.get(f"/api/v1{path}", **more)

    async def post(self, path: str, body: object = None, **more: Any) -> httpx.Response:
        return await self.client.post(f"/api/v1{path}", json=body, **more)

    async def patch(self, path: str, body: object) -> httpx.Response:
        return await self.client.patch(f"/api/v1{path}", json=body)

    async def delete(self, path: str) -> httpx.Response:
        return await self.client.delete(f"/api/v1{path}")

    async def classes(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.get("/classes")).json()["items"]
        return found

    async def new_class(self, name: str = "Python 9b") -> dict[str, Any]:
        answer = await self.post("/classes", {"name": name})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def joins(self, school_class: dict[str, Any]) -> None:
        answer = await self.post("/classes/join", {"class_code": school_class["class_code"]})
        assert answer.status_code == 200, answer.text


class Classroom:
    """People come in by the gateway's own doors."""

    def __init__(self, transport: httpx.ASGITransport, owner: Database) -> None:
        self._transport = transport
        self.owner = owner

    def client(self, token: str = "") -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(transport=self._transport, base_url="http://gateway", headers=headers)

    async def person(self, role: Role = "student", **changes: Any) -> Person:
        given = registration(email=new_email(), **changes) if "email" not in changes else registration(**changes)
        registered = await self.client().post("/api/v1/auth/register", json=given)
        assert registered.status_code == 201, registered.text
        if role != "student":
            await self.owner.execute("update users set role = $1 where id = $2", role, registered.json()["user"]["id"])
        login = {"email": given["email"], "password": given["password"], "refresh_in": "body"}
        signed_in = (await self.client().post("/api/v1/auth/login", json=login)).json()
        return Person(UUID(signed_in["user"]["id"]), given["email"], self.client(signed_in["access_token"]))


@asynccontextmanager
async def open_classroom(
    settings_for: Callable[..., dict[str, Any]],
    owner: Database,
    invoker: Callable[[Settings], Invoker] | None = None,
    **changes: Any,
) -> AsyncIterator[Classroom]:
    """The gateway alone; `invoker` stands for the services behind it."""
    settings = Settings(**settings_for("api-gateway", **{**CHEAP, **changes}))
    app = create(settings, invoker=invoker(settings)) if invoker else create(settings)
    async with app.router.lifespan_context(app):
        yield Classroom(httpx.ASGITransport(app), owner)
