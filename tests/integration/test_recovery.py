"""Nothing acknowledged is lost or answered twice while parts are killed: the short version of `bench recovery`."""

from pathlib import Path

import pytest

from bench.platform import Platform
from bench.recovery import POSTGRESQL, under_fire
from tests.integration.conftest import free_offset, new_data_folder

# the bench measures the goal of 1.5 s; beside other tests on two cores only the order of magnitude is judged
BACK_WITHIN_S = 5.0


@pytest.mark.plan("P-NUM-recovery")
@pytest.mark.slow
async def test_each_acknowledged_question_is_answered_once_while_an_agent_and_the_database_are_killed(
    tmp_path: Path,
) -> None:
    folder = new_data_folder()
    platform = Platform(folder / "instance", free_offset())
    try:
        platform.start()
        back_s, verdict = await under_fire(
            platform, tmp_path / "journal.jsonl", ["concepts", POSTGRESQL], seconds=6.0, students=8
        )
    finally:
        platform.stop()
    assert verdict.holds, verdict
    assert max(back_s.values()) < BACK_WITHIN_S
