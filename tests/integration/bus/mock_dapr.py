"""What a Dapr sidecar over Kafka does, in this process: bulk publish, raw delivery by HTTP, state with etags.

Good for the quick suite; the real one is met in tests/distributed/dapr.
"""

from __future__ import annotations

import asyncio
import base64
import zlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx
import orjson

from learnflow.kit.loopback import Answer

Deliver = Callable[[str, str, bytes], Awaitable[int]]
"""Group, topic, body -> the app's status."""

PARTITIONS = 8
RETRY_S = 0.02


class MockDapr:
    """The broker, and every sidecar in front of it; `is_away` makes all of them answer 500."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, int], list[bytes]] = defaultdict(list)
        self.state: dict[str, tuple[str, Any, dict[str, str]]] = {}
        self.seen_tokens: set[str] = set()
        self.is_away = False
        self._offsets: dict[tuple[str, str, int], int] = defaultdict(int)
        self._members: dict[tuple[str, str], list[Deliver]] = defaultdict(list)
        self._tasks: dict[tuple[str, str, int], asyncio.Task[None]] = {}
        self._grown = asyncio.Event()

    async def request(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> Answer:
        """As a sidecar's client."""
        asked = httpx.Request(method, url, headers=headers, content=content)
        answer = await self._answer(asked)
        return Answer(answer.status_code, answer.content, answer.headers)

    async def close(self) -> None:
        """It is shared by all sidecars of a test."""

    def join(self, group: str, topic: str, deliver: Deliver) -> None:
        """One more app of the group; the partitions are shared out anew."""
        self._members[group, topic].append(deliver)
        for part in range(PARTITIONS):
            if (group, topic, part) not in self._tasks:
                name = f"sidecar {group} {topic} {part}"
                self._tasks[group, topic, part] = asyncio.create_task(self._read(group, topic, part), name=name)

    def leave(self, deliver: Deliver) -> None:
        for members in self._members.values():
            if deliver in members:
                members.remove(deliver)

    def kill(self) -> None:
        """End every delivery where it stands, and forget the apps."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        self._members.clear()

    async def _read(self, group: str, topic: str, part: int) -> None:
        place = (group, topic, part)
        while True:
            records, members = self.records[topic, part], self._members[group, topic]
            if self._offsets[place] >= len(records) or not members:
                self._grown.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(RETRY_S):
                        await self._grown.wait()
                continue
            raw = records[self._offsets[place]]
            body = orjson.dumps({"id": str(uuid4()), "data_base64": base64.b64encode(raw).decode()})
            status = await members[part % len(members)](group, topic, body)
            if status in {204, 404}:
                self._offsets[place] += 1
            else:
                await asyncio.sleep(RETRY_S)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.seen_tokens.add(request.headers.get("dapr-api-token", ""))
        if self.is_away:
            return httpx.Response(500)
        path = request.url.path
        if path.startswith("/v1.0/publish/bulk/"):
            return self._publish(path.rpartition("/")[2], orjson.loads(request.content))
        if path.startswith("/v1.0/state/"):
            return self._state(request)
        return httpx.Response(204)

    def _publish(self, topic: str, entries: list[dict[str, Any]]) -> httpx.Response:
        for entry in entries:
            part = zlib.crc32(entry["metadata"]["partitionKey"].encode()) % PARTITIONS
            self.records[topic, part].append(entry["event"].encode())
        self._grown.set()
        return httpx.Response(204)

    def _state(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return self._write(orjson.loads(request.content)[0])
        key = request.url.path.rpartition("/")[2]
        found = self.state.get(key)
        if request.method == "GET":
            return (
                httpx.Response(204) if found is None else httpx.Response(200, json=found[1], headers={"ETag": found[0]})
            )
        if found is not None and request.headers.get("If-Match", found[0]) != found[0]:
            return httpx.Response(409)
        self.state.pop(key, None)
        return httpx.Response(204)

    def _write(self, item: dict[str, Any]) -> httpx.Response:
        found, etag = self.state.get(item["key"]), item.get("etag")
        if etag is not None and (found is None or found[0] != etag):
            return httpx.Response(409)
        if etag is None and found is not None and item["options"].get("concurrency") == "first-write":
            return httpx.Response(500)
        self.state[item["key"]] = (str(uuid4()), item["value"], item.get("metadata", {}))
        return httpx.Response(204)
