"""JSON lines from inside a run. On the student's channel anything may come: what is no message is passed over."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

CHANNEL_MAX_BYTES = 1_048_576


class Messages:
    def __init__(self, on_message: Callable[[str, Any], None], max_bytes: int = CHANNEL_MAX_BYTES) -> None:
        self._on_message = on_message
        self._rest = b""
        self._bytes_left = max_bytes

    def feed(self, data: bytes) -> None:
        if self._bytes_left <= 0:
            return
        self._bytes_left -= len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return
        if isinstance(message, dict) and len(message) == 1:
            ((kind, value),) = message.items()
            self._on_message(kind, value)
