"""An auditing client: asks at a steady rate, writes down every 202 and every frame, and judges from the file alone.

It imports nothing of the product: what it knows is the public HTTP and WebSocket contract.
"""

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

QUESTION = "How do for loops work?"
RECONNECT_S = 0.1
UNLIMITED = httpx.Limits(max_connections=None, max_keepalive_connections=50)
"""A pool with an end never recovers from a killed server: what waited in it is refused by the client itself."""


class Journal:
    """Lines of JSON, each on disk before anything else happens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a", buffering=1)

    def write(self, kind: str, **facts: object) -> None:
        self._file.write(json.dumps({"at": time.time(), "kind": kind, **facts}) + "\n")

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the file shows about acknowledged questions; `refused` were answered with an error, so never promised."""

    accepted: int
    refused: int
    answered_once: int
    unanswered: int
    doubled: int
    frames_repeated: int

    @property
    def holds(self) -> bool:
        return self.accepted > 0 and self.answered_once == self.accepted and not self.doubled + self.frames_repeated


def judge(path: Path) -> Verdict:
    """Exactly one answer frame for each 202, each frame once; questions whose 202 was lost may have one or none."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    accepted = {line["query_id"] for line in lines if line["kind"] == "accepted"}
    frames = Counter((line["student"], line["id"]) for line in lines if line["kind"] == "frame")
    answers = [line for line in lines if line["kind"] == "frame" and line["type"] == "answer"]
    places: dict[str, set[int]] = {}
    for line in answers:
        places.setdefault(line["query_id"], set()).add(line["id"])
    return Verdict(
        accepted=len(accepted),
        refused=sum(line["kind"] == "refused" for line in lines),
        answered_once=sum(len(places.get(query_id, ())) == 1 for query_id in accepted),
        unanswered=len(accepted - places.keys()),
        doubled=sum(len(found) > 1 for found in places.values()),
        frames_repeated=sum(count - 1 for count in frames.values()),
    )


@dataclass
class Auditor:
    """Students who ask over HTTP and listen on sockets, through every outage."""

    gateway: str
    sockets: str
    journal: Journal
    question: str = QUESTION
    students: list[dict[str, str]] = field(default_factory=list)
    _accepted: set[str] = field(default_factory=set)
    _answered: set[str] = field(default_factory=set)
    """An answer may be heard before the 202 of its question."""
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def enrol(self, count: int) -> None:
        """Register students and open a socket for each."""
        async with httpx.AsyncClient(base_url=self.gateway, timeout=20) as client:
            for _ in range(count):
                body = {"email": f"{uuid4().hex}@school.example", "password": "a-long-password", "name": "Robin"}
                answer = await client.post("/api/v1/auth/register", json=body)
                answer.raise_for_status()
                self.students.append({"id": answer.json()["user"]["id"], "token": answer.json()["access_token"]})
        listening = [asyncio.Event() for _ in self.students]
        pairs = zip(self.students, listening, strict=True)
        self._tasks = [asyncio.create_task(self._listen(student, heard)) for student, heard in pairs]
        await asyncio.gather(*(heard.wait() for heard in listening))

    async def ask_steadily(self, per_second: float, over: asyncio.Event) -> None:
        """Questions at a fixed rate until it is over, whether the last ones were answered or not."""
        begun, asking = time.monotonic(), set()
        async with httpx.AsyncClient(base_url=self.gateway, timeout=10, limits=UNLIMITED) as client:
            turns = itertools.cycle(self.students)
            for number in itertools.count():
                await asyncio.sleep(max(0.0, begun + number / per_second - time.monotonic()))
                if over.is_set():
                    break
                asking.add(asyncio.create_task(self._ask(client, next(turns))))
            await asyncio.gather(*asking)

    async def settle(self, within_s: float) -> None:
        """Wait until every acknowledged question has its answer on the socket, or the time is over."""
        deadline = time.monotonic() + within_s
        while self._accepted - self._answered and time.monotonic() < deadline:  # noqa: ASYNC110 - bounded by a deadline
            await asyncio.sleep(0.1)
        # a second answer would come now
        await asyncio.sleep(1.0)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.journal.close()

    async def _ask(self, client: httpx.AsyncClient, student: dict[str, str]) -> None:
        headers = {"Authorization": f"Bearer {student['token']}", "Idempotency-Key": uuid4().hex}
        try:
            answer = await client.post("/api/v1/query", json={"query": self.question}, headers=headers)
        except httpx.HTTPError as error:
            self.journal.write("refused", reason=type(error).__name__)
            return
        if answer.status_code == 202:
            query_id = answer.json()["query_id"]
            self.journal.write("accepted", query_id=query_id)
            self._accepted.add(query_id)
        else:
            self.journal.write("refused", reason=answer.status_code)

    async def _listen(self, student: dict[str, str], heard: asyncio.Event) -> None:
        seen: int | None = None
        while True:
            try:
                async with connect(f"{self.sockets}/ws/chat/{student['id']}", open_timeout=5) as socket:
                    first: dict[str, Any] = {"type": "auth", "token": student["token"], "last_event_id": seen}
                    await socket.send(json.dumps(first if seen is not None else {**first, "last_event_id": None}))
                    async for message in socket:
                        frame = json.loads(message)
                        if frame["type"] == "ready" and seen is None:
                            seen = frame["data"]["last_event_id"]
                            heard.set()
                        seen = self._note(student, frame, seen)
            except (OSError, TimeoutError, WebSocketException) as error:
                self.journal.write("socket_lost", student=student["id"], reason=type(error).__name__)
            await asyncio.sleep(RECONNECT_S)

    def _note(self, student: dict[str, str], frame: dict[str, Any], seen: int | None) -> int | None:
        if frame.get("id") is None:
            return seen
        query_id = frame["data"].get("query_id")
        self.journal.write("frame", student=student["id"], id=frame["id"], type=frame["type"], query_id=query_id)
        if frame["type"] == "answer":
            self._answered.add(query_id)
        return int(frame["id"])


def refusals(path: Path) -> Sequence[tuple[str, int]]:
    """Why questions were refused, and how often."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return Counter(str(line["reason"]) for line in lines if line["kind"] == "refused").most_common()
