"""JSON lines from inside a run. On the student's channel anything may come: what is no message is passed over."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

CHANNEL_MAX_BYTES = 1_048_576
MOST_MESSAGES = 1_200
"""A thousand steps and the few others that a run has; a program may write here too, and each costs us time."""


class Messages:
    def __init__(self, on_message: Callable[[str, Any], None], max_bytes: int = CHANNEL_MAX_BYTES) -> None:
        self._on_message = on_message
        self._rest = b""
        self._bytes_left = max_bytes
        self._messages_left = MOST_MESSAGES

    @property
    def is_full(self) -> bool:
        """More came than a run of ours ever says."""
        return self._bytes_left <= 0 or self._messages_left <= 0

    def feed(self, data: bytes) -> None:
        if self.is_full:
            return
        self._bytes_left -= len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines[: self._messages_left]:
            self._take(line)
        self._messages_left -= len(lines)

    def _take(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return
        if isinstance(message, dict) and len(message) == 1:
            ((kind, value),) = message.items()
            self._on_message(kind, value)
