"""kill -9 of each service in turn, then of PostgreSQL, while questions arrive; judged by the auditing client's file.

Run by hand: ./learnflow bench recovery
"""

import asyncio
import os
import signal
import time
from pathlib import Path

import httpx

from bench.journal import Auditor, Journal, Verdict, judge, refusals
from bench.platform import Platform
from bench.rows import Row

RATE = 20.0
SECONDS = 60.0
STUDENTS = 30
PORT_OFFSET = 23_000
GOAL_S = 1.5
POSTGRESQL = "postgresql"


async def run(folder: Path) -> list[Row]:
    """The whole bench: 60 s, every service once, PostgreSQL last."""
    platform = Platform(folder / "instance", PORT_OFFSET)
    try:
        platform.start()
        victims = [*platform.facts()["addresses"], POSTGRESQL]
        back_s, verdict = await under_fire(platform, folder / "journal.jsonl", victims, SECONDS)
    finally:
        platform.stop()
    print("refused:", *(f"{reason} x {count}" for reason, count in refusals(folder / "journal.jsonl")))
    return [*_times(back_s), *_counts(verdict)]


async def under_fire(
    platform: Platform, journal: Path, victims: list[str], seconds: float, *, students: int = STUDENTS
) -> tuple[dict[str, float], Verdict]:
    """Kill each victim in turn, evenly spread over the time; seconds until each served again, and the verdict."""
    gateway, sockets = platform.address("api-gateway"), platform.address("websocket").replace("http", "ws")
    auditor = Auditor(gateway, sockets, Journal(journal))
    await auditor.enrol(students)
    asking = asyncio.create_task(auditor.ask_steadily(RATE, seconds))
    back_s: dict[str, float] = {}
    pause_s = seconds / (len(victims) + 1)
    for victim in victims:
        await asyncio.sleep(pause_s)
        back_s[victim] = await _kill_and_wait(platform, victim)
    await asking
    await auditor.settle(20.0)
    await auditor.close()
    return back_s, judge(journal)


async def _kill_and_wait(platform: Platform, victim: str) -> float:
    """Seconds from the kill until it serves: a service its own /ready, PostgreSQL by way of the gateway's."""
    pid = platform.facts()[POSTGRESQL]["pid"] if victim == POSTGRESQL else platform.pids(victim)[0]
    witness = platform.address("api-gateway" if victim == POSTGRESQL else victim)
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    while _lives(pid):  # noqa: ASYNC110 - another process sets no event
        await asyncio.sleep(0.002)
    async with httpx.AsyncClient(timeout=5) as client:
        while not await _is_ready(client, witness):  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.01)
    return time.monotonic() - began


def _lives(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def _is_ready(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(f"{address}/ready")).status_code == 200
    except httpx.HTTPError:
        return False


def _times(back_s: dict[str, float]) -> list[Row]:
    return [
        Row("recovery", f"kill -9 of {name}: serving again", seconds, "s", f"<= {GOAL_S}", met=seconds <= GOAL_S)
        for name, seconds in back_s.items()
    ]


def _counts(verdict: Verdict) -> list[Row]:
    asked = verdict.accepted + verdict.refused
    return [
        Row("recovery", "questions acknowledged", verdict.accepted, "", "", base=asked, ratio=verdict.accepted / asked),
        _none("acknowledged and not answered", verdict.unanswered),
        _none("answered more than once", verdict.doubled),
        _none("frames delivered more than once", verdict.frames_repeated),
    ]


def _none(what: str, count: int) -> Row:
    return Row("recovery", what, count, "", "0", met=count == 0)
