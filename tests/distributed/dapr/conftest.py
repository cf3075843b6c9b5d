"""One database for a class, one field on the session's broker for a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from learnflow.contracts.topics import wanted_partitions
from learnflow.kit.bus.kafka_address import KafkaAddress
from learnflow.kit.bus.kafka_topics import ensure_topics
from learnflow.runtime.servers.kafka import KafkaServer
from tests.distributed.dapr.sidecars import Field
from tests.integration.bus.conftest import class_dsn, database

__all__ = ["class_dsn", "database"]


@pytest.fixture(scope="session")
def topics(kafka_server: KafkaServer) -> str:
    """The broker's address, with every topic made: a sidecar makes none."""
    asyncio.run(ensure_topics(KafkaAddress(kafka_server.servers), wanted_partitions()))
    return kafka_server.servers


@pytest.fixture
async def field(topics: str, daprd: None, tmp_path: Path) -> AsyncIterator[Field]:
    made = Field(topics, tmp_path)
    yield made
    await made.close()
