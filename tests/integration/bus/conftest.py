"""One database for all cases of a class, emptied before each: cloning one each time takes longer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from learnflow.kit.database import Database
from tests.conftest import Server
from tests.integration.bus.kernel_tables import emptied, shared_dsn


@pytest.fixture(scope="class")
def class_dsn(postgres_server: Server) -> Iterator[str]:
    """The owner's DSN of a migrated database of this class's own."""
    with shared_dsn(postgres_server, "bus") as dsn:
        yield dsn


@pytest.fixture
async def database(class_dsn: str) -> AsyncIterator[Database]:
    async with emptied(class_dsn) as database:
        yield database
