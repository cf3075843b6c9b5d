"""Somebody who uses LearnFlow from outside: one address, one token."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import httpx

from learnflow.runtime.demo import DemoAccount

Found = TypeVar("Found")
LOOK_EVERY_S = 0.1
PATIENCE_S = 60.0
"""What is waited for takes about a second; on a busy machine, after a broker or a sidecar was killed, much longer."""


class Failed(Exception):
    """A step did not go as it must; `str()` says what was seen instead."""


class Person:
    """A signed-in user; `site` is the pages' address, by which the browser goes too."""

    def __init__(self, site: str, account: DemoAccount) -> None:
        self._http = httpx.Client(base_url=f"{site}/api/v1", timeout=30, trust_env=False)
        self.site = site
        self.account = account
        self.id = ""
        self.token = ""

    def sign_in(self) -> None:
        body = {"email": self.account.email, "password": self.account.password, "refresh_in": "body"}
        signed_in = self.call("POST", "/auth/login", body)
        self.id, self.token = signed_in["user"]["id"], signed_in["access_token"]
        self._http.headers["Authorization"] = f"Bearer {self.token}"

    def call(self, method: str, path: str, body: object | None = None) -> Any:
        """The JSON answer; Failed with the service's own sentence for anything but 2xx."""
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise Failed(f"{method} {path}: no answer ({type(error).__name__})") from error
        if not answer.is_success:
            raise Failed(f"{method} {path}: {answer.status_code} {_detail(answer)}")
        return answer.json() if answer.content else None

    def answer_as_it_comes(self, query_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The server-sent events of a question: their names and data."""
        name = ""
        with self._http.stream("GET", f"/query/{query_id}/stream") as stream:
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield name, json.loads(line.removeprefix("data: "))

    def close(self) -> None:
        self._http.close()


def until(look: Callable[[], Found | None], what: str) -> Found:
    """What `look` finds, as soon as it finds something; Failed, naming `what` was waited for."""
    deadline = time.monotonic() + PATIENCE_S
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise Failed(f"not seen within {PATIENCE_S:.0f} s: {what}")
        time.sleep(LOOK_EVERY_S)
    return found


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:200]
