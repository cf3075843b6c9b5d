"""Requests a second of one gateway process with JSON and token check; beside FastAPI and PyJWT alone.

Run by hand: ./learnflow bench gateway
"""

import asyncio
import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.load import Load, drive, get_request
from bench.platform import Platform
from bench.rows import Row

PORT_OFFSET = 23_000
BASE_PORT = 31_999
PATH = "/api/v1/topics/control-flow/for-loops"
GOAL = 6_000
ROUNDS = 3
CONNECTIONS = 32


async def run(folder: Path) -> list[Row]:
    """Base and ours in turn, three rounds, the median of each; client and server on a core of their own."""
    platform = Platform(folder / "instance", PORT_OFFSET, ("--only", "api-gateway"))
    platform.start()
    try:
        async with platform.student() as student:
            token = student.token
        return _rows(*await _rounds(platform, token))
    finally:
        platform.stop()


async def _rounds(platform: Platform, token: str) -> tuple[list[Load], list[Load]]:
    request = get_request(PATH, token)
    ours_port = platform.facts()["ports"]["api-gateway"]
    base: list[Load] = []
    ours: list[Load] = []
    with _bare_api(await _public_key(platform)) as bare:
        await _until_open(BASE_PORT)
        with _on_a_core_each([bare.pid, *platform.pids("api-gateway")]):
            for _ in range(ROUNDS):
                base.append(await _measure(BASE_PORT, request))
                ours.append(await _measure(ours_port, request))
    return base, ours


async def _measure(port: int, request: bytes) -> Load:
    return await drive("127.0.0.1", port, request, connections=CONNECTIONS, warm_up_s=1, measured_s=3)


def _rows(base: list[Load], ours: list[Load]) -> list[Row]:
    beside, value = (sorted(load.per_second for load in loads)[len(loads) // 2] for loads in (base, ours))
    failed = sum(load.failed for load in base + ours)
    return [
        Row(
            "gateway",
            "requests/s of one gateway process, JSON and token check",
            value,
            "/s",
            f">= {GOAL}",
            beside,
            value / beside,
            value >= GOAL,
        ),
        Row("gateway", "answers other than 2xx", failed, "", "0", met=failed == 0),
    ]


async def _public_key(platform: Platform) -> str:
    async with httpx.AsyncClient(base_url=platform.address("api-gateway")) as client:
        encoded = (await client.get("/api/v1/auth/keys")).json()["keys"][0]["x"]
    return base64.urlsafe_b64decode(encoded + "=").hex()


@contextmanager
def _bare_api(public_key: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "bench.bases.bare_api", str(BASE_PORT), public_key]
    with subprocess.Popen(command, cwd=Path(__file__).parents[1]) as process:
        try:
            yield process
        finally:
            process.terminate()


@contextmanager
def _on_a_core_each(servers: list[int]) -> Iterator[None]:
    """The servers on one core, we on the others (where there are others, and the system lets us)."""
    before = os.sched_getaffinity(0)
    if len(before) < 2:
        yield
        return
    first = min(before)
    for pid in servers:
        os.sched_setaffinity(pid, {first})
    os.sched_setaffinity(0, before - {first})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


async def _until_open(port: int) -> None:
    for _ in range(100):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise RuntimeError(f"nothing listens on port {port}")
