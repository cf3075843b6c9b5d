"""Switch a layer off, and named programs escape: a test that stays green without its layer proves nothing.

A layer is switched off beneath the service, by a kernel that refuses a call or only pretends that it was made. The
service knows nothing of it, so this also shows that its level is what was seen and not what was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.hostile.judging import attack, complaints
from tests.hostile.kernel_filter import PRETEND, Rule
from tests.hostile.programs import PROGRAMS, Hostile
from tests.hostile.service import (
    NO_LANDLOCK,
    NO_NAMESPACES,
    Machine,
    Service,
    running,
    settled,
)

BY_ID: dict[str, Hostile] = {hostile.id: hostile for hostile in PROGRAMS}
UNPROTECTED: dict[str, object] = {"lowest_level": 0, "cgroup": "/nowhere"}
"""No memory cgroup stands behind the limit of the address space either."""
TOGETHER = """
import os, time
def hold():
    held = b"x" * (40 << 20)
    time.sleep(1)
    os._exit(0)
pids = [os.fork() or hold() for _ in range(2)]
ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
print("killed" if -9 in ended else "held")
"""
_CPU, _FSIZE, _NPROC, _NOFILE, _AS = 0, 1, 6, 7, 9


def _no_limit(number: int) -> tuple[Rule, ...]:
    return (Rule("prlimit64", PRETEND, argument=1, value=number, given=2),)


@dataclass(frozen=True)
class Layer:
    """What is switched off, and the programs that it holds."""

    name: str
    rules: tuple[Rule, ...]
    red: tuple[str, ...]
    is_seen: bool = True
    """Whether the canary looks at it: then the level must fall with the layer."""


LAYERS = (
    Layer("namespaces", NO_NAMESPACES, ("memory-full_scratch", "files-deep_tree", "time-spinning_children")),
    Layer("landlock", (Rule("landlock_restrict_self", PRETEND),), ("files-root_listing",)),
    Layer(
        "seccomp",
        (Rule("prctl", PRETEND, value=22), Rule("seccomp", PRETEND)),
        ("network-datagram_pair", "kernel-call_memfd_create", "files-lease"),
    ),
    Layer("memory limit", _no_limit(_AS), ("memory-one_block",)),
    Layer("process limit", _no_limit(_NPROC), ("processes-many_threads",)),
    Layer("descriptor limit", _no_limit(_NOFILE), ("files-many_descriptors",)),
    Layer("file limit", _no_limit(_FSIZE), ("memory-sparse_file",)),
)


@contextmanager
def weakened(layer: Layer, port_offset: int) -> Iterator[Service]:
    """A service on a machine without this layer; what is left of it is not asked, since nothing may hold it."""
    service = Service(Machine(f"without {layer.name}", layer.rules, settings=UNPROTECTED), port_offset)
    try:
        service.wait_until_up()
        yield service
    finally:
        service.stop()


@pytest.mark.slow
@pytest.mark.timeout(90)
@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name.replace(" ", "_"))
def test_without_a_layer_its_programs_are_no_longer_held(layer: Layer, port_offset: int) -> None:
    with weakened(layer, port_offset) as service:
        level = service.wait_until_up()["isolation"]["level"]
        usual, pid = settled(service), service.pid()
        found = {
            name: complaints(BY_ID[name], attack(service, BY_ID[name], usual, pid), BY_ID[name].ends)
            for name in layer.red
        }

    assert level < "L2" or not layer.is_seen
    assert [name for name, wrong in found.items() if not wrong] == []


@pytest.mark.timeout(60)
def test_without_namespaces_the_level_is_one_and_says_which_are_missing(port_offset: int) -> None:
    with running(Machine("without namespaces", NO_NAMESPACES), port_offset) as service:
        isolation = service.wait_until_up()["isolation"]
        if isolation["level"] == "L0":
            pytest.skip("no Python here that another user may read: nothing can run without namespaces")
        answer = service.run("print(42)")

    assert (answer["stdout"], answer["isolation"]["level"]) == ("42\n", "L1")
    assert {isolation["layers"][name] for name in ("pid", "mount", "network", "ipc")} == {"absent"}
    assert "pid is absent" in isolation["reason"]


@pytest.mark.plan("P-RULE-isolation")
@pytest.mark.timeout(60)
def test_without_namespaces_and_landlock_nothing_is_run_and_the_reason_is_said(port_offset: int) -> None:
    with running(Machine("without both", NO_NAMESPACES + NO_LANDLOCK), port_offset) as service:
        isolation = service.wait_until_up()["isolation"]
        answer = service.post({"code": "print('ESCAPED')"})
        ready = service.client.get("/ready")

    assert isolation["level"] == "L0"
    assert (answer.status_code, ready.status_code) == (503, 503)
    assert int(answer.headers["Retry-After"]) >= 1
    assert "isolation is L0" in answer.json()["detail"]
    assert isolation["reason"] in answer.json()["detail"]


@pytest.mark.timeout(60)
def test_processes_may_use_more_together_where_there_is_no_cgroup_and_the_level_says_so(port_offset: int) -> None:
    for settings in ({}, {"cgroup": "/nowhere"}):
        with running(Machine("with or without a cgroup", settings=dict(settings)), port_offset) as service:
            isolation = service.wait_until_up()["isolation"]
            if isolation["level"] < "L2":
                pytest.skip("this machine gives no namespaces, and the level says so")
            said = service.run(TOGETHER)["stdout"]
        is_exact = isolation["level"] == "L3"
        assert (isolation["memory_limit"], isolation["layers"]["cgroup"], said) == (
            ("exact", "active", "killed\n") if is_exact else ("per-process", "absent", "held\n")
        )
        assert not (is_exact and settings)
