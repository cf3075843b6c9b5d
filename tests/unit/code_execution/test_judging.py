"""From what was seen to a verdict and to a level."""

from dataclasses import replace
from typing import Any

import pytest

from learnflow.services.code_execution import canary
from learnflow.services.code_execution.isolation import Isolation
from learnflow.services.code_execution.outcome import Program, Seen, judge
from learnflow.services.code_execution.plan import Plan
from learnflow.services.code_execution.reported import ErrorDetail

READY = {"base_bytes": 10, "namespaces": {"pid": 2, "mnt": 2, "net": 2, "ipc": 2}}
OWN = {"pid": 1, "mnt": 1, "net": 1, "ipc": 1}
PROBES = (*canary._FLOOR, "listing", "scratch", "together")


def done(code: int, **more: Any) -> dict[str, Any]:
    return {"code": code, "peak_bytes": 1, "cpu_s": 0.0, **more}


def verdict(**seen: Any) -> str:
    return judge(Seen(**{"ready": READY, **seen}), Program("x", timeout_s=1), 65_536).status


def test_the_exit_code_decides_between_ok_and_error() -> None:
    assert verdict(done=done(0)) == "ok"
    assert verdict(done=done(1)) == "error"


def test_what_we_did_to_a_run_comes_before_what_it_says() -> None:
    assert verdict(done=done(0), ending="timeout") == "timeout"
    assert verdict(done=done(0), ending="output_limit") == "output_limit"
    assert verdict(done=done(0), ending="stopped") == "killed"


def test_a_signal_is_killed_unless_its_time_was_used_up() -> None:
    assert verdict(done=done(-11)) == "killed"
    assert verdict(done=done(-9)) == "killed"
    assert verdict(done=done(-24)) == "timeout"
    assert verdict(done=done(-9, cpu_s=2.0)) == "timeout"


def test_a_memory_error_is_memory_only_when_the_program_failed() -> None:
    error = ErrorDetail(type="MemoryError", message="")
    assert verdict(done=done(1), error=error) == "memory"
    assert verdict(done=done(0), error=error) == "ok"


def test_a_run_without_the_kernels_word_is_our_failure() -> None:
    assert verdict() == "sandbox_error"
    assert verdict(ready=None, done=done(0)) == "sandbox_error"
    assert verdict(done=done(0), failed={"layer": "seccomp", "reason": "no"}) == "sandbox_error"


def test_our_failure_names_the_layer_and_shows_no_exit_code() -> None:
    seen = Seen(failed={"layer": "landlock", "reason": "not built in"}, done=done(120))
    outcome = judge(seen, Program("x"), 10)
    assert outcome.error is not None
    assert outcome.error.message == "landlock: not built in"
    assert outcome.exit_code is None


def test_output_is_cut_in_bytes_and_always_text() -> None:
    outcome = judge(Seen(ready=READY, done=done(0), stdout="é".encode() * 5 + b"\0"), Program("x"), 3)
    assert outcome.stdout == "é\ufffd"


def held(**broken: object) -> dict[str, Any]:
    return {"own_pid": 2, **dict.fromkeys(PROBES), **broken}


def isolation(plan: Plan, report: dict[str, Any] | None, **seen: Any) -> Isolation:
    import json

    whole = Seen(**{"ready": READY, "all_ended": True, **seen})
    whole.stdout = b"" if report is None else json.dumps(report).encode()
    return canary.judge(plan, whole, OWN, 50)


def test_level_three_is_everything_and_its_memory_limit_is_exact() -> None:
    found = isolation(Plan(cgroup=True), held())
    assert (found.level, found.reason, found.memory_limit) == (3, None, "exact")


def test_a_cgroup_that_ends_nothing_is_failed_and_not_active() -> None:
    found = isolation(Plan(cgroup=True), held(together="nothing ended them"))
    assert (found.level, found.layers["cgroup"], found.memory_limit) == (2, "failed(nothing ended them)", "per-process")


def test_the_kernels_end_for_memory_is_memory() -> None:
    outcome = judge(Seen(ready=READY, done=done(-9), ending="memory"), Program("x"), 10)
    assert (outcome.status, outcome.error and outcome.error.type) == ("memory", "MemoryError")


def test_level_two_is_everything_but_the_cgroup() -> None:
    found = isolation(Plan(), held())
    assert (found.level, found.layers["cgroup"]) == (2, "absent")


@pytest.mark.parametrize("probe", canary._FLOOR)
def test_one_broken_probe_of_the_floor_is_level_zero_with_its_reason(probe: str) -> None:
    found = isolation(Plan(), held(**{probe: "it went through"}))
    assert found.level == 0
    assert f"{probe}: it went through" in (found.reason or "")


def test_a_namespace_that_is_the_hosts_own_is_not_believed() -> None:
    shared = {**READY, "namespaces": {"pid": 2, "mnt": 2, "net": 1, "ipc": 2}}
    found = isolation(Plan(), held(), ready=shared)
    assert (found.level, found.layers["network"]) == (1, "failed(the host's own)")


def test_a_process_that_outlives_the_run_is_level_zero() -> None:
    assert isolation(Plan(), held(), all_ended=False).level == 0


def test_landlock_that_holds_nothing_is_failed_and_not_active() -> None:
    found = isolation(Plan(), held(listing="['etc']"))
    assert (found.level, found.layers["landlock"]) == (1, "failed(['etc'])")


def test_without_namespaces_seccomp_and_landlock_are_level_one() -> None:
    assert isolation(replace(Plan(), namespaces=False), held(own_pid=4711)).level == 1


def test_without_landlock_and_without_a_root_of_its_own_there_is_no_level() -> None:
    assert isolation(Plan(namespaces=False, landlock=False), held(own_pid=4711)).level == 0


def test_a_canary_that_does_not_come_back_is_level_zero() -> None:
    assert isolation(Plan(), None).level == 0
    found = isolation(Plan(), None, failed={"layer": "namespaces", "reason": "unshare: denied"})
    assert (found.level, found.layers["namespaces"]) == (0, "failed(unshare: denied)")


def test_a_canary_that_ran_out_of_time_has_seen_nothing_good_or_bad() -> None:
    found = isolation(Plan(), None, ending="timeout")
    assert (found.level, found.is_known) == (0, False)
    assert isolation(Plan(), None).is_known


def test_a_canary_that_forgets_a_probe_is_not_believed() -> None:
    report = held()
    del report["network"]
    assert isolation(Plan(), report).level == 0
