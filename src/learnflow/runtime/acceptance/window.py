"""An open page of somebody's: their socket, and what came over it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from learnflow.runtime.acceptance.people import PATIENCE_S, Failed, Person

Frame = dict[str, Any]


class Window:
    """Signed in when it has been made; Failed when that is refused."""

    def __init__(self, person: Person) -> None:
        address = f"{person.site.replace('http', 'ws', 1)}/ws/chat/{person.id}"
        try:
            self._socket = connect(address, proxy=None, open_timeout=10)
            self._socket.send(json.dumps({"type": "auth", "token": person.token}))
        except (OSError, WebSocketException) as error:
            raise Failed(f"no socket for {person.account.name}: {error}") from error
        self.waits_for(lambda frame: bool(frame["type"] == "ready"), "the socket's ready")

    def waits_for(self, is_it: Callable[[Frame], bool], what: str) -> Frame:
        """The first frame for which `is_it` holds; Failed, naming `what` was waited for."""
        deadline = time.monotonic() + PATIENCE_S
        while (left := deadline - time.monotonic()) > 0:
            try:
                frame: Frame = json.loads(self._socket.recv(timeout=left))
            except TimeoutError:
                break
            except WebSocketException as error:
                raise Failed(f"the page lost its socket: {error}") from error
            if is_it(frame):
                return frame
        raise Failed(f"not told on the open page within {PATIENCE_S:.0f} s: {what}")

    def close(self) -> None:
        self._socket.close()
