"""kill -9 of the broker, of each sidecar, of each service and so of the relay, while questions arrive over Dapr."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.recovery import KAFKA, SIDECAR
from learnflow.contracts.services import CONCEPTS
from tests.distributed.chaos import Fire, on_the_bus


@pytest.mark.timeout(600)
async def test_a_short_fire_loses_and_doubles_nothing(broker_recipe: None, daprd: None, tmp_path: Path) -> None:
    victims = [KAFKA, SIDECAR + CONCEPTS.name, CONCEPTS.name]
    verdict = await Fire("dapr", rate=5, seconds=20, victims=lambda _: victims).verdict(tmp_path)
    assert verdict.holds, verdict


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_a_minute_at_fifty_questions_a_second_loses_and_doubles_nothing(
    broker_recipe: None, daprd: None, tmp_path: Path
) -> None:
    """Broker, every sidecar, every service on the bus and the broker again."""
    fire = Fire(
        "dapr", rate=50, seconds=60, victims=lambda facts: [KAFKA, *facts["sidecars"], *on_the_bus(facts), KAFKA]
    )
    verdict = await fire.verdict(tmp_path)
    assert verdict.holds, verdict
    assert fire.was_carried_by(verdict), "the machine carried less than half of 50/s: look at its load"
