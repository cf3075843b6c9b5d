"""Switch a layer off, and the canary sees it: a level that does not fall with its layer would prove nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from learnflow.services.code_execution.canary import ACTIVE, Isolation
from learnflow.services.code_execution.outcome import Outcome, Program
from tests.hostile.conftest import Engine

LISTING = "import os; print(os.listdir('/'))"
SOCKET = "import socket; socket.socket(socket.AF_UNIX); print('made')"


@contextmanager
def without(chosen: Engine, layer: str) -> Iterator[tuple[Isolation, Engine]]:
    if not chosen.plan.namespaces:
        pytest.skip("this machine gives no namespaces, so single layers cannot be told apart")
    isolation, bare = chosen.try_without(layer)
    yield isolation, bare
    bare.stop()


def outcome(chosen: Engine, code: str) -> Outcome:
    return chosen.run(Program(code))


def test_with_everything_the_level_is_two_and_every_layer_but_the_cgroup_is_active(strongest: Engine) -> None:
    if not strongest.plan.namespaces:
        pytest.skip("this machine gives no namespaces, and the level says so")
    assert strongest.isolation.level == 2
    assert {name for name, state in strongest.isolation.layers.items() if state != ACTIVE} == {"cgroup"}


def test_without_landlock_the_root_can_be_listed_and_the_level_falls_to_one(strongest: Engine) -> None:
    with without(strongest, "landlock") as (isolation, bare):
        assert (isolation.level, isolation.layers["landlock"]) == (1, "absent")
        assert outcome(strongest, LISTING).status == "error"
        assert outcome(bare, LISTING).status == "ok"


def test_without_seccomp_a_socket_can_be_made_and_the_level_falls_to_zero(strongest: Engine) -> None:
    with without(strongest, "seccomp") as (isolation, bare):
        assert (isolation.level, isolation.layers["seccomp"]) == (0, "absent")
        assert outcome(strongest, SOCKET).status == "error"
        assert outcome(bare, SOCKET).stdout == "made\n"


def test_without_namespaces_the_level_is_one_at_most_and_says_which_are_missing(unspaced: Engine | None) -> None:
    if unspaced is None:
        pytest.skip("no Python here that another user may read: nothing can run without namespaces")
    assert unspaced.isolation.level == 1
    assert {unspaced.isolation.layers[name] for name in ("pid", "mount", "network", "ipc")} == {"absent"}
    assert "pid is absent" in (unspaced.isolation.reason or "")


def test_a_layer_that_cannot_be_applied_means_no_zygote_and_says_which(strongest: Engine) -> None:
    if not strongest.plan.namespaces:
        pytest.skip("this machine gives no namespaces, and the level says so")
    view = replace(strongest.way.interpreter.view, mount_point="/nowhere/at/all")
    way = replace(strongest.way, interpreter=replace(strongest.way.interpreter, view=view))
    isolation = strongest.try_out(way)
    assert isolation.level == 0
    assert isolation.layers["namespaces"].startswith("failed(")
