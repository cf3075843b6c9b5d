"""Switch a layer off, and the canary sees it: a level that does not fall with its layer would prove nothing."""

from dataclasses import replace

import pytest

from learnflow.services.code_execution.canary import ACTIVE, Isolation, try_out
from learnflow.services.code_execution.outcome import Outcome, Program
from learnflow.services.code_execution.sandbox import Chosen

LISTING = "import os; print(os.listdir('/'))"
SOCKET = "import socket; socket.socket(socket.AF_UNIX); print('made')"


def without(chosen: Chosen, layer: str) -> tuple[Isolation, Chosen]:
    if not chosen.runner.plan.namespaces:
        pytest.skip("this machine gives no namespaces, so single layers cannot be told apart")
    runner = replace(chosen.runner, plan=replace(chosen.runner.plan, **{layer: False}))
    return try_out(runner), Chosen(runner, chosen.isolation)


def outcome(chosen: Chosen, code: str) -> Outcome:
    return chosen.runner.run(Program(code))


def test_with_everything_the_level_is_two_and_every_layer_but_the_cgroup_is_active(strongest: Chosen) -> None:
    if not strongest.runner.plan.namespaces:
        pytest.skip("this machine gives no namespaces, and the level says so")
    assert strongest.isolation.level == 2
    assert {name for name, state in strongest.isolation.layers.items() if state != ACTIVE} == {"cgroup"}


def test_without_landlock_the_root_can_be_listed_and_the_level_falls_to_one(strongest: Chosen) -> None:
    isolation, bare = without(strongest, "landlock")
    assert (isolation.level, isolation.layers["landlock"]) == (1, "absent")
    assert outcome(strongest, LISTING).status == "error"
    assert outcome(bare, LISTING).status == "ok"


def test_without_seccomp_a_socket_can_be_made_and_the_level_falls_to_zero(strongest: Chosen) -> None:
    isolation, bare = without(strongest, "seccomp")
    assert (isolation.level, isolation.layers["seccomp"]) == (0, "absent")
    assert outcome(strongest, SOCKET).status == "error"
    assert outcome(bare, SOCKET).stdout == "made\n"


def test_without_namespaces_the_level_is_one_at_most_and_says_which_are_missing(unspaced: Chosen | None) -> None:
    if unspaced is None:
        pytest.skip("no Python here that another user may read: nothing can run without namespaces")
    assert unspaced.isolation.level == 1
    assert {unspaced.isolation.layers[name] for name in ("pid", "mount", "network", "ipc")} == {"absent"}
    assert "pid is absent" in (unspaced.isolation.reason or "")


def test_a_layer_that_cannot_be_applied_stops_the_run_before_the_program(strongest: Chosen) -> None:
    view = replace(strongest.runner.interpreter.view, mount_point="/nowhere/at/all")
    runner = replace(strongest.runner, interpreter=replace(strongest.runner.interpreter, view=view))
    if not runner.plan.namespaces:
        pytest.skip("this machine gives no namespaces, and the level says so")
    ended = runner.run(Program("print('ESCAPED')"))
    assert (ended.status, ended.stdout) == ("sandbox_error", "")
    assert try_out(runner).layers["namespaces"].startswith("failed(")
