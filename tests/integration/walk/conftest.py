"""One running platform for all tests of the walk."""

from collections.abc import Iterator

import pytest

from bench.platform import Platform


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """`up --replicas 2`: every test of the walk runs against two instances of each service."""
    folder = tmp_path_factory.mktemp("platform")
    for reachable in (folder, folder.parent, folder.parent.parent):
        reachable.chmod(0o711)  # PostgreSQL's own user has to pass through
    running = Platform(folder / "data", port_offset=21_000, options=("--replicas", "2"))
    running.start()
    yield running
    running.stop()
