"""The sandbox as it is reached: POST /execute and /execute/batch of a running code-execution."""

import asyncio
import ctypes
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bench.bases import spawned
from bench.guarded import guarded
from bench.load import Caller, drive, post_request
from bench.rows import Row, percentile
from learnflow.kit.listen import listen
from tests.hostile.service import THIS, Service, settled, token

HELLO = json.dumps({"code": "print(42)"}).encode()
ROUNDS = 3
CONNECTIONS = 16
AT_ONCE, LOOPS = 100, 100
SINGLE_LOOPS = 72
"""Of the endless loops: what is left of them comes by a batch, which has places of its own."""
SLEEPERS = 64
HTTP_GOAL, SPREAD_GOAL, BESIDE_LOOPS_GOAL, MEMORY_GOAL_MB, BATCH_GOAL_S = 4.0, 1.3, 10.0, 1.5, 0.6
_KCMP, _KCMP_VM = {"x86_64": 312, "aarch64": 272}, 1
_libc = ctypes.CDLL(None)
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
    """All rows that need the service; it is started anew for each, so that none bears what another one did."""
    rows = []
    for what, goal, measured in (
        ("HTTP runs/s", f">= x {HTTP_GOAL:g}", _beside_subprocess),
        (f"p95 of a hello with {AT_ONCE} at once", f"<= x {SPREAD_GOAL:g}", _spread),
        (f"hello beside {LOOPS} endless loops", f"<= x {BESIDE_LOOPS_GOAL:g}", _beside_loops),
        ("memory of a live run", f"<= {MEMORY_GOAL_MB:g}", _memory),
        (f"{MUTANTS} mutants in a batch", f"<= {BATCH_GOAL_S:g}", _batch),
    ):
        rows += await guarded(what, goal, partial(_with_a_service, measured, port_offset))
    return rows


async def _with_a_service(measured: Callable[[Service], Awaitable[list[Row]]], port_offset: int) -> list[Row]:
    service = Service(THIS, port_offset)
    try:
        await asyncio.to_thread(service.wait_until_up)
        return await measured(service)
    finally:
        left = await asyncio.to_thread(service.stop)
        if left:
            print(f"after {measured.__name__}: a process outlived the service", file=sys.stderr)


async def _beside_subprocess(service: Service) -> list[Row]:
    request = post_request("/execute", HELLO, token())
    base, ours = [], []
    with _subprocess_api() as base_port:
        await _until_open(base_port)
        for _ in range(ROUNDS):
            base.append(await _per_second(base_port, request))
            ours.append(await _per_second(service.port, request))
    value, beside = statistics.median(ours), statistics.median(base)
    what, goal = f"HTTP runs/s with {CONNECTIONS} connections, beside subprocess python", f">= x {HTTP_GOAL:g}"
    return [Row("sandbox", what, value, "/s", goal, beside, value / beside, value / beside >= HTTP_GOAL)]


async def _per_second(port: int, request: bytes) -> float:
    load = await drive("127.0.0.1", port, request, connections=CONNECTIONS, warm_up_s=0.5, measured_s=3)
    assert load.failed == 0, "answers other than 2xx"
    return load.per_second


@contextmanager
def _subprocess_api() -> Iterator[int]:
    with listen("127.0.0.1", 0) as free:
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "bench.bases.subprocess_api", str(port)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[1]) as process:
        try:
            yield port
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


async def _spread(service: Service) -> list[Row]:
    """Each of 100 clients asks again as soon as it is answered: nobody may wait much longer than the others."""
    connections = (Caller.connected("127.0.0.1", service.port, token()) for _ in range(AT_ONCE))
    callers = await asyncio.gather(*connections)
    took: list[float] = []

    async def ask(caller: Caller, *, count: int, into: list[float]) -> None:
        into += [await _hello_ms(caller) for _ in range(count)]

    await asyncio.gather(*(ask(caller, count=2, into=[]) for caller in callers))
    await asyncio.gather(*(ask(caller, count=12, into=took) for caller in callers))
    for caller in callers:
        caller.close()
    p50, p95 = statistics.median(took), percentile(took, 0.95)
    what = f"p95 of a hello with {AT_ONCE} at once, beside their p50"
    return [Row("sandbox", what, p95, "ms", f"<= x {SPREAD_GOAL:g}", p50, p95 / p50, p95 / p50 <= SPREAD_GOAL)]


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


async def _memory(service: Service) -> list[Row]:
    """What 64 sleeping runs add to all processes together."""
    return [await asyncio.to_thread(_memory_of_a_run, service)]


def _memory_of_a_run(service: Service) -> Row:
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
    """Of the service and all beneath it, each page counted once; 0 where we may not look.

    A run's first process has no memory of its own: it is the zygote's, which is counted with the zygote.
    """
    found = 0.0
    for pid in service.processes():
        try:
            if _shares_its_parents_memory(pid):
                continue
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        found += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return found / 1024


def _shares_its_parents_memory(pid: int) -> bool:
    parent = int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()[1])
    return bool(_libc.syscall(_KCMP[os.uname().machine], pid, parent, _KCMP_VM, 0, 0) == 0)


async def _batch(service: Service) -> list[Row]:
    body = json.dumps({"programs": mutants()}).encode()
    took, base = [], []
    for _ in range(5):
        base += await asyncio.to_thread(lambda: list(spawned.durations_ms(spawned.python(), 10)))
        began = time.perf_counter()
        answer = await post(service, "/execute/batch", body)
        took.append(time.perf_counter() - began)
        assert [result["status"] for result in answer["results"]] == ["ok"] * MUTANTS
    value, beside = statistics.median(took), statistics.median(base) * MUTANTS / 1000
    what = f"{MUTANTS} mutants of ten lines, five calls each, beside {MUTANTS} x python"
    return [
        Row("sandbox", what, value, "s", f"<= {BATCH_GOAL_S:g}", beside, value / beside, met=value <= BATCH_GOAL_S),
    ]


def mutants() -> list[dict[str, object]]:
    """A batch as a search for a student's fault sends it."""
    signs = ("<", ">", "<=", ">=")
    return [
        {"code": MUTANT.format(sign=signs[number % len(signs)], number=number // len(signs)), "timeout_s": 2}
        for number in range(MUTANTS)
    ]
