"""kill -9 of servers, sidecars and services, and so of the relay that one of them runs, while questions arrive.

The judge is the client's own journal: every 202 and every frame, read after the fire (bench/journal.py). A word planted
in every question must be in no record that the broker holds.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench.journal import Verdict, refusals
from bench.platform import Platform
from bench.query import UNLIMITED
from bench.recovery import KAFKA, under_fire
from learnflow.contracts.services import CODE_EXECUTION, WEB
from tests.distributed.records import all_records
from tests.integration.conftest import free_offset, new_data_folder

BYSTANDERS = {CODE_EXECUTION.name, WEB.name}
"""They run no bus; bench recovery kills them."""
SETTLE_S = 120.0
RECORDS_OF_A_QUESTION = 3


def on_the_bus(facts: dict[str, Any]) -> list[str]:
    """The services that have a bus, and a relay with it."""
    return [name for name in facts["addresses"] if name not in BYSTANDERS]


@dataclass(frozen=True, slots=True)
class Fire:
    """An instance on `bus`, questions at `rate` a second for `seconds`, and who is killed meanwhile."""

    bus: str
    rate: float
    seconds: float
    victims: Callable[[dict[str, Any]], list[str]]

    def was_carried_by(self, verdict: Verdict) -> bool:
        """Whether at least half of the questions that were to be asked found somebody who took them."""
        return verdict.accepted >= self.rate * self.seconds / 2

    async def verdict(self, folder: Path) -> Verdict:
        """What the auditor's journal shows afterwards; fails by itself over a record that holds the planted word."""
        word, journal = f"Zwiebelfisch{uuid4().hex[:6]}", folder / "journal.jsonl"
        platform = Platform(new_data_folder() / "data", free_offset(), ("--bus", self.bus), UNLIMITED)
        try:
            await asyncio.to_thread(platform.start)
            back_s, verdict = await self._burn(platform, journal, word)
            await _assert_nowhere(word, platform.facts()[KAFKA]["servers"], verdict.accepted)
        finally:
            await asyncio.to_thread(platform.stop)
        times = {name: round(value, 2) for name, value in back_s.items()}
        print(times, verdict, refusals(journal))  # noqa: T201 - shown with -s
        return verdict

    async def _burn(self, platform: Platform, journal: Path, word: str) -> tuple[dict[str, float], Verdict]:
        question = f"My name is {word}. How do for loops work?"
        victims = self.victims(platform.facts())
        return await under_fire(
            platform, journal, victims, self.seconds, rate=self.rate, question=question, settle_s=SETTLE_S
        )


async def _assert_nowhere(word: str, servers: str, accepted: int) -> None:
    records = await all_records(servers)
    assert len(records) >= RECORDS_OF_A_QUESTION * accepted, "the records are not those of the questions"
    found = Counter(topic for topic, key, value in records if word.encode() in key + value)
    assert not found, found
