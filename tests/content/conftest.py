"""What the tests of the course share."""

from collections.abc import Iterator

import pytest

from tests.content.sandbox import close_sandbox


@pytest.fixture(scope="session", autouse=True)
def _sandbox_ends_with_the_tests() -> Iterator[None]:
    yield
    close_sandbox()
