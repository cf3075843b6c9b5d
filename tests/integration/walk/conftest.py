"""One running platform for all tests of the walk."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.platform import Platform
from tests.contract.running import free_offset


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """`up --replicas 2`: every test of the walk runs against two instances of each service."""
    # not under pytest's own folder, which another pytest closes to PostgreSQL's user
    folder = Path(tempfile.mkdtemp(prefix="learnflow-walk-"))
    folder.chmod(0o711)
    running = Platform(folder / "data", port_offset=free_offset(), options=("--replicas", "2"))
    running.start()
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)
