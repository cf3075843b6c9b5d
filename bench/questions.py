"""A question from the gateway to its answer frame, on another bus beside the log driver, as people start both."""

import asyncio
from pathlib import Path

from bench.platform import Platform
from bench.query import UNLIMITED, whole_walk
from bench.rows import Row, percentile
from learnflow.contracts.services import SERVICES
from learnflow.runtime.embedded import port_is_free

RATES = (10, 50)
"""Questions a second: a class that works, and a school at once."""
QUESTIONS_S = 10.0
PORT_OFFSETS = range(10_000, 24_000, 100)
GOAL_MS = 100.0


async def question_rows(bus: str, folder: Path) -> list[Row]:
    """The log driver first, a moment before; nothing else runs meanwhile."""
    base, wrong_before = await _walks("log", folder)
    ours, wrong = await _walks(bus, folder)
    wrong += wrong_before
    return [
        *(_row(bus, rate, ours[rate], base[rate]) for rate in RATES),
        Row(f"{bus}.question.wrong", "questions refused, answers lost or doubled", wrong, "", "0", met=wrong == 0),
    ]


async def _walks(bus: str, folder: Path) -> tuple[dict[int, float], int]:
    """The 95th percentile in milliseconds at each rate, and how many were refused, lost or doubled in all."""
    place = folder / f"up-{bus}"
    await asyncio.to_thread(_make, place)
    platform = Platform(place / "data", _free_offset(), ("--bus", bus), UNLIMITED)
    p95: dict[int, float] = {}
    wrong = 0
    try:
        await asyncio.to_thread(platform.start)
        for rate in RATES:
            times, failed = await whole_walk(platform, rate, QUESTIONS_S)
            p95[rate] = percentile(times, 0.95)
            wrong += failed
    finally:
        await asyncio.to_thread(platform.stop)
    return p95, wrong


def _row(bus: str, rate: int, value: float, base: float) -> Row:
    what = f"question -> answer frame over {bus}, {rate}/s, p95"
    ratio = value / base if base else None
    return Row(f"{bus}.question.{rate}", what, value, "ms", f"< {GOAL_MS:g}", base, ratio, value < GOAL_MS)


def _make(place: Path) -> None:
    place.mkdir()
    # PostgreSQL's unprivileged user passes through
    place.chmod(0o711)


def _free_offset() -> int:
    ports = [service.port for service in SERVICES.values()]
    return next(offset for offset in PORT_OFFSETS if all(port_is_free(port + offset) for port in ports))
