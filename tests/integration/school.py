"""A small school for integration tests: students with keys and tokens, and services that run."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from learnflow.contracts.events import Fact, QuestionAsked
from learnflow.contracts.topics import TOPICS
from learnflow.kit.bus.base import Event, new_event
from learnflow.kit.bus.log import LogBus
from learnflow.kit.database import Database
from learnflow.kit.invoke import Invoker
from learnflow.kit.principal import Role, service_id
from learnflow.kit.sealed import Vault
from learnflow.kit.serve import listen, server_for
from learnflow.kit.settings import ServiceSettings
from learnflow.kit.signing import SigningKeys
from learnflow.services.api_gateway.classes.codes import new_code
from tests.answering import Answering, Reply

MASTER_KEY = bytes(range(32))
"""The content of the fixture `master_key_file`."""

INSERT_USER = """
insert into users (id, role, email_index, email, name, password_hash, timezone)
values ($1, 'student', sha256(uuid_send($1)), 'lf1.x', 'lf1.x', 'x', $2)
"""


INSERT_CLASS = """
with made as (
    insert into classes (id, name, join_code, settings, created_by)
    values (gen_random_uuid(), 'lf1.x', $4, $3, $1) returning id),
taught as (insert into class_teachers (class_id, teacher_id, is_owner) select id, $1, true from made)
insert into enrolments (class_id, student_id) select id, unnest($2::uuid[]) from made
"""


@dataclass(frozen=True)
class School:
    """What the gateway does for the others: accounts, keys, tokens, questions."""

    gateway: Database
    vault: Vault
    keys: SigningKeys
    bus: LogBus

    @classmethod
    @asynccontextmanager
    async def opened(cls, database_for: Callable[[str], Awaitable[Database]]) -> AsyncIterator["School"]:
        gateway = await database_for("api-gateway")
        bus = LogBus(gateway)
        await bus.start()
        yield cls(gateway, Vault(gateway, MASTER_KEY), SigningKeys(gateway, MASTER_KEY), bus)
        await bus.stop()

    async def student(self, timezone: str = "UTC") -> UUID:
        student_id = uuid4()
        await self.gateway.execute(INSERT_USER, student_id, timezone)
        await self.vault.create_key(student_id)
        return student_id

    async def teacher_of(self, *student_ids: UUID, timezone: str = "UTC", **settings: Any) -> UUID:
        """A teacher with a class of these students; `settings` are the class's limits."""
        teacher_id = await self.student(timezone)
        await self.gateway.execute("update users set role = 'teacher' where id = $1", teacher_id)
        await self.gateway.execute(INSERT_CLASS, teacher_id, list(student_ids), settings, new_code())
        return teacher_id

    async def token(self, user_id: UUID, role: Role = "student", session_id: UUID | None = None) -> str:
        return (await self.keys.issue(user_id, role, session_id=session_id)).token

    async def service_token(self, name: str) -> str:
        return (await self.keys.issue(service_id(name), "service", service=name)).token

    async def headers(self, user_id: UUID, role: Role = "student") -> dict[str, str]:
        return {"Authorization": f"Bearer {await self.token(user_id, role)}"}

    async def publish(self, student_id: UUID, *facts: Fact, correlation_id: UUID | None = None) -> list[Event]:
        """Facts as another service would send them."""
        events = [
            new_event(
                fact,
                source="/learnflow/api-gateway",
                student_id=student_id,
                correlation_id=correlation_id or getattr(fact, "query_id", None) or uuid4(),
            )
            for fact in facts
        ]
        async with self.gateway.transaction() as tx:
            await self.bus.publish(tx, events)
        return events

    async def question(
        self, student_id: UUID, query: str, *, code: str | None = None, error: str | None = None
    ) -> QuestionAsked:
        """A question with sealed texts, not yet published."""
        return QuestionAsked(
            query_id=uuid4(),
            query=await self.vault.seal(student_id, query),
            code=await self.vault.seal(student_id, code) if code else None,
            error=await self.vault.seal(student_id, error) if error else None,
        )

    async def published(self, topic: str, query_id: UUID, *, count: int = 1) -> list[dict[str, Any]]:
        """The events of a topic that a question led to; waits until there are `count`."""
        assert topic in TOPICS
        rows: list[Any] = []
        async with asyncio.timeout(10):
            while len(rows) < count:
                rows = await self.gateway.fetch(
                    "select ce from bus_log where topic = $1 and ce ->> 'correlationid' = $2 order by xid, seq",
                    topic,
                    str(query_id),
                )
                await asyncio.sleep(0.01)
        return [row["ce"] for row in rows]


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[str]:
    """The app behind uvicorn on a free loopback port; gives `127.0.0.1:<port>`."""
    listening: socket.socket = listen("127.0.0.1", 0)
    server = server_for(app)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        async with asyncio.timeout(10):
            while not server.started:
                assert not task.done(), "the service did not start"
                await asyncio.sleep(0.005)
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listening.close()


@asynccontextmanager
async def service_with(
    school: School, create: Callable[..., FastAPI], settings: ServiceSettings, reply: Reply
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of one running service, whose own calls to others end at `reply`."""
    invoker = Invoker(settings, client=Answering(reply))
    async with (
        running(create(settings, keys=school.keys, invoker=invoker)) as address,
        httpx.AsyncClient(base_url=f"http://{address}", trust_env=False, timeout=60) as client,
    ):
        yield client


async def eventually(check: Callable[[], Awaitable[bool]], *, within_s: float = 10) -> None:
    """Wait until the check holds."""
    async with asyncio.timeout(within_s):
        while not await check():  # noqa: ASYNC110 - what is waited for happens in a table, not in this task
            await asyncio.sleep(0.01)


def facts_of(events: Sequence[dict[str, Any]]) -> list[str]:
    """The types of events, shortened to the fact."""
    return [event["type"].split(".")[2] for event in events]
