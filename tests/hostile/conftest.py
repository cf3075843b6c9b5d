"""The field on which programs are tried, and the checks that follow every one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.hostile.field import MACHINES, Field, Kept
from tests.hostile.service import gateway

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def port_offset() -> Iterator[int]:
    """Where the public key of the tests' tokens is found."""
    with gateway() as offset:
        yield offset


@pytest.fixture(scope="session")
def field(request: pytest.FixtureRequest, port_offset: int) -> Iterator[Field]:
    """All selected programs are started at once, so that one waits while another one works."""
    field = Field(port_offset)
    given = [getattr(getattr(item, "callspec", None), "params", {}) for item in request.session.items]
    wanted = [params for params in given if {"machine", "hostile"} <= params.keys()]
    field.start([params["machine"] for params in wanted])
    field.want([(params["machine"], params["hostile"]) for params in wanted])
    yield field
    left = field.close()
    assert left == []


@pytest.fixture(params=MACHINES, ids=lambda machine: machine.name.replace(" ", "_"))
def kept(request: pytest.FixtureRequest, field: Field) -> Iterator[Kept]:
    """A service for this test alone, on each machine; afterwards its next run must be right and nothing left."""
    with field.lanes(request.param).one() as kept:
        if kept.level == "L0":
            pytest.skip("no Python here that another user may read: nothing can run without namespaces")
        yield kept
        answer = kept.service.run("print(42)")
        assert (answer["status"], answer["stdout"]) == ("ok", "42\n")
        assert kept.service.pid() == kept.pid


@pytest.fixture
def run(kept: Kept) -> Run:
    """`run(code, stdin=, timeout_s=, files=, trace=)`: the result as the API gives it."""
    return kept.service.run
