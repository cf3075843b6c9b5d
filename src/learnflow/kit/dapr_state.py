"""State in Dapr's store: the same as `kit.state` has it in a table, through the sidecar."""

from typing import Any
from urllib.parse import quote

import orjson

from learnflow.contracts.errors import Conflict, Unavailable
from learnflow.kit.loopback import Answer
from learnflow.kit.sidecar import Sidecar
from learnflow.kit.state import Stored

STORE = "statestore"
"""The name of the component in deploy/dapr."""
AGAIN = "Somebody else wrote this first. Read it again and repeat the change."


class DaprState:
    """The store keeps every app's keys apart by its app id. Calls leave the process: never inside a transaction."""

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar

    async def get(self, key: str) -> Stored | None:
        """The value, or None when there is none or its time is over."""
        answer = await self._sidecar.request("GET", _path(key) + "?consistency=strong")
        if answer.status_code == 204 or (answer.status_code == 200 and not answer.content):
            return None
        _expect(answer, 200)
        return Stored(orjson.loads(answer.content), answer.headers.get("etag", "").strip('"'))

    async def put(
        self, key: str, value: object, *, ttl_s: int | None = None, etag: str | None = None, first_write: bool = False
    ) -> None:
        """Write; with `etag` only over that version, with `first_write` only where nothing is: else Conflict."""
        item: dict[str, Any] = {"key": key, "value": value, "options": {"consistency": "strong"}}
        if ttl_s is not None:
            item["metadata"] = {"ttlInSeconds": str(ttl_s)}
        if etag is not None:
            item["etag"] = etag
        if etag is not None or first_write:
            item["options"]["concurrency"] = "first-write"
        answer = await self._sidecar.request(
            "POST", f"/v1.0/state/{STORE}", content=orjson.dumps([item]), headers={"Content-Type": "application/json"}
        )
        # somebody was first: 409 over an etag, but 500 without one
        if answer.status_code == 409 or (answer.status_code == 500 and first_write and await self.get(key) is not None):
            raise Conflict(AGAIN)
        _expect(answer, 204)

    async def delete(self, key: str, *, etag: str | None = None) -> bool:
        """True when there was something to delete; Conflict when `etag` is not its version any more."""
        stored = await self.get(key)
        if stored is None:
            return False
        headers = {"If-Match": etag} if etag is not None else {}
        answer = await self._sidecar.request("DELETE", _path(key) + "?concurrency=first-write", headers=headers)
        if answer.status_code == 409:
            raise Conflict(AGAIN)
        _expect(answer, 204)
        return True


def _path(key: str) -> str:
    return f"/v1.0/state/{STORE}/{quote(key, safe='')}"


def _expect(answer: Answer, status: int) -> None:
    if answer.status_code != status:
        raise Unavailable(f"The state store does not answer ({answer.status_code}). Try again in a moment.")
