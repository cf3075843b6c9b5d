"""What this machine's isolation is worth: judged by what a canary was refused, never by what was configured."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from learnflow.services.code_execution import canary_program
from learnflow.services.code_execution.isolation import Isolation
from learnflow.services.code_execution.outcome import Program, Seen
from learnflow.services.code_execution.plan import Plan
from learnflow.services.code_execution.zygote import Failed, Way, Zygote

_PATIENCE_S = (5.0, 10.0, 20.0)
"""One that ran out of time on a busy machine has seen nothing: it is sent again, and waited for longer."""
_PARKED_WITHIN_S = 2.0
_LOOK_S = 0.002
_OWN_SOURCE = str(Path(__file__).resolve())
_NAMESPACES = {"pid": "pid", "mount": "mnt", "network": "net", "ipc": "ipc"}
_FLOOR = (
    "environment",
    "host_files",
    "standard_library",
    "network",
    "system_calls",
    "filter",
    "privileges",
    "other_processes",
    "descriptors",
    "open_files",
    "large_file",
    "memory",
    "processes",
    "threads",
)
"""What has to hold for level 1 (threads: that the limit is not too tight); what else is seen decides about level 2."""

_LIMITS = ("memory", "processes", "threads", "open_files", "large_file")
_PROBES = {*_FLOOR, "listing", "scratch", "together", "own_pid"}

ACTIVE = "active"


async def try_out(way: Way) -> tuple[Isolation, Zygote]:
    """Bring up a zygote in this way, send the canary all the way and judge what it saw. The caller closes it."""
    zygote = Zygote(way)
    try:
        await zygote.start()
    except Failed as error:
        return _not_up(way, error.layer, error.reason), zygote
    return await judge_zygote(zygote), zygote


async def judge_zygote(zygote: Zygote) -> Isolation:
    """What isolation a run of this zygote has: the lesser of one on demand and one by a child that was parked."""
    async with asyncio.TaskGroup() as canaries:
        ways = [canaries.create_task(_patiently(zygote, parked=False))]
        if zygote.way.parked and await _has_parked(zygote):
            ways.append(canaries.create_task(_patiently(zygote, parked=True)))
    zygote.judged()
    return min((way.result() for way in ways), key=lambda seen: (seen.level, seen.is_known))


async def _has_parked(zygote: Zygote) -> bool:
    """Whether the next run will be a parked child's; if none can be parked there is no such run either."""
    until = time.monotonic() + _PARKED_WITHIN_S
    while zygote.is_up and not zygote.parking.ready and time.monotonic() < until:  # noqa: ASYNC110 - of another process
        await asyncio.sleep(_LOOK_S)
    return bool(zygote.parking.ready)


async def _patiently(zygote: Zygote, *, parked: bool) -> Isolation:
    for patience_s in _PATIENCE_S:
        seen = await _judge_once(zygote, patience_s, parked=parked)
        if seen.is_known:
            break
    return seen


async def _judge_once(zygote: Zygote, timeout_s: float, *, parked: bool) -> Isolation:
    way = zygote.way
    asked = {
        "source": _OWN_SOURCE,
        "service": os.getpid(),
        # without a filter nothing may stop the processes: so none are started
        "limited": way.plan.seccomp,
        "together": way.plan.cgroup,
    }
    program = Program(canary_program.SOURCE, stdin=json.dumps(asked) + "\n", timeout_s=timeout_s)
    try:
        seen = await zygote.watch(program, parked=parked)
    except OSError as error:
        return _not_up(way, "zygote", str(error))
    return judge(way.plan, seen, _own_namespaces(), way.limits.memory_bytes)


def _not_up(way: Way, layer: str, reason: str) -> Isolation:
    return judge(way.plan, Seen(failed={"layer": layer, "reason": reason}), {}, way.limits.memory_bytes)


def judge(plan: Plan, seen: Seen, own_namespaces: Mapping[str, int], memory_limit_bytes: int) -> Isolation:
    """The level.

    3 namespaces, cgroup, seccomp and Landlock; 2 the same without cgroup; 1 seccomp with Landlock or a root of its own;
    0 less.
    """
    report = _report(seen)
    if report is None and seen.ending == "timeout":
        late = "the canary did not come back in time: the machine is too busy"
        return Isolation(0, {}, late, memory_limit_bytes=memory_limit_bytes, is_known=False)
    if report is None:
        failed = seen.failed or {"layer": "launcher", "reason": "the canary did not come back"}
        layers = _layers_of_failure(plan, failed)
        return Isolation(0, layers, f"{failed['layer']}: {failed['reason']}", memory_limit_bytes=memory_limit_bytes)
    layers = _layers(plan, seen, report, own_namespaces)
    level, reason = _level(layers, report, all_ended=seen.all_ended)
    memory_limit: Literal["exact", "per-process"] = "exact" if layers["cgroup"] == ACTIVE else "per-process"
    base_bytes = int((seen.ready or {}).get("base_bytes", 0))
    return Isolation(level, layers, reason, memory_limit, memory_limit_bytes, base_bytes)


def _own_namespaces() -> dict[str, int]:
    return {kind: Path(f"/proc/self/ns/{kind}").stat().st_ino for kind in _NAMESPACES.values()}


def _report(seen: Seen) -> dict[str, Any] | None:
    if seen.failed is not None or seen.ready is None:
        return None
    try:
        report = json.loads(seen.stdout)
    except ValueError:
        return None
    return report if isinstance(report, dict) and set(report) >= _PROBES else None


def _layers_of_failure(plan: Plan, failed: Mapping[str, str]) -> dict[str, str]:
    wanted = {"namespaces": plan.namespaces, "landlock": plan.landlock, "seccomp": plan.seccomp}
    layers = {name: "absent" for name, is_wanted in wanted.items() if not is_wanted}
    return {**layers, failed["layer"]: f"failed({failed['reason']})"}


def _layers(plan: Plan, seen: Seen, report: Mapping[str, Any], own: Mapping[str, int]) -> dict[str, str]:
    theirs = (seen.ready or {}).get("namespaces") or {}
    layers = {
        name: _said(plan.namespaces, (kind in theirs and theirs[kind] != own[kind]) or None, "the host's own")
        for name, kind in _NAMESPACES.items()
    }
    if plan.namespaces and report["own_pid"] > 2:
        layers["pid"] = f"failed(the program is process {report['own_pid']})"
    if plan.namespaces and report["host_files"]:
        layers["mount"] = f"failed({report['host_files']})"
    layers["landlock"] = _held(plan.landlock, report, "listing", "host_files", "standard_library")
    layers["seccomp"] = _held(plan.seccomp, report, "filter", "network", "system_calls")
    layers["rlimits"] = _held(True, report, *_LIMITS)
    layers["scratch"] = _held(True, report, "scratch")
    layers["user"] = _held(True, report, "privileges")
    layers["cgroup"] = _held(plan.cgroup, report, "together")
    return layers


def _said(is_wanted: bool, proof: object, otherwise: str) -> str:
    if not is_wanted:
        return "absent"
    return ACTIVE if proof else f"failed({otherwise})"


def _held(is_wanted: bool, report: Mapping[str, Any], *probes: str) -> str:
    broken = next((str(report[probe]) for probe in probes if report[probe]), None)
    return _said(is_wanted, broken is None, broken or "")


def _level(layers: Mapping[str, str], report: Mapping[str, Any], *, all_ended: bool) -> tuple[int, str | None]:
    broken = [f"{probe}: {report[probe]}" for probe in _FLOOR if report[probe]]
    if not all_ended:
        broken.append("a process outlived the run")
    if layers["seccomp"] != ACTIVE:
        broken.append(f"seccomp is {layers['seccomp']}")
    if ACTIVE not in {layers["landlock"], layers["mount"]}:
        broken.append(f"landlock is {layers['landlock']}, mount is {layers['mount']}")
    if broken:
        return 0, "; ".join(broken)
    missing = [name for name in (*_NAMESPACES, "landlock", "scratch") if layers[name] != ACTIVE]
    if missing:
        return 1, "; ".join(f"{name} is {layers[name]}" for name in missing)
    if layers["cgroup"] != ACTIVE:
        return 2, f"cgroup is {layers['cgroup']}: memory is limited per process"
    return 3, None
