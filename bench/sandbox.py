"""What the sandbox costs beside processes, interpreters, bubblewrap and a subprocess API; and what it holds.

Run by hand: ./learnflow bench sandbox. LEARNFLOW_BENCH_REPEATS=10 tries the hostile programs ten times.
"""

import asyncio
import os
from functools import partial
from pathlib import Path

import httpx

from bench import sandbox_engine, sandbox_http
from bench.guarded import guarded
from bench.platform import Platform
from bench.rows import Row
from tests.contract.running import free_offset
from tests.hostile.field import MACHINES, Field
from tests.hostile.judging import complaints
from tests.hostile.programs import PROGRAMS
from tests.hostile.service import WITHOUT_NAMESPACES, gateway
from tests.integration.walk.forgeries import FORGERIES

EXERCISE = "data-structures/lists/dry-plants"
PASS_WITHIN_S = 600.0
REPEATS = int(os.environ.get("LEARNFLOW_BENCH_REPEATS", "1"))


async def run(folder: Path) -> list[Row]:
    """Every row of goals.md's table of the sandbox."""
    with gateway() as port_offset:
        rows = [*await sandbox_engine.measure(), *await sandbox_http.measure(port_offset)]
        rows += await guarded("forged grades", "0", lambda: _forged(folder))
        held = partial(asyncio.to_thread, _held, port_offset)
        rows += await guarded("hostile programs held", "100", held, PASS_WITHIN_S * REPEATS)
    return rows


def _held(port_offset: int) -> list[Row]:
    tried = [
        (machine, hostile)
        for machine in MACHINES
        for hostile in PROGRAMS
        if machine is not WITHOUT_NAMESPACES or hostile.alone != ()
    ]
    held = sum(_pass(port_offset, tried) for _ in range(REPEATS))
    share = 100 * held / (len(tried) * REPEATS)
    what = f"{len(PROGRAMS)} hostile programs held on {len(MACHINES)} kinds of machine, {REPEATS} x, uid {os.getuid()}"
    return [Row("sandbox", what, share, "%", "100", met=share == 100)]


def _pass(port_offset: int, tried: list[tuple]) -> int:  # type: ignore[type-arg] # pairs of the lines above
    field = Field(port_offset)
    field.start([machine for machine, _ in tried])
    field.want(tried)
    wrong = {
        f"{hostile.id} on {machine.name}": found
        for machine, hostile in tried
        if (found := complaints(hostile, field.lanes(machine).verdict(hostile)))
    }
    left = field.close()
    for name, found in wrong.items():
        print(f"not held: {name}: {found[0][:300]}")
    return len(tried) - len(wrong) - len(left)


async def _forged(folder: Path) -> list[Row]:
    platform = Platform(folder / "instance", free_offset())
    platform.start()
    try:
        scores = [await _score(platform, code) for code in FORGERIES.values()]
    finally:
        platform.stop()
    forged = sum(score > 0 for score in scores)
    return [Row("sandbox", f"forged grades, of {len(scores)} ways to one", forged, "", "0", met=forged == 0)]


async def _score(platform: Platform, code: str) -> float:
    async with platform.student() as student:
        path = f"/api/v1/exercises/{EXERCISE}/submissions"
        answer: httpx.Response = await student.client.post(path, json={"code": code})
        answer.raise_for_status()
        return float(answer.json()["score"])
