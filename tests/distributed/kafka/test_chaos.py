"""kill -9 of the broker, of each service and so of the relay that one of them runs, while questions arrive."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.recovery import KAFKA
from tests.distributed.chaos import Fire, on_the_bus


@pytest.mark.timeout(600)
async def test_a_short_fire_loses_and_doubles_nothing(broker_recipe: None, tmp_path: Path) -> None:
    fire = Fire("kafka", rate=5, seconds=20, victims=lambda facts: [KAFKA, *on_the_bus(facts)[:2]])
    verdict = await fire.verdict(tmp_path)
    assert verdict.holds, verdict


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_a_minute_at_fifty_questions_a_second_loses_and_doubles_nothing(
    broker_recipe: None, tmp_path: Path
) -> None:
    """Broker, every service on the bus and the broker again; the relay dies with whichever service runs it."""
    fire = Fire("kafka", rate=50, seconds=60, victims=lambda facts: [KAFKA, *on_the_bus(facts), KAFKA])
    verdict = await fire.verdict(tmp_path)
    assert verdict.holds, verdict
    assert fire.was_carried_by(verdict), "the machine carried less than half of 50/s: look at its load"
