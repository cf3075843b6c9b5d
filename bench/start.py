"""`up` from nothing and from a data folder that exists, until every service is ready; and what it weighs.

The base is what the services cost without the fork: one interpreter that imports them all, times their number.

Run by hand: ./learnflow bench start
"""

import asyncio
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.platform import Platform
from bench.rows import Row

PORT_OFFSET = 24_000
WARM_STARTS = 3
SETTLED_AFTER_S = 15.0
"""By then the connections that only the start needed are closed."""
COLD_GOAL_S, WARM_GOAL_S, MEMORY_GOAL_MB = 3.0, 1.5, 300.0
ALL_IN_ONE = """
import time
began = time.monotonic()
from learnflow.contracts.services import built_services
from learnflow.kit.serve import load
for service in built_services():
    load(service.name)
print(time.monotonic() - began, len(built_services()))
print(sum(int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if line.startswith("Pss:")) / 1024)
"""


async def run(folder: Path) -> list[Row]:
    """Cold once, warm several times (the median), then the memory of all processes together."""
    return await asyncio.to_thread(_measure, folder)


def _measure(folder: Path) -> list[Row]:
    import_s, services, import_mb = _one_interpreter()
    cold_s, _ = _start(folder)
    warm_s = statistics.median(_start(folder)[0] for _ in range(WARM_STARTS))
    _, memory_mb = _start(folder, SETTLED_AFTER_S)
    together_s, together_mb = import_s * services, import_mb * services
    return [
        _row("cold `up` until all are ready", cold_s, "s", COLD_GOAL_S, together_s),
        _row("warm `up` until all are ready", warm_s, "s", WARM_GOAL_S, together_s),
        _row("memory of all processes with PostgreSQL (PSS)", memory_mb, "MB", MEMORY_GOAL_MB, together_mb),
    ]


def _row(what: str, value: float, unit: str, goal: float, base: float) -> Row:
    return Row("start", what, value, unit, f"<= {goal:g}", base, value / base, value <= goal)


def _one_interpreter() -> tuple[float, int, float]:
    said = subprocess.run([sys.executable, "-c", ALL_IN_ONE], capture_output=True, text=True, check=True).stdout
    seconds, services, memory_mb = said.split()
    return float(seconds), int(services), float(memory_mb)


def _start(folder: Path, settle_s: float = 0.0) -> tuple[float, float]:
    platform = Platform(folder / "instance", PORT_OFFSET)
    began = time.monotonic()
    try:
        platform.start()
        seconds = time.monotonic() - began
        time.sleep(settle_s)
        assert platform.process is not None
        return seconds, _memory_mb(platform.process.pid)
    finally:
        platform.stop()


def _memory_mb(parent: int) -> float:
    """Proportional set size of the process and all its descendants: shared pages are counted once."""
    held: dict[str, list[float]] = {}
    for pid in [parent, *_descendants(parent)]:
        held.setdefault(_name(pid), []).append(_pss_kb(pid) / 1024)
    for name, sizes in sorted(held.items(), key=lambda item: -sum(item[1])):
        print(f"  {name:<16} {sum(sizes):6.1f} MB in {len(sizes)}")
    return sum(map(sum, held.values()))


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (OSError, ProcessLookupError):
        return "ended"


def _descendants(parent: int) -> list[int]:
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found: list[int] = []
    waiting = [parent]
    while waiting:
        children = [pid for pid, of in pairs if of == waiting[0]]
        found += children
        waiting = [*waiting[1:], *children]
    return found


def _pss_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (OSError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
