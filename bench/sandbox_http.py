"""The sandbox as it is reached: POST /execute and /execute/batch of a running code-execution."""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.load import Caller, drive, post_request
from bench.rows import Row, percentile
from learnflow.services.code_execution.schemas import MAX_PROGRAMS
from tests.hostile.service import THIS, Service, running, settled, token

BASE_PORT = 31_998
HELLO = json.dumps({"code": "print(42)"}).encode()
ROUNDS = 3
CONNECTIONS = 16
AT_ONCE, LOOPS = 100, 100
SINGLE_LOOPS = 72
"""Of the endless loops: what is left of them comes by a batch, which has places of its own."""
SLEEPERS = 64
HTTP_GOAL, SPREAD_GOAL, BESIDE_LOOPS_GOAL, MEMORY_GOAL_MB, BATCH_GOAL_S = 4.0, 1.3, 10.0, 1.5, 0.6
MUTANTS = 200
MUTANT = """
def total(prices, limit):
    kept = []
    for price in prices:
        if price {sign} limit + {number}:
            kept.append(price)
    result = 0
    for price in kept:
        result += price
    return result
print(total([3, 1, 4], 2), total([], 0), total([1], 1), total([5, 5], 4), total([-1, 9], 0))
"""


async def measure(port_offset: int) -> list[Row]:
    """All rows that need the service; it is started anew for this."""
    manager = running(THIS, port_offset)
    service = await asyncio.to_thread(manager.__enter__)
    try:
        return [
            await _beside_subprocess(service),
            await _spread(service),
            *await _beside_loops(service),
            await asyncio.to_thread(_memory, service),
            await _batch(service),
        ]
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)


async def _beside_subprocess(service: Service) -> Row:
    request = post_request("/execute", HELLO, token())
    base, ours = [], []
    with _subprocess_api():
        await _until_open(BASE_PORT)
        for _ in range(ROUNDS):
            base.append(await _per_second(BASE_PORT, request))
            ours.append(await _per_second(service.port, request))
    value, beside = statistics.median(ours), statistics.median(base)
    return Row(
        "sandbox",
        f"HTTP runs/s with {CONNECTIONS} connections, beside subprocess python",
        value,
        "/s",
        f">= x {HTTP_GOAL:g}",
        beside,
        value / beside,
        value / beside >= HTTP_GOAL,
    )


async def _per_second(port: int, request: bytes) -> float:
    load = await drive("127.0.0.1", port, request, connections=CONNECTIONS, warm_up_s=0.5, measured_s=3)
    assert load.failed == 0, "answers other than 2xx"
    return load.per_second


@contextmanager
def _subprocess_api() -> Iterator[None]:
    command = [sys.executable, "-m", "bench.bases.subprocess_api", str(BASE_PORT)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[1]) as process:
        try:
            yield
        finally:
            process.terminate()


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


async def post(service: Service, path: str, body: bytes) -> dict[str, Any]:
    """One call on a connection of its own."""
    caller = await Caller.connected("127.0.0.1", service.port, token())
    try:
        status, answer = await caller.post(path, body)
    finally:
        caller.close()
    assert status == 200, answer
    parsed: dict[str, Any] = json.loads(answer)
    return parsed


async def _hello_ms(caller: Caller) -> float:
    began = time.perf_counter()
    status, answer = await caller.post("/execute", HELLO)
    assert status == 200, answer
    assert b'"stdout":"42\\n"' in answer, answer
    return (time.perf_counter() - began) * 1000


async def _spread(service: Service) -> Row:
    """Each of 100 clients asks again as soon as it is answered: nobody may wait much longer than the others."""
    callers = [await Caller.connected("127.0.0.1", service.port, token()) for _ in range(AT_ONCE)]
    took: list[float] = []

    async def ask(caller: Caller, *, count: int, into: list[float]) -> None:
        into += [await _hello_ms(caller) for _ in range(count)]

    await asyncio.gather(*(ask(caller, count=2, into=[]) for caller in callers))
    await asyncio.gather(*(ask(caller, count=12, into=took) for caller in callers))
    for caller in callers:
        caller.close()
    p50, p95 = statistics.median(took), percentile(took, 0.95)
    what = f"p95 of a hello with {AT_ONCE} at once, beside their p50"
    return Row("sandbox", what, p95, "ms", f"<= x {SPREAD_GOAL:g}", p50, p95 / p50, p95 / p50 <= SPREAD_GOAL)


async def _beside_loops(service: Service) -> list[Row]:
    caller = await Caller.connected("127.0.0.1", service.port, token())
    idle = statistics.median([await _hello_ms(caller) for _ in range(60)])
    loop: dict[str, object] = {"code": "while True: pass", "timeout_s": 5}
    singles = [post(service, "/execute", json.dumps(loop).encode()) for _ in range(SINGLE_LOOPS)]
    batch = post(service, "/execute/batch", json.dumps({"programs": [loop] * (LOOPS - SINGLE_LOOPS)}).encode())
    loops = asyncio.gather(*singles, batch)
    await asyncio.sleep(1.5)
    beside = []
    until = time.perf_counter() + 2.5
    while time.perf_counter() < until:
        beside.append(await _hello_ms(caller))
    *single, many = await loops
    caller.close()
    ended = {result["status"] for result in [*single, *many["results"]]}
    value, share = statistics.median(beside), statistics.median(beside) / idle
    goal = f"<= x {BESIDE_LOOPS_GOAL:g}"
    what = f"hello beside {LOOPS} endless loops, p50, beside an idle one"
    return [
        Row("sandbox", what, value, "ms", goal, idle, share, share <= BESIDE_LOOPS_GOAL and ended == {"timeout"}),
        Row("sandbox", f"slowest hello of {len(beside)} beside the loops", max(beside), "ms", "-"),
    ]


def _memory(service: Service) -> Row:
    """What 64 sleeping runs add to all processes together."""
    settled(service)
    before = _pss_mb(service)
    sleep = {"code": "import time; print('asleep'); time.sleep(3)", "timeout_s": 5}
    running_now = [subprocess.Popen(_curl(service, sleep), stdout=subprocess.DEVNULL) for _ in range(SLEEPERS)]
    time.sleep(2)
    each = (_pss_mb(service) - before) / SLEEPERS
    for process in running_now:
        process.wait()
    what = f"memory of a live run ({SLEEPERS} sleep)"
    met = each <= MEMORY_GOAL_MB if before > 0 else None
    return Row("sandbox", what, each, "MB", f"<= {MEMORY_GOAL_MB:g}", met=met)


def _curl(service: Service, body: dict[str, object]) -> list[str]:
    address = f"http://127.0.0.1:{service.port}/execute"
    headers = ["-H", f"Authorization: Bearer {token()}", "-H", "Content-Type: application/json"]
    return ["curl", "-s", *headers, "-d", json.dumps(body), address]


def _pss_mb(service: Service) -> float:
    """Of the service and all beneath it, each page counted once; 0 where we may not look."""
    found = 0.0
    for pid in service.processes():
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        found += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return found / 1024


async def _batch(service: Service) -> Row:
    programs = [
        {"code": MUTANT.format(sign=("<", ">", "<=", ">=")[number % 4], number=number // 4), "timeout_s": 1}
        for number in range(MUTANTS)
    ]
    parts = [programs[at : at + MAX_PROGRAMS] for at in range(0, MUTANTS, MAX_PROGRAMS)]
    bodies = [json.dumps({"programs": part}).encode() for part in parts]
    took = []
    for _ in range(5):
        began = time.perf_counter()
        answers = await asyncio.gather(*(post(service, "/execute/batch", body) for body in bodies))
        took.append(time.perf_counter() - began)
        assert [result["status"] for answer in answers for result in answer["results"]] == ["ok"] * MUTANTS
    value = statistics.median(took)
    what = f"{MUTANTS} mutants of ten lines with five calls each ({len(parts)} batches)"
    return Row("sandbox", what, value, "s", f"<= {BATCH_GOAL_S:g}", met=value <= BATCH_GOAL_S)
