"""Every hostile program ends as expected, in time, and leaves nothing behind (the checks stand in conftest)."""

import time

import pytest

from tests.hostile.conftest import Engine, Run
from tests.hostile.programs import PROGRAMS, Hostile

EVERYWHERE = [hostile for hostile in PROGRAMS if hostile.alone != ()]
WITH_NAMESPACES = [hostile for hostile in PROGRAMS if hostile.alone == ()]


@pytest.mark.plan("P-RULE-sandbox")
@pytest.mark.parametrize("hostile", EVERYWHERE, ids=lambda hostile: hostile.id)
def test_a_hostile_program_ends_as_expected(hostile: Hostile, chosen: Engine, run: Run) -> None:
    expect(hostile, chosen, run)


@pytest.mark.parametrize("chosen", ["strongest"], indirect=True)
@pytest.mark.parametrize("hostile", WITH_NAMESPACES, ids=lambda hostile: hostile.id)
def test_what_only_namespaces_hold_is_held_by_them(hostile: Hostile, chosen: Engine, run: Run) -> None:
    if not chosen.plan.namespaces:
        pytest.skip("this machine gives no namespaces, and the level says so")
    expect(hostile, chosen, run)


def expect(hostile: Hostile, chosen: Engine, run: Run) -> None:
    expected = hostile.ends if chosen.plan.namespaces else hostile.alone or hostile.ends
    started = time.monotonic()
    outcome = run(hostile.code, timeout_s=hostile.timeout_s)
    said = f"{outcome.stdout} {outcome.stderr} {outcome.error} {outcome.files}"
    assert outcome.status in expected, said[:2000]
    assert hostile.says in said
    assert hostile.never not in f"{outcome.stdout} {outcome.files}"
    assert time.monotonic() - started < hostile.timeout_s + 2
    assert len(outcome.stdout.encode()) <= 3 * 65_536
