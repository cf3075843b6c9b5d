"""The dapr driver on real sidecars and a real broker: the common cases of every driver."""

from __future__ import annotations

import asyncio

import pytest

from learnflow.kit.bus.base import Bus
from learnflow.kit.database import Database
from tests.distributed.dapr.sidecars import Field
from tests.integration.bus.conformance import FAST_BACKOFF_S, BusCases, MakeBus


@pytest.fixture
def make_bus(field: Field) -> MakeBus:
    def make(database: Database) -> Bus:
        return field.bus(database, backoff_s=FAST_BACKOFF_S)

    return make


class TestDaprBus(BusCases):
    """The common cases."""

    settled_after_s = 2.5

    @pytest.fixture(autouse=True)
    def _of_this_test(self, field: Field) -> None:
        self.field = field

    async def kill_readers(self) -> None:
        """The sidecars end where they stand, and with them what the app was doing for them."""
        self.field.kill_sidecars()
        handling = [task for task in asyncio.all_tasks() if task.get_name().startswith("dapr ")]
        for task in handling:
            task.cancel()
        await asyncio.wait(handling)
