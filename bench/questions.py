"""A question from the gateway to its answer frame, on another bus beside the log driver, as people start both."""

import asyncio
from pathlib import Path

from bench.platform import Platform
from bench.query import UNLIMITED, whole_walk
from bench.rows import Row, percentile
from learnflow.contracts.services import SERVICES
from learnflow.runtime.embedded import port_is_free

QUESTIONS_PER_S = 50
QUESTIONS_S = 10.0
PORT_OFFSETS = range(10_000, 24_000, 100)
GOAL_MS = 100.0


async def question_rows(bus: str, folder: Path) -> list[Row]:
    """The log driver first, a moment before; nothing else runs meanwhile."""
    times: dict[str, list[float]] = {}
    wrong = 0
    for one in ("log", bus):
        place = folder / f"up-{one}"
        await asyncio.to_thread(_make, place)
        platform = Platform(place / "data", _free_offset(), ("--bus", one), UNLIMITED)
        try:
            await asyncio.to_thread(platform.start)
            times[one], failed = await whole_walk(platform, QUESTIONS_PER_S, QUESTIONS_S)
            wrong += failed
        finally:
            await asyncio.to_thread(platform.stop)
    value, base = percentile(times[bus], 0.95), percentile(times["log"], 0.95)
    what = f"question -> answer frame over {bus}, {QUESTIONS_PER_S}/s, p95"
    ratio = value / base if base else None
    return [
        Row(f"{bus}.question", what, value, "ms", f"< {GOAL_MS:g}", base, ratio, value < GOAL_MS),
        Row(f"{bus}.question.wrong", "questions refused, answers lost or doubled", wrong, "", "0", met=wrong == 0),
    ]


def _make(place: Path) -> None:
    place.mkdir()
    # PostgreSQL's unprivileged user passes through
    place.chmod(0o711)


def _free_offset() -> int:
    ports = [service.port for service in SERVICES.values()]
    return next(offset for offset in PORT_OFFSETS if all(port_is_free(port + offset) for port in ports))
