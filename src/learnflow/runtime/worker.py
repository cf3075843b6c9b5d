"""One process that `up` keeps alive."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal

from learnflow.runtime.restarts import RestartPolicy

PUT_OFF_S = 0.1
State = Literal["running", "waiting", "failed", "stopped"]


class Turn(IntEnum):
    """When it is stopped: whoever is asked goes after whoever asks. PostgreSQL is the very last."""

    EDGE = 0
    SERVICE = 1
    SIDECAR = 2
    BROKER = 3


@dataclass(slots=True)
class Worker:
    """`spawn` starts the process and returns its pid, `reaped` hears its exit code; the rest is what became of it."""

    name: str
    spawn: Callable[[], int]
    replica: int = 1
    turn: Turn = Turn.SERVICE
    reaped: Callable[[int], None] | None = None
    policy: RestartPolicy = field(default_factory=RestartPolicy)
    pid: int = 0
    restarts: int = 0
    state: State = "stopped"
    due: float = 0.0
    started: float = 0.0

    def start(self) -> None:
        self.pid = self.spawn()
        self.started = time.monotonic()
        self.state = "running"

    def died(self) -> None:
        """It ended though nobody asked it to: decide when it starts again."""
        pause = self.policy.pause_after_death(time.monotonic() - self.started)
        self.pid = 0
        if pause is None:
            self.state = "failed"
        else:
            self.state = "waiting"
            self.due = time.monotonic() + pause
            self.restarts += 1

    def put_off(self) -> None:
        """It could not be started just now, through no fault of its own."""
        self.due = time.monotonic() + PUT_OFF_S

    def facts(self) -> dict[str, Any]:
        return {"replica": self.replica, "pid": self.pid, "restarts": self.restarts, "state": self.state}
