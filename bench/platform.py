"""A running LearnFlow, started as people start it, and students who use it from outside."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect

START_LIMIT_S = 25
WITH_BROKER_LIMIT_S = 180
PASSWORD = "a-long-password"


@dataclass
class Platform:
    """`learnflow up` in a process of its own, on ports and in a folder of its own."""

    data: Path
    port_offset: int
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "learnflow.cli", "up", "--data", str(self.data)]
        command += ["--port-offset", str(self.port_offset), *self.options]
        with (self.data.parent / "up.log").open("wb") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, **self.environment}, start_new_session=True
            )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + (WITH_BROKER_LIMIT_S if "--bus" in self.options else START_LIMIT_S)
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            if "curl" in self.output():
                return
            time.sleep(0.05)
        raise AssertionError(f"up did not become ready:\n{self.output()}")

    def output(self) -> str:
        return (self.data.parent / "up.log").read_text(errors="replace")

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)

    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads((self.data / "run" / "instance.json").read_text())
        return facts

    def address(self, service: str) -> str:
        address: str = self.facts()["addresses"][service]
        return address

    def pids(self, service: str) -> list[int]:
        return [process["pid"] for process in self.facts()["processes"][service]]

    def owner_dsn(self) -> str:
        return (self.data / "secrets" / "owner_dsn").read_text().strip()

    def logs(self) -> str:
        texts = [path.read_text(errors="replace") for path in sorted((self.data / "logs").iterdir())]
        return "\n".join([*texts, self.output()])

    @asynccontextmanager
    async def student(self) -> AsyncIterator["Student"]:
        """A newly registered student, signed in."""
        async with httpx.AsyncClient(base_url=self.address("api-gateway"), timeout=15) as client:
            body = {"email": f"{uuid4().hex}@school.example", "password": PASSWORD, "name": "Robin Reader"}
            answer = await client.post("/api/v1/auth/register", json=body)
            assert answer.status_code == 201, answer.text
            signed_in = answer.json()
            client.headers["Authorization"] = f"Bearer {signed_in['access_token']}"
            yield Student(self, client, signed_in["user"]["id"], signed_in["access_token"])


@dataclass
class Student:
    """One student's client."""

    platform: Platform
    client: httpx.AsyncClient
    id: str
    token: str

    async def ask(self, query: str, **more: object) -> dict[str, Any]:
        """Ask and wait for the answer; the question as the API shows it."""
        answer = await self.client.post("/api/v1/query", json={"query": query, **more}, headers={"Prefer": "wait=5"})
        assert answer.status_code == 200, answer.text
        question: dict[str, Any] = answer.json()
        return question

    @asynccontextmanager
    async def socket(self, last_event_id: int | None = None) -> AsyncIterator["Socket"]:
        """An open, authenticated socket of this student."""
        url = self.platform.address("websocket").replace("http", "ws") + f"/ws/chat/{self.id}"
        async with connect(url) as connection:
            first: dict[str, object] = {"type": "auth", "token": self.token}
            if last_event_id is not None:
                first["last_event_id"] = last_event_id
            await connection.send(json.dumps(first))
            yield Socket(connection)


@dataclass
class Socket:
    """Frames in and out."""

    connection: ClientConnection

    async def send(self, frame: dict[str, object]) -> None:
        await self.connection.send(json.dumps(frame))

    async def until(self, kind: str) -> list[dict[str, Any]]:
        """All frames up to the first of this type; fails after 10 s."""
        frames: list[dict[str, Any]] = []
        async with asyncio.timeout(10):
            while not frames or frames[-1]["type"] != kind:
                frames.append(json.loads(await self.connection.recv()))
        return frames
