"""What is seen of a hostile program, and what is wrong with it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from tests.hostile.programs.hostile import ERROR, MISTAKES, Hostile
from tests.hostile.service import Service

GRACE_S = 1.0
PATIENCE_S = 3.0
MAX_TEXT_BYTES = 3 * 65_536
"""64 kB as they came; a byte that is no UTF-8 is shown as a character of three."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A run as the API answered it, and what was found of the service after it."""

    result: dict[str, Any]
    wall_s: float
    next_answer: tuple[str, str]
    left: int
    is_alive: bool

    def is_late(self, hostile: Hostile) -> bool:
        return self.wall_s >= hostile.limit_s + GRACE_S

    @property
    def level(self) -> str:
        return str(self.result["isolation"]["level"])


def attack(service: Service, hostile: Hostile, usual: int, pid: int) -> Verdict:
    """Run it, then look at what it did: `usual` processes are the service's own, `pid` is the service."""
    started = time.monotonic()
    result = service.run(hostile.code, timeout_s=hostile.limit_s)
    wall_s = time.monotonic() - started
    after = service.run("print(42)")
    left = left_over(service, usual)
    return Verdict(result, wall_s, (after["status"], after["stdout"]), left, service.pid() == pid)


def left_over(service: Service, usual: int) -> int:
    """How many processes there are too many, after a moment's patience."""
    until = time.monotonic() + PATIENCE_S
    while (count := len(service.processes()) - usual) > 0 and time.monotonic() < until:
        time.sleep(0.01)
    return max(0, count)


def complaints(hostile: Hostile, verdict: Verdict, expected: tuple[str, ...] | None = None) -> list[str]:
    """Everything that is not as it should be; empty when the program was held."""
    alone = hostile.ends if hostile.alone is None else hostile.alone
    expected = expected or (alone if verdict.level == "L1" else hostile.ends)
    result = verdict.result
    said = f"{result['stdout']} {result['stderr']} {result['error']} {result['files']}"
    checks = {
        f"it ended with {result['status']}, not {expected}: {said[:1500]}": result["status"] in expected,
        f"it failed by a slip of its own: {said[:1500]}": not _is_slip(hostile, result),
        f"it does not say {hostile.says!r}: {said[:1500]}": hostile.says in said
        or result["status"] not in hostile.ends,
        f"it says {hostile.never!r}: {said[:1500]}": hostile.never not in f"{result['stdout']} {result['files']}",
        f"it took {verdict.wall_s:.2f} s of {hostile.limit_s} s": not verdict.is_late(hostile),
        "its output was not cut": len(result["stdout"].encode()) <= MAX_TEXT_BYTES,
        f"the next run answered {verdict.next_answer}": verdict.next_answer == ("ok", "42\n"),
        f"{verdict.left} processes are left": verdict.left == 0,
        "the service did not survive it": verdict.is_alive,
    }
    return [complaint for complaint, is_fine in checks.items() if not is_fine]


def _is_slip(hostile: Hostile, result: dict[str, Any]) -> bool:
    """An error must be one that the sandbox caused: a misspelt attack would be refused for ever."""
    if result["status"] != ERROR or result["error"] is None:
        return False
    kind = result["error"]["type"]
    if hostile.raises:
        return kind not in {*hostile.raises, "PermissionError"}
    return kind in MISTAKES
