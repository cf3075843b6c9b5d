"""Every hostile program ends as expected, in time, and leaves nothing behind; judging.py says what is looked at."""

import pytest

from tests.hostile.field import MACHINES, Field
from tests.hostile.judging import complaints
from tests.hostile.programs import FAMILIES, PROGRAMS, Hostile
from tests.hostile.service import WITHOUT_NAMESPACES, Machine

TRIED = [
    pytest.param(machine, hostile, id=f"{hostile.id}-{machine.name.replace(' ', '_')}")
    for hostile in PROGRAMS
    for machine in MACHINES
    if machine is not WITHOUT_NAMESPACES or hostile.alone != ()
]


@pytest.mark.plan("P-RULE-sandbox", "P-RULE-isolation")
@pytest.mark.timeout(240)
@pytest.mark.parametrize(("machine", "hostile"), TRIED)
def test_a_hostile_program_is_held(machine: Machine, hostile: Hostile, field: Field) -> None:
    verdict = field.lanes(machine).verdict(hostile)
    if verdict.level == "L1" and hostile.alone == ():
        pytest.skip("this machine gives no namespaces, and the level says so")

    assert complaints(hostile, verdict) == []


def test_there_are_enough_programs_in_every_family_and_no_two_of_one_name() -> None:
    assert len({hostile.id for hostile in PROGRAMS}) == len(PROGRAMS) >= 200
    assert all(len(family.PROGRAMS) >= 20 for family in FAMILIES)
