"""kill -9 of each service in turn, then of PostgreSQL, while questions arrive; judged by the auditing client's file.

Run by hand: ./learnflow bench recovery
"""

import asyncio
import os
import signal
import time
from pathlib import Path

import httpx

from bench.journal import QUESTION, Auditor, Journal, Verdict, judge, refusals
from bench.platform import Platform
from bench.rows import Row
from learnflow.kit.bus.kafka_address import KafkaAddress
from learnflow.kit.bus.kafka_topics import takes_a_message

RATE = 20.0
SECONDS = 60.0
STUDENTS = 30
PORT_OFFSET = 23_000
GOAL_S = 1.5
POSTGRESQL = "postgresql"
KAFKA = "kafka"
SERVERS = {POSTGRESQL, KAFKA}
SIDECAR = "dapr:"
"""Before a service's name: the sidecar beside it."""
SETTLE_S = 20.0


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
    platform: Platform,
    journal: Path,
    victims: list[str],
    seconds: float,
    *,
    students: int = STUDENTS,
    rate: float = RATE,
    question: str = QUESTION,
    settle_s: float = SETTLE_S,
) -> tuple[dict[str, float], Verdict]:
    """Kill each victim in turn while questions arrive, evenly spread over the time, and longer where that is needed.

    Returns the seconds until each served again (a victim's longest) and the verdict.
    """
    gateway, sockets = platform.address("api-gateway"), platform.address("websocket").replace("http", "ws")
    auditor = Auditor(gateway, sockets, Journal(journal), question)
    try:
        await auditor.enrol(students)
        over = asyncio.Event()
        asking = asyncio.create_task(auditor.ask_steadily(rate, over))
        back_s = await _killed_in_turn(platform, victims, seconds)
        over.set()
        await asking
        await auditor.settle(settle_s)
    finally:
        await auditor.close()
    return back_s, judge(journal)


async def _killed_in_turn(platform: Platform, victims: list[str], seconds: float) -> dict[str, float]:
    began, back_s = time.monotonic(), dict.fromkeys(victims, 0.0)
    for number, victim in enumerate(victims, start=1):
        await _until(began + seconds * number / (len(victims) + 1))
        back_s[victim] = max(back_s[victim], await _kill_and_wait(platform, victim))
    await _until(began + seconds)
    return back_s


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))


async def _kill_and_wait(platform: Platform, victim: str) -> float:
    """Seconds from the kill until it serves: a service or its sidecar by its own /ready, a server by the gateway's."""
    while not (pid := _pid(platform, victim)):  # noqa: ASYNC110 - another process sets no event
        # just between an end of its own and its next start
        await asyncio.sleep(0.01)
    witness = platform.address("api-gateway" if victim in SERVERS else victim.removeprefix(SIDECAR))
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    while _lives(pid):  # noqa: ASYNC110 - the same
        await asyncio.sleep(0.002)
    if victim == KAFKA:
        # readiness hears of a broker a moment later, and could be asked before
        while not await takes_a_message(KafkaAddress(platform.facts()[KAFKA]["servers"])):  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.01)
    async with httpx.AsyncClient(timeout=5) as client:
        while not await _is_ready(client, witness):  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.01)
    return time.monotonic() - began


def _pid(platform: Platform, victim: str) -> int:
    """0 while it is away."""
    facts = platform.facts()
    if victim in SERVERS:
        return int(facts[victim]["pid"])
    return int(facts["sidecars"][victim]["pid"] if victim.startswith(SIDECAR) else platform.pids(victim)[0])


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
